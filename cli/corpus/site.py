"""`aloi corpus site`: a static website of a corpus."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.inputs import must_exist, open_corpus
from aloi.corpus.problems import count_noun


def site(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Output folder; an existing site is replaced.")
    ],
    earlier: Annotated[
        Path | None,
        typer.Option(
            metavar="VERSION",
            help="Earlier version of the corpus (a corpus, a release or documents); the site shows "
            "the differences from it (default: none).",
        ),
    ] = None,
) -> None:
    """Write a website of a corpus: documents, concordances, refs, types.

    The pages need no server: open DIR/index.html, or copy DIR to any web host. Documents that must
    not be redistributed are left out (docs/rights.md).
    """
    from aloi.cli.shared.console import output_lock, steps
    from aloi.corpus.site.builder import build_site

    corpus = open_corpus(folder)
    if earlier is not None:
        must_exist(str(earlier))
    with output_lock(str(out)), steps() as on_step:
        contents = build_site(corpus, out, earlier=earlier, on_step=on_step)
    if contents.left_out:
        documents = count_noun(contents.left_out, "document")
        print(f"left out, not redistributable: {documents}", file=sys.stderr)
    print(f"{count_noun(len(contents.documents), 'document')} written")
    print(out / "index.html")
