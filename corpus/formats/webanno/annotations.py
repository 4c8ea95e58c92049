"""The mentions and relations of a WebAnno TSV file, collected row by row.

Offsets count UTF-16 units until `entities` converts them to code points; end offsets are exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aloi.corpus.document import Entity, Relation
from aloi.corpus.formats.shared.file_report import FileReport
from aloi.corpus.formats.webanno.cells import (
    NO_ANNOTATION,
    align_stacks,
    has_value,
    split_number,
    split_stack,
    unescape,
)
from aloi.corpus.formats.webanno.header import Header, Layer
from aloi.corpus.formats.webanno.options import REF_FEATURE

_SOURCE = re.compile(r"([0-9]+-[0-9]+(?:\.[0-9]+)?)(?:\[([0-9]{1,9})_([0-9]{1,9})\])?")

MentionKey = tuple[str, int]
"""The key of a mention: ("", annotation number), or (unit address, position in the stack).

Mentions without an annotation number have keys of the second form.
"""


class TokenRow(NamedTuple):
    """The line of a token or sub-token; `start` and `end` (exclusive) count UTF-16 units."""

    line: int
    address: str
    start: int
    end: int
    cells: list[str]


@dataclass(slots=True)
class _Mention:
    """A mention; each row with the same annotation number extends the span of the mention."""

    start: int
    end: int
    line: int
    features: dict[str, str]


class _RelationEnd(NamedTuple):
    """The head or tail of a relation: a unit address and the annotation number of a mention.

    The number is 0 if the file contains no annotation number for the head or tail.
    """

    address: str
    number: int


@dataclass(frozen=True, slots=True)
class _Arc:
    """A relation with a head and a tail that are not yet resolved to mentions."""

    head: _RelationEnd
    tail: _RelationEnd
    line: int
    label: str
    attributes: dict[str, str]


class AnnotationCollector:
    """A collector of the mentions and relations in token rows."""

    def __init__(self, header: Header, label_feature: str, report: FileReport) -> None:
        self._layer = header.mentions
        self._label_feature = header.mentions.label_feature(label_feature)
        self._relation_layers = header.relations
        self._report = report
        self._mentions: dict[MentionKey, _Mention] = {}
        self._keys: dict[str, list[MentionKey]] = {}
        self._arcs: list[_Arc] = []

    def has_unit(self, address: str) -> bool:
        """Return whether a row with this address has been added."""
        return address in self._keys

    def add(self, row: TokenRow) -> None:
        """Add the mentions of a row, and the relations with a tail in this row."""
        self._keys[row.address] = []
        for position, values in enumerate(self._stacks(row, self._layer.columns)):
            self._add_mention(row, position, values)
        for layer in self._relation_layers:
            for values in self._stacks(row, {**layer.columns, "BT_": layer.source_column}):
                self._add_arc(row, layer, values)

    def _stacks(self, row: TokenRow, columns: Mapping[str, int]) -> list[list[str]]:
        """Return one list of values per annotation in a row, with one value per column."""
        stacks = [split_stack(row.cells[column]) for column in columns.values()]
        if all(values == [NO_ANNOTATION] for values in stacks):
            return []
        stacks = align_stacks(stacks)
        if len({len(values) for values in stacks}) > 1:
            what = "the columns of one layer contain different numbers of values"
            fix = "Write one value per annotation, separated by |, and * for a missing value"
            self._report.add_problem(what, fix, row.line)
            return []
        return [list(values) for values in zip(*stacks, strict=True)]

    def _add_mention(self, row: TokenRow, position: int, numbered: list[str]) -> None:
        values, numbers = zip(*map(split_number, numbered), strict=True)
        key = ("", max(numbers)) if any(numbers) else (row.address, position)
        features = {
            feature: unescape(value)
            for feature, value in zip(self._layer.columns, values, strict=True)
            if feature and has_value(value)
        }
        self._keys[row.address].append(key)
        mention = self._mentions.setdefault(key, _Mention(row.start, row.end, row.line, features))
        mention.start = min(mention.start, row.start)
        mention.end = max(mention.end, row.end)
        differs = mention.features != features
        self._report.add_note("further values of a mention left out", row.line, differs)

    def _add_arc(self, row: TokenRow, layer: Layer, values: list[str]) -> None:
        *values, source = values
        match = _SOURCE.fullmatch(source)
        if match is None:
            what = f"the source of the relation is not a token address: {source[:60]!r}"
            self._report.add_problem(
                what, "Write the address of a token, such as 1-1 or 1-1[2_3]", row.line
            )
            return
        features = {
            feature: unescape(split_number(value)[0])
            for feature, value in zip(layer.columns, values, strict=True)
            if feature and has_value(value)
        }
        label = features.pop(layer.label_feature(), None)
        self._report.add_note("relations without a label", row.line, label is None)
        head = _RelationEnd(match[1], int(match[2] or 0))
        tail = _RelationEnd(row.address, int(match[3] or 0))
        label = layer.short_name if label is None else label
        self._arcs.append(_Arc(head, tail, row.line, label, features))

    def mention_ids(self) -> dict[MentionKey, str]:
        """Return the ids e1, e2 … of non-empty mentions, in text order; count empty mentions."""
        keys = []
        for key, mention in self._mentions.items():
            if mention.start < mention.end:
                keys.append(key)
            else:
                self._report.add_note("empty mentions left out", mention.line)
        ordered = sorted(keys, key=self._text_order)
        return {key: f"e{number}" for number, key in enumerate(ordered, start=1)}

    def _text_order(self, key: MentionKey) -> tuple[int, int, str]:
        mention = self._mentions[key]
        return mention.start, -mention.end, self._label(mention)

    def _label(self, mention: _Mention) -> str:
        return mention.features.get(self._label_feature, self._layer.short_name)

    def relations(self, ids: Mapping[MentionKey, str]) -> tuple[Relation, ...]:
        """Return the relations between mentions in `ids`; report missing heads and tails."""
        relations = []
        for arc in self._arcs:
            head, tail = self._resolve(arc.head, arc.line), self._resolve(arc.tail, arc.line)
            if head and tail and head in ids and tail in ids:
                relation = Relation(
                    head=ids[head], tail=ids[tail], label=arc.label, attributes=arc.attributes
                )
                relations.append(relation)
            elif head and tail:
                self._report.add_note("relations of empty mentions left out", arc.line)
        return tuple(relations)

    def _resolve(self, end: _RelationEnd, line: int) -> MentionKey | None:
        """Return the key of the mention that a head or tail refers to.

        Returns None, and reports a problem, unless exactly one mention matches.
        """
        if end.number:
            keys = [key for key in [("", end.number)] if key in self._mentions]
        else:
            on_unit = self._keys.get(end.address, [])
            keys = [key for key in on_unit if key[0]] or on_unit
        if len(keys) == 1:
            return keys[0]
        what = f"expected one mention at {end.address}[{end.number}], found {len(keys)}"
        fix = "Connect two mentions; if a token is in several mentions, add annotation numbers"
        self._report.add_problem(what, fix, line)
        return None

    def entities(self, ids: Mapping[MentionKey, str], code_points: list[int]) -> tuple[Entity, ...]:
        """Return the mentions in `ids`; `code_points` maps UTF-16 offsets to code points."""
        return tuple(self._entity(self._mentions[key], ids[key], code_points) for key in ids)

    def _entity(self, mention: _Mention, id_: str, code_points: list[int]) -> Entity:
        attributes = dict(mention.features)
        label = attributes.pop(self._label_feature, None)
        self._report.add_note("mentions without a label", mention.line, label is None)
        start, end = code_points[mention.start], code_points[mention.end]
        label = self._layer.short_name if label is None else label
        return Entity(
            id=id_,
            start=start,
            end=end,
            label=label,
            ref=attributes.pop(REF_FEATURE, None),
            attributes=attributes,
        )
