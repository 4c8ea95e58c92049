"""The command `aloi refs`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.inputs import must_exist, open_corpus
from aloi.corpus.problems import count_noun


def refs(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN", help="Documents with mentions: a file, a folder or `-` (standard input)."
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="Output file or folder (`-` for standard output).")
    ],
    *,
    corpus: Annotated[
        Path,
        typer.Option(
            metavar="CORPUS",
            help="Corpus folder whose list of refs and train documents supply the names.",
            exists=True,
        ),
    ],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Remove the refs in IN first (default: keep them)."),
    ] = False,
    name_persons: Annotated[
        bool,
        typer.Option(
            "--name-persons",
            help="Give every person a ref from the name (default: persons who are neither in the "
            "corpus nor beside a public function are private, and get refs such as ID#p1).",
        ),
    ] = False,
) -> None:
    """Fill in the refs and ISO dates of mentions.

    Mentions with one ref are one thing. Refs are computed by rules for French and the labels of
    aloi's schema. Relative dates need the date of the document (`date` in its metadata).
    """
    from aloi.corpus.formats import registry
    from aloi.corpus.locks import lock_output
    from aloi.models.refs.corpus_lexicon import add_refs, corpus_lexicon

    must_exist(source)
    lexicon = corpus_lexicon(open_corpus(corpus))
    with lock_output(target):
        documents = add_refs(
            registry.read(source), lexicon, replace=replace, name_persons=name_persons
        )
        written = registry.write(documents, target, format_="native")
    print(f"{count_noun(written, 'document')} written to {target}", file=sys.stderr)
