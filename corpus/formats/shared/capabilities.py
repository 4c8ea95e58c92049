"""The capabilities of a format, and the reduction of documents to these capabilities.

For every format, this module drops and counts the parts of a document that the format cannot
represent. Writers write the reduced documents, and readers return exactly these documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Entity, Relation, outermost
from aloi.corpus.formats.shared.clusters import first_mentions, number_clusters
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import TOKENS_KEY


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The parts of a document that a format can represent; all other parts are dropped.

    - `overlap`: how mentions may overlap: in "any" way, only "nested" inside each other, or not at
      all ("flat").
    - `same_span`: several mentions with exactly the same span.
    - `loops`: relations from a mention to itself.
    - `parallel`: several relations with the same head, tail and label.
    - `entity_ids`: mention ids. If False, mentions are renumbered e1, e2 … in text order.
    - `relation_attributes`: all relation attributes (True), none (False), or the given names.
    - `clusters`: relations connect clusters (`clusters.number_clusters`). If True, the head and the
      tail of each relation are replaced by the first mentions of their clusters.
    - `tokens`: the tokens of the source, which are in the metadata (`tokens.TOKENS_KEY`).
    - `meta`: all metadata. If False, a key is kept only if it matches the pattern `meta_lines` and
      its value is a one-line string without surrounding white space.
    """

    overlap: Literal["any", "nested", "flat"] = "any"
    same_span: bool = True
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
    tokens: bool = False
    meta: bool = True
    meta_lines: re.Pattern[str] | None = None


Nested = Literal["outermost", "innermost"]
"""Which of nested mentions a flat format keeps."""

EVERYTHING = Capabilities()
"""The capabilities of a format that can represent every document completely."""


def reduced_to(
    documents: Iterable[Document],
    capabilities: Capabilities,
    notes: Notes,
    *,
    keep: Nested = "outermost",
) -> Iterator[Document]:
    """Return an iterator over the reduced documents (see `reduce_document`)."""
    if capabilities == EVERYTHING:
        return iter(documents)
    return (reduce_document(document, capabilities, notes, keep=keep) for document in documents)


def reduce_document(
    document: Document, capabilities: Capabilities, notes: Notes, *, keep: Nested = "outermost"
) -> Document:
    """Return the document without the parts that the format cannot represent.

    If the format cannot represent nested mentions, `keep` says which of them are kept. Every
    dropped part is counted in `notes`.
    """
    place = f"document {document.id}"
    kept = _select_mentions(document.entities, capabilities, keep)
    notes.add("mentions dropped", place, len(document.entities) - len(kept))
    new_ids = _new_ids(kept, capabilities)
    relations = _select_relations(document.relations, new_ids, capabilities)
    notes.add("relations dropped", place, len(document.relations) - len(relations))
    if capabilities.clusters:
        relations = _move_to_first_mentions(relations, kept, notes, place)
    meta = document.meta
    if not capabilities.meta:
        layer = {key: value for key, value in meta.items() if key == TOKENS_KEY}
        others = {key: value for key, value in meta.items() if key != TOKENS_KEY}
        kept_meta = _select_meta_lines(others, capabilities.meta_lines)
        notes.add("metadata dropped", place, kept_meta != others)
        meta = kept_meta | layer if capabilities.tokens else kept_meta
        notes.add("tokens of the source dropped", place, bool(layer) and not capabilities.tokens)
    return Document(
        document.id,
        document.text,
        tuple(_reduce_entity(e, new_ids[e.id], capabilities, notes, place) for e in kept),
        tuple(_reduce_relation(r, new_ids, capabilities, notes, place) for r in relations),
        meta,
    )


def _select_meta_lines(meta: dict[str, Any], keys: re.Pattern[str] | None) -> dict[str, Any]:
    """Return the metadata that match `keys` and can be written as `key = value` lines."""
    matching = ((key, value) for key, value in meta.items() if keys and keys.fullmatch(key))
    return {
        key: value for key, value in matching if isinstance(value, str) and is_single_line(value)
    }


def is_single_line(text: str) -> bool:
    """Return whether a text has at most one line and does not begin or end with white space."""
    return text == text.strip() and len(text.splitlines()) < 2


def _select_mentions(
    entities: tuple[Entity, ...], capabilities: Capabilities, keep: Nested
) -> tuple[Entity, ...]:
    """Return the mentions that the format can represent.

    If the format cannot represent two mentions together, the outer or earlier mention is kept,
    unless `keep` is "innermost".
    """
    if capabilities.overlap == "flat":
        select = outermost if keep == "outermost" else _innermost
        return _without_overlap(select(entities))
    kept = _without_crossing(entities) if capabilities.overlap == "nested" else entities
    return kept if capabilities.same_span else _first_of_each_span(kept)


def _innermost(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """Return the mentions that contain no shorter mention, in text order."""
    kept: list[Entity] = []
    for entity in reversed(entities):  # an inner mention follows the mentions that contain it
        inside = bool(kept) and kept[-1].end <= entity.end
        same_span = bool(kept) and (kept[-1].start, kept[-1].end) == (entity.start, entity.end)
        if not inside or same_span:
            kept.append(entity)
    return tuple(reversed(kept))


def _without_overlap(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity.start >= kept[-1].end:
            kept.append(entity)
    return tuple(kept)


def _without_crossing(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    kept: list[Entity] = []
    enclosing: list[Entity] = []
    for entity in entities:
        while enclosing and enclosing[-1].end <= entity.start:
            enclosing.pop()
        if not enclosing or entity.end <= enclosing[-1].end:
            kept.append(entity)
            enclosing.append(entity)
    return tuple(kept)


def _first_of_each_span(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    first: dict[tuple[int, int], Entity] = {}
    for entity in entities:
        first.setdefault((entity.start, entity.end), entity)
    return tuple(first.values())


def _new_ids(kept: tuple[Entity, ...], capabilities: Capabilities) -> dict[str, str]:
    """Return a dictionary from the old id of each mention to its new id."""
    if capabilities.entity_ids:
        return {entity.id: entity.id for entity in kept}
    return {entity.id: f"e{number}" for number, entity in enumerate(kept, start=1)}


def _select_relations(
    relations: tuple[Relation, ...], kept: dict[str, str], capabilities: Capabilities
) -> list[Relation]:
    """Return the relations that the format can represent and whose head and tail are kept."""
    if not capabilities.relations:
        return []
    seen: set[tuple[str, str, str]] = set()
    selected = []
    for relation in relations:
        key = (relation.head, relation.tail, relation.label)
        complete = relation.head in kept and relation.tail in kept
        single = capabilities.parallel or key not in seen
        if complete and single and (capabilities.loops or relation.head != relation.tail):
            selected.append(relation)
        seen.add(key)
    return selected


def _move_to_first_mentions(
    relations: list[Relation], kept: tuple[Entity, ...], notes: Notes, place: str
) -> list[Relation]:
    """Return the relations with head and tail replaced by the first mentions of their clusters."""
    cluster = number_clusters(kept)
    first = first_mentions(kept, cluster)
    target = {id_: first[number] for id_, number in cluster.items()}
    moved = [
        msgspec.structs.replace(relation, head=target[relation.head], tail=target[relation.tail])
        for relation in relations
    ]
    changed = sum(old != new for old, new in zip(relations, moved, strict=True))
    notes.add("relations moved to the first mention of a cluster", place, changed)
    return moved


def _reduce_entity(
    entity: Entity, id_: str, capabilities: Capabilities, notes: Notes, place: str
) -> Entity:
    notes.add("refs dropped", place, entity.ref is not None and not capabilities.refs)
    dropped = 0 if capabilities.entity_attributes else len(entity.attributes)
    notes.add("mention attributes dropped", place, dropped)
    scored = entity.score is not None and not capabilities.entity_scores
    notes.add("mention scores dropped", place, scored)
    return Entity(
        id=id_,
        start=entity.start,
        end=entity.end,
        label=entity.label,
        ref=entity.ref if capabilities.refs else None,
        attributes=entity.attributes if capabilities.entity_attributes else {},
        score=entity.score if capabilities.entity_scores else None,
    )


def _reduce_relation(
    relation: Relation,
    new_ids: dict[str, str],
    capabilities: Capabilities,
    notes: Notes,
    place: str,
) -> Relation:
    attributes = _select_attributes(relation.attributes, capabilities.relation_attributes)
    dropped = len(relation.attributes) - len(attributes)
    notes.add("relation attributes dropped", place, dropped)
    has_id = relation.id is not None and not capabilities.relation_ids
    notes.add("relation ids dropped", place, has_id)
    scored = relation.score is not None and not capabilities.relation_scores
    notes.add("relation scores dropped", place, scored)
    return Relation(
        head=new_ids[relation.head],
        tail=new_ids[relation.tail],
        label=relation.label,
        id=relation.id if capabilities.relation_ids else None,
        attributes=attributes,
        score=relation.score if capabilities.relation_scores else None,
    )


def _select_attributes(attributes: dict[str, str], kept: bool | frozenset[str]) -> dict[str, str]:
    if isinstance(kept, bool):
        return attributes if kept else {}
    return {name: value for name, value in attributes.items() if name in kept}
