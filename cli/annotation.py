"""`aloi annotate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Guidelines and Label Studio.", no_args_is_help=True)


@app.callback()
def annotate() -> None:
    """Guidelines and Label Studio."""


@app.command()
def guidelines(
    guide: Annotated[Path, typer.Argument(help="A guide in Markdown.", exists=True)],
    *,
    schema: Annotated[Path, typer.Option(help="Where its tables come from.", exists=True)],
) -> None:
    """Bring a guide's tables up to date with the schema."""
    from aloi.annotation.guide import refresh
    from aloi.corpus.schema import load_schema

    refresh(guide, load_schema(schema))
