"""The command `aloi convert`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.console import progress
from aloi.cli.shared.inputs import must_exist, schema_for
from aloi.corpus.problems import count_noun

if TYPE_CHECKING:
    from aloi.corpus.formats.conversion import Conversion, ConversionSettings


SourceArgument = Annotated[
    str,
    typer.Argument(metavar="IN", help="Input file or folder (`-` for standard input)."),
]
TargetArgument = Annotated[
    str,
    typer.Argument(metavar="OUT", help="Output file or folder (`-` for standard output)."),
]
ToOption = Annotated[
    str, typer.Option(metavar="FORMAT", help="Format of OUT, for example native, brat or conll.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="FORMAT", help="Format of IN (default: detected).")
]
ReadingOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE", help="Option of the reader, for example annotator=7; repeatable."
    ),
]
WritingOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE", help="Option of the writer, for example tokens=error; repeatable."
    ),
]
LangOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        help="Language of documents that state none, for example en (default: none, which is "
        "treated as French).",
    ),
]
SchemaOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Fail if a document violates this schema (TOML; default: no check).",
        exists=True,
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="MAP.toml",
        help="Label map (TOML) that renames or drops labels (default: keep all labels).",
        exists=True,
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Fail and write nothing if anything in IN is left out or changed.",
    ),
]


def convert(
    source: SourceArgument,
    target: TargetArgument,
    *,
    to: ToOption,
    from_: FromOption = None,
    reading: ReadingOption = None,
    writing: WritingOption = None,
    lang: LangOption = None,
    schema: SchemaOption = None,
    labels: LabelsOption = None,
    strict: StrictOption = False,
) -> None:
    """Convert annotated documents from one format to another.

    Anything that the format of OUT cannot represent is dropped, counted and reported.
    """
    from aloi.corpus.formats import conversion
    from aloi.corpus.label_maps import LabelMap, load_label_map

    must_exist(source)
    if not target:
        raise typer.BadParameter("the path of OUT is empty")
    settings = conversion.ConversionSettings(
        target_format=to,
        source_format=from_,
        read_options=tuple(reading or ()),
        write_options=tuple(writing or ()),
        lang=lang,
        schema=schema_for(schema),
        label_map=load_label_map(labels) if labels else LabelMap(),
        strict=strict,
    )
    track = partial(progress, what="converting")
    try:
        result = conversion.convert(source, target, settings, progress=track)
    except conversion.FormatOptionError as error:
        raise typer.BadParameter(str(error)) from error
    _report(result, settings)
    print(f"{count_noun(result.documents, 'document')} written to {target}", file=sys.stderr)


def _report(result: Conversion, settings: ConversionSettings) -> None:
    """Print what was repaired or dropped to standard error."""
    for note in result.read_notes:
        print(f"reading {result.source_format}: {note}", file=sys.stderr)
    for note in result.write_notes:
        print(f"writing {settings.target_format}: {note}", file=sys.stderr)
    for label, number in sorted((+result.dropped).items()):
        reason = settings.label_map.drop.get(label, "its head or tail was dropped")
        print(f"dropped {label}: {number} ({reason})", file=sys.stderr)
    if result.unused_labels:
        labels = ", ".join(result.unused_labels)
        print(f"--labels: no mention or relation has the label {labels}", file=sys.stderr)
