"""`aloi annotate agree`, `adjudicate` and `effort`: what is made of annotators' work."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.console import must_exist

PASSES = typer.Argument(
    metavar="PASSES...",
    help="A folder or file for each annotator, or the one folder that `pull` wrote.",
)


def agree(
    passes: Annotated[list[str], PASSES],
    *,
    schema: Annotated[
        Path | None, typer.Option(help="Which relations are symmetric.", exists=True)
    ] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write it there too, every disagreement with it.")
    ] = None,
) -> None:
    """Measure how far annotators agree, list where they do not, and what their work took."""
    from rich.console import Console

    from aloi.annotation import agreement
    from aloi.annotation.passes import read_passes
    from aloi.corpus.files import whole_file
    from aloi.corpus.schema import load_schema
    from aloi.eval.tables import terminal

    must_be_passes(passes)
    found = agreement.agree(read_passes(passes), load_schema(schema) if schema else None)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sheet in found.sheets():
        console.print(terminal(sheet), markup=False)
    if json_ is not None:
        with whole_file(json_) as stream:
            json.dump(found.to_json(), stream, ensure_ascii=False, indent=1)


def must_be_passes(paths: list[str]) -> None:
    """End with status 2 if paths are not there, not each given once, or one alone and no folder."""
    for path in paths:
        must_exist(path)
    if len(set(paths)) < len(paths) or (len(paths) == 1 and not Path(paths[0]).is_dir()):
        raise typer.BadParameter("give two annotators or more, each once, or what pull wrote")
