"""`aloi convert`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.console import output_lock, progress
from aloi.cli.inputs import must_exist

if TYPE_CHECKING:
    from aloi.corpus.formats.shared.options import Options


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="File, folder or - (stdin).")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="File, folder or - (stdout).")],
    *,
    to: Annotated[str, typer.Option(metavar="FORMAT", help="The format of OUT.")],
    from_: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Of IN; else detected.")
    ] = None,
    reading: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of IN's format.")
    ] = None,
    writing: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of OUT's format.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="Refuse what it does not allow.", exists=True)
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="MAP.toml", help="Rename and drop labels.", exists=True)
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="An error if OUT's format cannot hold everything.")
    ] = False,
) -> None:
    """Convert annotated documents from one format to another."""
    from collections import Counter

    from aloi.corpus.formats import registry
    from aloi.corpus.formats.detection import detect
    from aloi.corpus.formats.shared.notes import Notes
    from aloi.corpus.label_maps import LabelMap, load_map
    from aloi.corpus.schema import conforming, load_schema
    from aloi.corpus.streams import on_disk

    must_exist(source)
    write_with = _options(to, "WriteOptions", writing or [])
    if from_ is not None:
        _options(
            from_, "ReadOptions", reading or []
        )  # a wrong call ends before a stream is awaited
    map_, dropped = load_map(labels) if labels else LabelMap(), Counter[str]()
    known = load_schema(schema) if schema is not None else None
    read, written = Notes(), Notes()
    with on_disk(source) as given, output_lock(target):
        from_ = from_ or detect(given.path)
        read_with = _options(from_, "ReadOptions", reading or [])
        documents = registry.read(str(given.path), format_=from_, options=read_with, notes=read)
        documents = map_.apply(progress(documents, "converting"), dropped)
        if known is not None:
            documents = conforming(documents, known)
        count = registry.write(
            documents, target, format_=to, options=write_with, notes=written, strict=strict
        )
    for title, notes in (("reading", read), ("writing", written)):
        for note in notes:
            name = from_ if notes is read else to
            print(f"{title} {name}: {given.restore(note)}", file=sys.stderr)
    for label, number in sorted((+dropped).items()):
        why = map_.drop.get(label, "an end was dropped")
        print(f"dropped {label}: {number} ({why})", file=sys.stderr)
    print(f"{count} documents written to {target}", file=sys.stderr)


def _options(name: str, side: str, pairs: list[str]) -> Options:
    """The options of a format for reading or writing; ends with status 2 for what it lacks."""
    from aloi.corpus.formats import registry
    from aloi.corpus.formats.shared.options import parse_options

    if name not in registry.MODULES:
        raise typer.BadParameter(f"no format {name}; known: {', '.join(registry.MODULES)}")
    try:
        options: Options = parse_options(getattr(registry.format_named(name), side), pairs)
    except ValueError as error:
        raise typer.BadParameter(f"{name}: {error}") from error
    return options
