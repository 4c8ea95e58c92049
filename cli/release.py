"""`aloi release`: build, check and rehydrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

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
    from aloi.cli.console import progress
    from aloi.corpus.release import build as building
    from aloi.corpus.release.figures import read_figures

    corpus = open_corpus(folder)
    given = read_figures(figures or [])
    steps = building.build(corpus, out, figures=given, refs=refs)
    for _ in progress(steps, "building"):
        pass
    print(f"written: {out}", file=sys.stderr)
