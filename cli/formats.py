"""`aloi convert`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.console import must_exist


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="File, folder or - (stdin).")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="File, folder or - (stdout).")],
    *,
    to: Annotated[str, typer.Option(help="native, inline or spacy.")],
    from_: Annotated[
        str | None, typer.Option("--from", help="native or inline; else guessed.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="Refuse what it does not allow.", exists=True)
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="MAP.toml", help="Rename and drop labels.", exists=True)
    ] = None,
) -> None:
    """Convert annotated documents from one format to another."""
    from collections import Counter

    from aloi.corpus.formats import registry
    from aloi.corpus.labels import LabelMap, load_map
    from aloi.corpus.schema import conforming, load_schema

    for given, known in ((to, registry.WRITABLE), (from_, registry.READABLE)):
        if given is not None and given not in known:
            raise typer.BadParameter(f"no format {given}; known: {', '.join(known)}")
    must_exist(source)
    map_, dropped = load_map(labels) if labels else LabelMap(), Counter[str]()
    documents = map_.apply(registry.read(source, format_=from_), dropped)
    if schema is not None:
        documents = conforming(documents, load_schema(schema))
    count = registry.write(documents, target, format_=to)
    for label, number in sorted((+dropped).items()):
        why = map_.drop.get(label, "an end was dropped")
        print(f"dropped {label}: {number} ({why})", file=sys.stderr)
    print(f"{count} documents written to {target}", file=sys.stderr)
