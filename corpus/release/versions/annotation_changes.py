"""Count the annotations that were added, removed or changed between two versions.

As in evaluation, a mention is identified by its start, end and label, and a relation by its label
and the offsets of its head and tail. In a symmetric relation, head and tail are interchangeable. An
annotation in only one version was added or removed. An annotation in both versions was changed if
its `ref` or attributes differ. A mention with a new label or boundary therefore counts as one
removed and one added mention.

If the text of a document changed, its mentions are identified by surface form instead of offsets.
Mention ids and model scores are ignored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from aloi.corpus.document import Document

AnnotationKind = Literal["entities", "relations"]

AnnotationPlace = tuple[object, ...]
"""Offsets or surface form of a mention, or of the head and tail of a relation."""

AnnotationKey = tuple[AnnotationKind, str, AnnotationPlace]
"""Identity of an annotation in its document: kind, label, and offsets or surface form."""

Details = tuple[str | None, tuple[tuple[str, str], ...]]
"""The `ref` of a mention, and the sorted attributes of a mention or relation."""

AnnotationCounts = Counter[tuple[AnnotationKey, Details]]
"""Numbers of equal annotations in a document, by key and details."""


@dataclass(frozen=True)
class Correction:
    """An annotation that was added (`before` is None), removed (`after` is None) or changed."""

    kind: AnnotationKind
    label: str
    place: AnnotationPlace
    before: Details | None
    after: Details | None


@dataclass(frozen=True)
class AnnotationChanges:
    """Numbers of annotations that differ between two versions.

    `arrived` counts annotations in added documents; `left` counts annotations in removed documents.
    `added`, `removed` and `changed` count corrections in documents that are in both versions.
    """

    arrived: int = 0
    left: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0

    @property
    def has_corrections(self) -> bool:
        """Whether annotations were corrected in documents that are in both versions."""
        return bool(self.added or self.removed or self.changed)

    def __add__(self, other: AnnotationChanges) -> AnnotationChanges:
        return AnnotationChanges(
            self.arrived + other.arrived,
            self.left + other.left,
            self.added + other.added,
            self.removed + other.removed,
            self.changed + other.changed,
        )

    def __str__(self) -> str:
        """Return the numbers of corrections, such as `+3 −1 ~2`; zeros are omitted."""
        signs = (("+", self.added), ("−", self.removed), ("~", self.changed))
        return " ".join(f"{sign}{number}" for sign, number in signs if number)


def count_corrections(changes: Iterable[AnnotationChanges]) -> int:
    """Return the number of corrections.

    One removed and one added annotation are together counted as one correction.
    """
    changes = list(changes)
    added, removed = sum(each.added for each in changes), sum(each.removed for each in changes)
    return max(added, removed) + sum(each.changed for each in changes)


def count_annotations(document: Document) -> Counter[tuple[AnnotationKind, str]]:
    """Return the number of annotations of a document by kind and label."""
    return Counter(_labels(document))


def _labels(document: Document) -> Iterator[tuple[AnnotationKind, str]]:
    for entity in document.entities:
        yield "entities", entity.label
    for relation in document.relations:
        yield "relations", relation.label


def compare_annotations(
    old: Document, new: Document, *, same_text: bool, symmetric: frozenset[str]
) -> Mapping[tuple[AnnotationKind, str], AnnotationChanges]:
    """Return the corrections in one document, by kind and label.

    If the text is the same (`same_text`), annotations are identified by offsets, otherwise by
    surface form. `symmetric`: the labels of symmetric relations.
    """
    changes: dict[tuple[AnnotationKind, str], AnnotationChanges] = defaultdict(AnnotationChanges)
    for each in list_corrections(old, new, same_text=same_text, symmetric=symmetric):
        changes[each.kind, each.label] += AnnotationChanges(
            added=int(each.before is None),
            removed=int(each.after is None),
            changed=int(each.before is not None and each.after is not None),
        )
    return changes


def list_corrections(
    old: Document, new: Document, *, same_text: bool, symmetric: frozenset[str]
) -> Iterator[Correction]:
    """Yield every correction in one document; the arguments are those of `compare_annotations`."""
    if same_text and (old.entities, old.relations) == (new.entities, new.relations):
        return  # the usual case; no keys need to be built
    before = _annotations(old, by_offset=same_text, symmetric=symmetric)
    after = _annotations(new, by_offset=same_text, symmetric=symmetric)
    removed, added = _details_by_key(before - after), _details_by_key(after - before)
    for key in dict.fromkeys((*removed, *added)):
        kind, label, place = key
        for one, other in zip_longest(removed.get(key, ()), added.get(key, ())):
            yield Correction(kind, label, place, one, other)


def _annotations(
    document: Document, *, by_offset: bool, symmetric: frozenset[str]
) -> AnnotationCounts:
    places: dict[str, AnnotationPlace] = {
        entity.id: (entity.start, entity.end) if by_offset else (document.surface(entity),)
        for entity in document.entities
    }
    annotations: AnnotationCounts = Counter()
    for entity in document.entities:
        attributes = tuple(sorted(entity.attributes.items()))
        annotations[("entities", entity.label, places[entity.id]), (entity.ref, attributes)] += 1
    for relation in document.relations:
        ends: list[AnnotationPlace] = [places[relation.head], places[relation.tail]]
        if relation.label in symmetric:
            ends.sort()
        attributes = tuple(sorted(relation.attributes.items()))
        annotations[("relations", relation.label, tuple(ends)), (None, attributes)] += 1
    return annotations


def _details_by_key(annotations: AnnotationCounts) -> dict[AnnotationKey, list[Details]]:
    """Return the details of the annotations with each key, sorted."""
    details: defaultdict[AnnotationKey, list[Details]] = defaultdict(list)
    for key, each in annotations.elements():
        details[key].append(each)
    return {key: sorted(found, key=repr) for key, found in details.items()}
