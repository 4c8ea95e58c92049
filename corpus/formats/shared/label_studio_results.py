"""Results of Label Studio: the regions, region fields and arcs of one annotation or prediction.

A result is one of:

- a region, `{"id", "type": "labels", "value": {"start", "end", "labels": ["PER"]}}`;
- a region field: a text or choice for a region, with the id of the region, the type `textarea` or
  `choices`, and the name of the field's tag in `from_name`;
- an arc, `{"type": "relation", "from_id", "to_id", "direction", "labels"}`.

Offsets are code points; end offsets are exclusive. The text of the tag `ref` is the ref of the
mention; the texts and choices of all other tags are attributes. Arcs in Label Studio have no
attributes, so attributes of relations are written as additional labels `key=value`. In the labels
and keys of arcs, `%` is written as %25 and `=` as %3D.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

from aloi.corpus.document import Document, Draft, Entity, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem

REF_TAG = "ref"
"""The name of the tag for the ref of a mention."""

KNOWN_REF_TAG = "known_ref"
"""The name of the tag for a ref that the annotator chose from a list; it replaces the ref."""


class LabelStudioResult(msgspec.Struct, frozen=True):
    """One result of Label Studio: a region, a region field or an arc."""

    type: str
    id: str = ""
    from_name: str = ""
    value: msgspec.Raw = msgspec.Raw(b"{}")
    score: float | None = None
    from_id: str = ""
    to_id: str = ""
    direction: Literal["right", "left", "bi"] = "right"
    labels: list[str] | None = None
    meta: dict[str, Any] | None = None


class RegionValue(msgspec.Struct, frozen=True):
    """The span of a region, its labels, and its text, which may differ from the document's text."""

    start: int
    end: int
    labels: list[str] = []
    text: str | None = None


class _FieldValue(msgspec.Struct, frozen=True):
    """The text, the choices or the paths in a taxonomy entered for a region."""

    text: str | list[str] = []
    choices: list[str] = []
    taxonomy: list[list[str]] = []

    @property
    def value(self) -> str:
        """The choices, or the entered text if there are no choices.

        If there are choices, `text` is the text of the region, not an entered text.
        """
        lines = [self.text] if isinstance(self.text, str) else self.text
        return "\n".join(self.choices or [path[-1] for path in self.taxonomy if path] or lines)


class ParsedRegion(NamedTuple):
    """A region with its labels; a region without labels gets the default label."""

    result: LabelStudioResult
    value: RegionValue
    labels: list[str]


class ParsedArc(NamedTuple):
    """An arc with its labels and attributes; an arc without labels gets the default label."""

    result: LabelStudioResult
    labels: list[str]
    attributes: dict[str, str]


@dataclass(frozen=True)
class ParsedResults:
    """The results of one annotation or prediction, grouped by kind, and the problems found.

    `field_values` maps region id → tag name → text or choice. `others` contains the results that
    are neither regions, region fields nor arcs.
    """

    regions: list[ParsedRegion] = field(default_factory=list)
    field_values: defaultdict[str, dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    arcs: list[ParsedArc] = field(default_factory=list)
    others: list[LabelStudioResult] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def results(self) -> Iterator[LabelStudioResult]:
        """All results except region fields."""
        yield from (region.result for region in self.regions)
        yield from (arc.result for arc in self.arcs)
        yield from self.others

    def add(self, result: LabelStudioResult, default_labels: list[str]) -> None:
        """Add a result to the attribute for its kind; raise `DataError` if the value is invalid."""
        match result.type:
            case "labels":
                value = json_records.decode_json(bytes(result.value), RegionValue)
                region = ParsedRegion(result, value, value.labels or default_labels)
                self.regions.append(region)
            case "taxonomy" if result.from_name != KNOWN_REF_TAG:
                self.others.append(result)
            case "textarea" | "choices" | "taxonomy":
                text = json_records.decode_json(bytes(result.value), _FieldValue).value
                self.field_values[result.id][result.from_name] = text
            case "relation":
                labels, attributes = split_arc_labels(result.labels or [])
                self.arcs.append(ParsedArc(result, labels or default_labels, attributes))
            case _:
                self.others.append(result)


def parse_results(
    results: Iterable[msgspec.Raw], document_id: str, *, unlabelled: str | None = None
) -> ParsedResults:
    """Return the parsed results of a document, with a problem for each invalid result.

    `unlabelled` is the default label of regions and arcs. If it is None, each region or arc without
    a label is a problem.
    """
    default = [] if unlabelled is None else [unlabelled]
    parsed = ParsedResults()
    for number, raw in enumerate(results, start=1):
        item = f"result {number}"
        try:
            result = json_records.decode_json(bytes(raw), LabelStudioResult)
            item = result.id or item
            parsed.add(result, default)
        except DataError as error:
            parsed.problems.extend(
                Problem(p.kind, p.what, p.fix, document_id, item) for p in error.problems
            )
    parsed.problems.extend(_missing_labels(parsed, document_id))
    return parsed


def split_arc_labels(written: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return the labels and the attributes of an arc, which Label Studio stores in one list."""
    parts = [label.partition("=") for label in written]
    labels = [_unescape(name) for name, sign, _ in parts if not sign]
    return labels, {_unescape(name): value for name, sign, value in parts if sign}


def _missing_labels(parsed: ParsedResults, document_id: str) -> Iterator[Problem]:
    """Yield a problem for each region or arc without a label."""
    items = [region.result.id for region in parsed.regions if not region.labels]
    items += [f"relation {a.result.from_id} {a.result.to_id}" for a in parsed.arcs if not a.labels]
    fix = "Add a label in Label Studio, or set the option unlabelled=LABEL"
    for item in items:
        yield Problem("no-label", "the region or relation has no label", fix, document_id, item)


def to_draft(document: Document, parsed: ParsedResults) -> Draft:
    """Return a draft with the document's text and the parsed annotations, which may be invalid."""
    entities = tuple(_to_entities(parsed))
    return Draft(document.id, document.text, entities, tuple(_to_relations(parsed)), document.meta)


def _to_entities(parsed: ParsedResults) -> Iterator[Entity]:
    """Yield one mention per label of each region; the first mention gets the id of the region."""
    for result, value, labels in parsed.regions:
        attributes = dict(parsed.field_values.get(result.id, {}))
        ref = attributes.pop(REF_TAG, None)
        ref = attributes.pop(KNOWN_REF_TAG, ref)
        for number, label in enumerate(labels, start=1):
            id_ = result.id if number == 1 else f"{result.id}-{number}"
            yield Entity(
                id=id_,
                start=value.start,
                end=value.end,
                label=label,
                ref=ref,
                attributes=attributes,
                score=result.score,
            )


def _to_relations(parsed: ParsedResults) -> Iterator[Relation]:
    """Yield one relation per label of each arc, or two if the arc points in both directions."""
    for result, labels, attributes in parsed.arcs:
        for label in labels:
            if result.direction != "left":
                yield Relation(
                    head=result.from_id, tail=result.to_id, label=label, attributes=attributes
                )
            if result.direction != "right":
                yield Relation(
                    head=result.to_id, tail=result.from_id, label=label, attributes=attributes
                )


@dataclass(frozen=True, slots=True)
class InterfaceTags:
    """The tags of the labelling interface that results refer to.

    `label` and `text` are the names of the Labels tag and of the Text tag. `choices` contains the
    names of the attributes with a Choices tag; the ref and all other attributes have a TextArea
    tag. The Choices and TextArea tags have the names of their attributes.
    """

    label: str = "label"
    text: str = "text"
    choices: frozenset[str] = frozenset()


def to_results(document: Document, tags: InterfaceTags, notes: Notes) -> list[dict[str, Any]]:
    """Return the annotations of a document as Label Studio results.

    `notes` counts the relations that Label Studio will drop when an annotator saves the task.
    """
    return [*_region_results(document, tags), *_arc_results(document, notes)]


def _region_results(document: Document, tags: InterfaceTags) -> Iterator[dict[str, Any]]:
    for entity in document.entities:
        span = {"start": entity.start, "end": entity.end}
        common = {"id": entity.id, "to_name": tags.text}
        score = {} if entity.score is None else {"score": entity.score}
        value = {**span, "text": document.surface(entity), "labels": [entity.label]}
        yield {**common, "from_name": tags.label, "type": "labels", "value": value, **score}
        ref = {} if entity.ref is None else {REF_TAG: entity.ref}
        for name, text in {**ref, **entity.attributes}.items():
            type_, key = ("choices",) * 2 if name in tags.choices else ("textarea", "text")
            value = {**span, key: [text]}
            yield {**common, "from_name": name, "type": type_, "value": value}


def _arc_results(document: Document, notes: Notes) -> Iterator[dict[str, Any]]:
    """Yield the relations as arcs, with at most one arc per ordered pair of regions if possible.

    When a task is saved, Label Studio keeps only one arc per ordered pair of regions. Therefore
    relations that differ only in the label become one arc with several labels. A second arc
    between the same regions is drawn from tail to head, with the direction `left`.
    """
    labels: defaultdict[tuple[str, str, tuple[tuple[str, str], ...]], list[str]] = defaultdict(list)
    for relation in document.relations:
        attributes = tuple(sorted(relation.attributes.items()))
        labels[relation.head, relation.tail, attributes].append(relation.label)
    needed = {(head, tail) for head, tail, _ in labels}
    drawn: set[tuple[str, str]] = set()
    for (head, tail, attributes), arc_labels in labels.items():
        reverse = (head, tail) in drawn and (tail, head) not in needed | drawn
        ends = (tail, head) if reverse else (head, tail)
        dropped = len(arc_labels) if ends in drawn else 0
        notes.add(
            "relations that Label Studio will drop when a task is saved",
            f"document {document.id}",
            dropped,
        )
        drawn.add(ends)
        yield {
            "type": "relation",
            "from_id": ends[0],
            "to_id": ends[1],
            "direction": "left" if reverse else "right",
            "labels": [
                *map(escape_label, arc_labels),
                *(attribute_label(name, value) for name, value in attributes),
            ],
        }


def attribute_label(name: str, value: str) -> str:
    """Return the arc label for an attribute of a relation, such as `assertion=negated`."""
    return f"{escape_label(name)}={value}"


def escape_label(label: str) -> str:
    """Return a relation label or attribute name with `%` and `=` escaped for an arc label."""
    return label.replace("%", "%25").replace("=", "%3D")


def _unescape(label: str) -> str:
    return label.replace("%3D", "=").replace("%25", "%")
