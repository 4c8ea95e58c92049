"""Label Studio's results: the regions, what is given to them, and the arcs of one piece of work.

A result is a region `{"id", "type": "labels", "value": {"start", "end", "labels": ["PER"]}}`, text
or a choice given to a region (the same id, type `textarea` or `choices`, named by `from_name`), or
an arc `{"type": "relation", "from_id", "to_id", "direction", "labels"}`. Offsets are code points.

The text given to a region under the name `ref` is its ref, other names are attributes. An arc has
no attributes in Label Studio: ours are further labels `key=value`, where a label or a key has %25
for % and %3D for =.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Draft, Entity, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem

REF = "ref"
"""The name of the tag whose text is a mention's ref."""


class Result(msgspec.Struct, frozen=True):
    """A region, what is given to one, or an arc."""

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


class Region(msgspec.Struct, frozen=True):
    """The value of a region: where it stands, what it is; `text` is not to be relied on."""

    start: int
    end: int
    labels: list[str] = []
    text: str | None = None


class _Given(msgspec.Struct, frozen=True):
    text: str | list[str] = []
    choices: list[str] = []

    @property
    def value(self) -> str:
        """What was written or chosen; beside a choice the page puts the text of its region."""
        lines = [self.text] if isinstance(self.text, str) else self.text
        return "\n".join(self.choices or lines)


@dataclass(frozen=True)
class Parsed:
    """The results of one piece of work, sorted; `problems` tells which could not be read.

    `given`: what texts and choices give each region: region id → name → value. `others`: results
    that are none of ours.
    """

    document: str
    regions: list[tuple[Result, Region]] = field(default_factory=list)
    given: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    arcs: list[Result] = field(default_factory=list)
    others: list[Result] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def results(self) -> Iterator[Result]:
        """Regions, arcs and others, those that were read."""
        yield from (result for result, _ in self.regions)
        yield from self.arcs
        yield from self.others


def parse(results: Iterable[msgspec.Raw], document: str) -> Parsed:
    """Sort the results of a document's work; one that is broken keeps none of the others out."""
    parsed = Parsed(document)
    for number, raw in enumerate(results, start=1):
        item = f"result {number}"
        try:
            result = json_records.decode_json(bytes(raw), Result)
            item = result.id or item
            _sort(result, parsed)
        except DataError as error:
            told = (Problem(p.kind, p.what, p.fix, document, item) for p in error.problems)
            parsed.problems.extend(told)
    return parsed


def _sort(result: Result, parsed: Parsed) -> None:
    if result.type == "labels":
        parsed.regions.append((result, json_records.decode_json(bytes(result.value), Region)))
    elif result.type in ("textarea", "choices"):
        value = json_records.decode_json(bytes(result.value), _Given).value
        parsed.given[result.id][result.from_name] = value
    else:
        (parsed.arcs if result.type == "relation" else parsed.others).append(result)


def annotated(blank: Document, parsed: Parsed, *, unlabelled: str | None = None) -> Draft:
    """The results as annotations of a blank document, which may be invalid: arcs lead nowhere …

    `unlabelled`: the label of regions and arcs drawn without one; without it each becomes one of
    `parsed.problems`.
    """
    entities = tuple(_entities(parsed, unlabelled))
    relations = tuple(_relations(parsed, unlabelled))
    return Draft(blank.id, blank.text, entities, relations, blank.meta)


def _entities(parsed: Parsed, unlabelled: str | None) -> Iterator[Entity]:
    for result, region in parsed.regions:
        attributes = dict(parsed.given.get(result.id, {}))
        ref = attributes.pop(REF, None)
        for number, label in enumerate(region.labels or [unlabelled], start=1):
            if label is None:
                parsed.problems.append(_unlabelled(parsed.document, result.id))
                continue
            name = result.id if number == 1 else f"{result.id}-{number}"
            yield Entity(name, region.start, region.end, label, ref, attributes, result.score)


def _relations(parsed: Parsed, unlabelled: str | None) -> Iterator[Relation]:
    for result in parsed.arcs:
        labels, attributes = _arc(result.labels or [])
        if not labels and unlabelled is None:
            item = f"arc {result.from_id} {result.to_id}"
            parsed.problems.append(_unlabelled(parsed.document, item))
            continue
        for label in labels or [unlabelled or ""]:
            if result.direction != "left":
                yield Relation(result.from_id, result.to_id, label, attributes=attributes)
            if result.direction != "right":
                yield Relation(result.to_id, result.from_id, label, attributes=attributes)


def _arc(written: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """The labels of an arc, and the attributes among them."""
    parts = [label.partition("=") for label in written]
    labels = [_unescaped(name) for name, sign, _ in parts if not sign]
    return labels, {_unescaped(name): value for name, sign, value in parts if sign}


def _unlabelled(id_: str, item: str) -> Problem:
    fix = "Label it in Label Studio, or read with unlabelled=LABEL"
    return Problem("no-label", "drawn without a label", fix, id_, item)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a labelling interface that results belong to.

    `label` and `text` are the names of the Labels and of the Text tag, `choices` the attributes
    chosen from a list; other attributes, and refs, are written into a TextArea of their name.
    """

    label: str = "label"
    text: str = "text"
    choices: frozenset[str] = frozenset()


def results(document: Document, tags: Tags, notes: Notes) -> list[dict[str, Any]]:
    """A document's annotations as results.

    Noted: relations that Label Studio's page will drop when the work is saved there.
    """
    return [*_regions(document, tags), *_arcs(document, notes)]


def _regions(document: Document, tags: Tags) -> Iterator[dict[str, Any]]:
    for entity in document.entities:
        span = {"start": entity.start, "end": entity.end}
        common = {"id": entity.id, "to_name": tags.text}
        score = {} if entity.score is None else {"score": entity.score}
        value = {**span, "text": document.surface(entity), "labels": [entity.label]}
        yield {**common, "from_name": tags.label, "type": "labels", "value": value, **score}
        ref = {} if entity.ref is None else {REF: entity.ref}
        for name, text in {**ref, **entity.attributes}.items():
            type_, key = ("choices",) * 2 if name in tags.choices else ("textarea", "text")
            value = {**span, key: [text]}
            yield {**common, "from_name": name, "type": type_, "value": value}


def _arcs(document: Document, notes: Notes) -> Iterator[dict[str, Any]]:
    """The relations as arcs, one from one region to another as far as can be.

    Those that differ by label alone share an arc; a second arc between the same two is drawn from
    tail to head and points to the left.
    """
    labels: defaultdict[tuple[str, str, tuple[tuple[str, str], ...]], list[str]] = defaultdict(list)
    for relation in document.relations:
        attributes = tuple(sorted(relation.attributes.items()))
        labels[relation.head, relation.tail, attributes].append(relation.label)
    wanted = {(head, tail) for head, tail, _ in labels}
    drawn: set[tuple[str, str]] = set()
    for (head, tail, attributes), borne in labels.items():
        turned = (head, tail) in drawn and (tail, head) not in wanted | drawn
        ends = (tail, head) if turned else (head, tail)
        lost = len(borne) if ends in drawn else 0
        notes.add("relations that its page will drop when saved", f"document {document.id}", lost)
        drawn.add(ends)
        yield {
            "type": "relation",
            "from_id": ends[0],
            "to_id": ends[1],
            "direction": "left" if turned else "right",
            "labels": [
                *map(escaped, borne),
                *(arc_attribute(name, value) for name, value in attributes),
            ],
        }


def arc_attribute(name: str, value: str) -> str:
    """The label that gives an arc an attribute: `assertion=negated`."""
    return f"{escaped(name)}={value}"


def escaped(name: str) -> str:
    """A relation's label as an arc bears it."""
    return name.replace("%", "%25").replace("=", "%3D")


def _unescaped(name: str) -> str:
    return name.replace("%3D", "=").replace("%25", "%")
