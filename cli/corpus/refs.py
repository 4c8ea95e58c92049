"""`aloi corpus refs`: the refs that a corpus uses, and missing entries of its list of refs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.inputs import open_corpus
from aloi.corpus.problems import count_noun, printable


def refs(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Add an entry for each missing ref to the file that `refs` in corpus.toml names; "
            "check and correct the new names, types and aliases.",
        ),
    ] = False,
) -> None:
    """List the refs of a corpus with their counts.

    The columns are the numbers of mentions and of documents, the type, the ref and the name. The
    list contains all refs except dates and private persons. A ref without an entry has type `?`.
    """
    from aloi.corpus.locks import locked
    from aloi.corpus.refs.authority import load_named_refs
    from aloi.corpus.refs.ref_list import RefUse, ref_uses, update_refs

    corpus = open_corpus(folder)
    uses = ref_uses(corpus.documents)
    if update:
        if corpus.manifest.refs is None:
            raise typer.BadParameter(f'first add refs = "refs.toml" to {folder / "corpus.toml"}')
        with locked(folder):
            added = update_refs(folder / corpus.manifest.refs, corpus.schema, uses)
        print(f"{count_noun(len(added), 'ref')} added", *added, sep="\n")
        return
    authority = load_named_refs(folder, corpus.manifest.refs, corpus.schema)
    entries = authority.refs if authority is not None else {}
    for ref in sorted(uses.keys() | entries.keys()):
        use = uses.get(ref, RefUse())
        entry = entries.get(ref)
        named = f"{entry.type:8}{ref}  {entry.name}" if entry else f"{'?':8}{ref}"
        print(f"{use.labels.total():6}{len(use.documents):6}  {printable(named)}")
    print(f"{count_noun(len(uses), 'ref')}, {len(uses.keys() - entries.keys())} without entry")
