"""`aloi release`: build, check and rehydrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.console import steps
from aloi.cli.corpus import open_corpus

app = typer.Typer(help="Publish a corpus.", no_args_is_help=True)


@app.command()
def build(
    folder: Annotated[Path, typer.Argument(metavar="[CORPUS]", help="A corpus folder.")] = Path(
        "corpus"
    ),
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to make or replace.")],
    figures: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Scores (aloi experiment) or agreement (aloi agree --json); may be repeated.",
            exists=True,
        ),
    ] = None,
    refs: Annotated[
        bool, typer.Option("--refs/--no-refs", help="With what restricted mentions refer to.")
    ] = True,
) -> None:
    """Make a folder that `datasets` loads, with no text that may not be given on."""
    from aloi.corpus.release.build import build as write
    from aloi.corpus.release.figures import read_figures

    corpus = open_corpus(folder)
    given = read_figures(figures or [])
    with steps() as tell:
        notes = write(corpus, out, figures=given, refs=refs, tell=tell)
    for note in notes:
        print(f"tokens: {note}", file=sys.stderr)
    print(f"written: {out}", file=sys.stderr)
