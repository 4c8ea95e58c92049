"""The header of a WebAnno TSV file: version, layers, features and their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aloi.corpus.formats.shared.file_report import FileReport
from aloi.corpus.formats.webanno.options import REF_FEATURE, VALUE_FEATURE, ReadOptions
from aloi.corpus.problems import DataError

_LINGUISTIC = re.compile(r".*\.(?:lexmorph|segmentation|morph|coref|pdf)\..*")
_FORMAT = re.compile(r"#FORMAT=WebAnno TSV 3\.([0-3])\s*")
_LAYER = re.compile(r"#T_(SP|CH|RL)=(.+)")
_FIRST_FEATURE_COLUMN = 3
"""The first column with features; columns 0 to 2 are the address, the offsets and the token."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer declared in the header; `columns` maps features to column numbers, from 0.

    A layer without features has one unnamed column. `kind` is SP (spans), CH (chains) or RL
    (relations). `slots` is the number of slot features, which are not in `columns`. In a relation
    layer, `base` is the name of the span layer that contains the related mentions, and
    `source_column` is the column with the source address of each relation.
    """

    kind: str
    name: str
    line: int
    columns: dict[str, int]
    slots: int = 0
    base: str = ""
    source_column: int = -1

    @property
    def short_name(self) -> str:
        """The part of the name after the last period."""
        return self.name.rpartition(".")[2]

    def label_feature(self, chosen: str = "") -> str:
        """Return `chosen`, or the default label feature if `chosen` is empty.

        The default is an empty string if the layer has no features.
        """
        if chosen or VALUE_FEATURE in self.columns:
            return chosen or VALUE_FEATURE
        return next((name for name in self.columns if name != REF_FEATURE), "")


@dataclass(frozen=True, slots=True)
class Header:
    """The minor version, the number of columns (`width`), and the layers to read.

    If there is no span layer to read, `mentions` is a layer without columns.
    """

    minor_version: int
    width: int
    mentions: Layer
    relations: list[Layer]


def read_header(
    lines: Iterator[tuple[int, str]], options: ReadOptions, report: FileReport
) -> Header:
    """Read the header, which ends at the first empty line; `lines` contains numbered lines.

    Raises `DataError` if the first line is not the format line of WebAnno TSV 3.
    """
    number, first = next(lines)
    match = _FORMAT.fullmatch(first)
    if match is None:
        what = "the first line is not #FORMAT=WebAnno TSV 3.x, with x from 0 to 3"
        report.add_problem(what, "Export the document as WebAnno TSV 3.3", number)
        raise DataError(report.problems)
    layers, width = _read_layers(lines, options, report)
    mentions = _mention_layer(layers, options, report)
    relations = [
        layer
        for layer in layers
        if mentions and layer.base == mentions.name and layer.source_column >= 0
    ]
    mentions = mentions or Layer("SP", "", 0, {})
    lines_read = {layer.line for layer in (mentions, *relations)}
    for layer in layers:
        if layer.line not in lines_read:
            report.add_note(f"layer {layer.name} left out", layer.line)
    report.add_note("slot features left out", mentions.line, mentions.slots)
    return Header(int(match[1]), width, mentions, relations)


def _read_layers(
    lines: Iterator[tuple[int, str]], options: ReadOptions, report: FileReport
) -> tuple[list[Layer], int]:
    """Return the declared layers and the total number of columns."""
    layers = []
    width = _FIRST_FEATURE_COLUMN
    for number, line in lines:
        if not line:
            break
        if declared := _LAYER.fullmatch(line):
            name, *features = declared[2].split("|")
            features = [feature for feature in features if feature] or [""]
            layers.append(_layer(declared[1], name, number, features, width))
            width += len(features)
        elif line.startswith("#") and options.comments == "skip":
            report.add_note("unknown lines of the header left out", number)
        else:
            what = f"the line is not a layer declaration: {line[:60]!r}"
            fix = "Declare a layer, such as #T_SP=layer|feature, or set comments=skip"
            report.add_problem(what, fix, number)
    return layers, width


def _layer(kind: str, name: str, line: int, features: list[str], first_column: int) -> Layer:
    """Return a declared layer; `first_column` is the column of the first item in `features`."""
    columns: dict[str, int] = {}
    slots: list[int] = []
    base, source_column, previous = "", -1, ""
    for column, feature in enumerate(features, start=first_column):
        if kind == "SP" and (feature.startswith("ROLE_") or previous.startswith("ROLE_")):
            slots.append(column)
        elif kind == "RL" and feature.startswith("BT_"):
            base, source_column = feature[3:], column
        else:
            columns[feature] = column
        previous = feature
    if slots and not columns:
        columns[""] = slots[0]
    return Layer(kind, name, line, columns, len(slots) // 2, base, source_column)


def _mention_layer(layers: list[Layer], options: ReadOptions, report: FileReport) -> Layer | None:
    """Return the span layer that the options select, or None if there is no such layer."""
    spans = [layer for layer in layers if layer.kind == "SP"]
    if options.layer:
        matching = [s for s in spans if options.layer in (s.name, s.short_name)]
    else:
        matching = [s for s in spans if not _LINGUISTIC.fullmatch(s.name)]
    layer = next(iter(matching), None)
    if options.layer and layer is None:
        fix = f"Set layer= to one of: {', '.join(span.name for span in spans)}"
        report.add_problem(f"the file has no span layer {options.layer}", fix, 1)
    if options.feature and layer and options.feature not in layer.columns:
        what = f"the layer {layer.name} has no feature {options.feature}"
        fix = f"Set feature= to one of: {', '.join(layer.columns)}"
        report.add_problem(what, fix, layer.line)
    return layer
