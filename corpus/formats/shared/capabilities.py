"""What a format can hold of a document, and the document reduced to that.

Every writer is handed fitted documents, and reading back what it wrote gives exactly those: what a
format loses is decided here, in one place, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Entity, Relation, outermost
from aloi.corpus.formats.shared.clusters import clusters, first_mentions
from aloi.corpus.formats.shared.notes import Notes


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a format keeps; what is False or narrower is lost in writing.

    `overlap`: "any" mentions, "nested" ones but none that cross, or "flat" ones alone. `twins`:
    several mentions on the very same stretch. `loops`: a mention related to itself. `parallel`:
    the same label twice from one mention to another. `entity_ids`: without them mentions are
    renumbered e1, e2 … in text order, which is no loss. `relation_attributes`: any, none, or those
    of these names. `clusters`: relations stand between clusters (`clusters.clusters`), so they move
    to the first mention of each. `meta`: all of it; else `meta_lines` are kept, keys that match it
    whose values are text of one line, with no white space around.
    """

    overlap: Literal["any", "nested", "flat"] = "any"
    twins: bool = True
    entity_ids: bool = True
    refs: bool = True
    entity_attributes: bool = True
    entity_scores: bool = True
    relations: bool = True
    loops: bool = True
    parallel: bool = True
    relation_ids: bool = True
    relation_attributes: bool | frozenset[str] = True
    relation_scores: bool = True
    clusters: bool = False
    meta: bool = True
    meta_lines: re.Pattern[str] | None = None


EVERYTHING = Capabilities()


def reduced_to(
    documents: Iterable[Document], holds: Capabilities, notes: Notes
) -> Iterator[Document]:
    """Each document reduced to what a format holds; what goes is counted in `notes`."""
    if holds == EVERYTHING:
        return iter(documents)
    return (fit(document, holds, notes) for document in documents)


def fit(document: Document, holds: Capabilities, notes: Notes) -> Document:
    """The document without what a format cannot hold; each loss is added to `notes`."""
    place = f"document {document.id}"
    kept = _kept(document.entities, holds)
    notes.add("mentions lost", place, len(document.entities) - len(kept))
    names = _names(kept, holds)
    relations = _related(document.relations, names, holds)
    notes.add("relations lost", place, len(document.relations) - len(relations))
    if holds.clusters:
        relations = _moved(relations, kept, notes, place)
    meta = document.meta if holds.meta else _meta_lines(document.meta, holds.meta_lines)
    notes.add("metadata lost", place, meta != document.meta)
    return Document(
        document.id,
        document.text,
        tuple(_entity(entity, names[entity.id], holds, notes, place) for entity in kept),
        tuple(_relation(relation, names, holds, notes, place) for relation in relations),
        meta,
    )


def _meta_lines(meta: dict[str, Any], keys: re.Pattern[str] | None) -> dict[str, Any]:
    """The metadata that can stand as lines `key = value`."""
    fitting = ((key, value) for key, value in meta.items() if keys and keys.fullmatch(key))
    return {key: value for key, value in fitting if isinstance(value, str) and is_line(value)}


def is_line(text: str) -> bool:
    """Whether a text is one line or empty, with no white space around."""
    return text == text.strip() and len(text.splitlines()) < 2


def _kept(entities: tuple[Entity, ...], holds: Capabilities) -> tuple[Entity, ...]:
    """The mentions that a format's rule of overlap lets stand, the outer and earlier first."""
    if holds.overlap == "flat":
        return _flat(outermost(entities))
    kept = _nesting(entities) if holds.overlap == "nested" else entities
    return kept if holds.twins else _without_twins(kept)


def _flat(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity.start >= kept[-1].end:
            kept.append(entity)
    return tuple(kept)


def _nesting(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    kept: list[Entity] = []
    open_: list[Entity] = []
    for entity in entities:
        while open_ and open_[-1].end <= entity.start:
            open_.pop()
        if not open_ or entity.end <= open_[-1].end:
            kept.append(entity)
            open_.append(entity)
    return tuple(kept)


def _without_twins(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    first: dict[tuple[int, int], Entity] = {}
    for entity in entities:
        first.setdefault((entity.start, entity.end), entity)
    return tuple(first.values())


def _names(kept: tuple[Entity, ...], holds: Capabilities) -> dict[str, str]:
    """The new id of each mention kept, by its old one."""
    if holds.entity_ids:
        return {entity.id: entity.id for entity in kept}
    return {entity.id: f"e{number}" for number, entity in enumerate(kept, start=1)}


def _related(
    relations: tuple[Relation, ...], names: dict[str, str], holds: Capabilities
) -> list[Relation]:
    if not holds.relations:
        return []
    seen: set[tuple[str, str, str]] = set()
    related = []
    for relation in relations:
        key = (relation.head, relation.tail, relation.label)
        stands = relation.head in names and relation.tail in names
        alone = holds.parallel or key not in seen
        if stands and alone and (holds.loops or relation.head != relation.tail):
            related.append(relation)
        seen.add(key)
    return related


def _moved(
    relations: list[Relation], kept: tuple[Entity, ...], notes: Notes, place: str
) -> list[Relation]:
    """The relations between the first mentions of their ends' clusters."""
    cluster = clusters(kept)
    first = first_mentions(kept, cluster)
    anchor = {id_: first[number] for id_, number in cluster.items()}
    moved = [
        msgspec.structs.replace(relation, head=anchor[relation.head], tail=anchor[relation.tail])
        for relation in relations
    ]
    changed = sum(one != other for one, other in zip(relations, moved, strict=True))
    notes.add("relations moved to the first mention of a cluster", place, changed)
    return moved


def _entity(entity: Entity, name: str, holds: Capabilities, notes: Notes, place: str) -> Entity:
    notes.add("refs lost", place, entity.ref is not None and not holds.refs)
    lost = 0 if holds.entity_attributes else len(entity.attributes)
    notes.add("attributes of mentions lost", place, lost)
    notes.add(
        "scores of mentions lost", place, entity.score is not None and not holds.entity_scores
    )
    return Entity(
        name,
        entity.start,
        entity.end,
        entity.label,
        entity.ref if holds.refs else None,
        entity.attributes if holds.entity_attributes else {},
        entity.score if holds.entity_scores else None,
    )


def _relation(
    relation: Relation, names: dict[str, str], holds: Capabilities, notes: Notes, place: str
) -> Relation:
    attributes = _named(relation.attributes, holds.relation_attributes)
    lost = len(relation.attributes) - len(attributes)
    notes.add("attributes of relations lost", place, lost)
    scored = relation.score is not None and not holds.relation_scores
    notes.add("scores of relations lost", place, scored)
    return Relation(
        names[relation.head],
        names[relation.tail],
        relation.label,
        relation.id if holds.relation_ids else None,
        attributes,
        relation.score if holds.relation_scores else None,
    )


def _named(attributes: dict[str, str], kept: bool | frozenset[str]) -> dict[str, str]:
    if isinstance(kept, bool):
        return attributes if kept else {}
    return {name: value for name, value in attributes.items() if name in kept}
