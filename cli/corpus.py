"""`aloi corpus`: check, stats, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.console import fail

app = typer.Typer(help="Look after a corpus.", no_args_is_help=True)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Corpus folder, or file or folder of documents.")],
    *,
    schema: Annotated[Path | None, typer.Option(help="For bare files: check against it.")] = None,
) -> None:
    """List everything wrong with a corpus, or with bare documents."""
    from aloi.corpus.checks import check_path

    if not path.exists():
        raise typer.BadParameter(f"no such file or folder: {path}")
    problems = list(check_path(path, schema=schema))
    if problems:
        fail(problems)
    print("0 problems")
