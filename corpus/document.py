"""The document: a text with entities, and relations between the entities.

Offsets count Unicode code points; the end is exclusive. A mention is `text[start:end]`.

The garbage collector ignores the structs (`gc=False`), because they contain no reference cycles.
This doubles the speed of reading.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from aloi.corpus.problems import DataError, Problem


class Entity(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    gc=False,
):
    """A mention: the span `text[start:end]` with a label.

    `ref` identifies the real-world entity (a Wikidata id or a local name). `score` is a
    model's confidence, from 0 to 1.
    """

    id: str
    start: int
    end: int
    label: str
    ref: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None


class Relation(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    gc=False,
):
    """A labelled relation between two entities of a document: `head` and `tail` are their ids."""

    head: str
    tail: str
    label: str
    id: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None

    def __str__(self) -> str:
        return f"relation {self.head} {self.label} {self.tail}"


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A document that may be invalid; the checks accept drafts."""

    id: str
    text: str
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...] = ()
    meta: dict[str, Any] = {}


class Document(Draft, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A valid document with sorted entities and relations.

    Entities are in text order; an outer entity precedes the entities nested in it. Relations are
    sorted by head and tail. The constructor raises `InvalidDocumentError` with all problems: an
    empty document id, offsets outside the text, empty spans, duplicate entity ids, relations to
    unknown entities, and scores that are not finite.
    """

    def __post_init__(self) -> None:
        problems = list(validity_problems(self))
        if problems:
            raise InvalidDocumentError(problems)
        entities = sorted(self.entities, key=_text_order)
        rank = {entity.id: position for position, entity in enumerate(entities)}
        relations = sorted(
            self.relations, key=lambda r: (rank[r.head], rank[r.tail], r.label, r.id or "")
        )
        msgspec.structs.force_setattr(self, "entities", tuple(entities))
        msgspec.structs.force_setattr(self, "relations", tuple(relations))

    def surface(self, entity: Entity) -> str:
        """Return the text in the span of an entity."""
        return self.text[entity.start : entity.end]

    def by_id(self) -> dict[str, Entity]:
        """Return a dictionary from entity id to entity."""
        return {entity.id: entity for entity in self.entities}


class InvalidDocumentError(DataError, ValueError):
    """The error raised for a document that is not valid."""


def outermost(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """Return the mentions that are not nested in a longer mention, in text order.

    If several outermost mentions have the same span, all of them are returned.
    """
    kept: list[Entity] = []
    reach = -1
    for entity in sorted(entities, key=_text_order):
        same_span = bool(kept) and (entity.start, entity.end) == (kept[-1].start, kept[-1].end)
        if entity.end > reach or same_span:
            kept.append(entity)
            reach = entity.end
    return tuple(kept)


def salvage(draft: Draft) -> tuple[Document, list[Problem]]:
    """Return a document with the valid entities and relations of a draft, and all problems.

    The draft must have an id. If several entities have the same id, the first entity is kept. If
    an entity is dropped, its relations are dropped too.
    """
    problems = list(validity_problems(draft))
    invalid = {problem.item for problem in problems if problem.kind != "entity-id-twice"}
    entities: dict[str, Entity] = {}
    for entity in draft.entities:
        if entity.id not in invalid:
            entities.setdefault(entity.id, entity)
    relations: list[Relation] = []
    for relation in draft.relations:
        if str(relation) in invalid:
            continue
        if relation.head in entities and relation.tail in entities:
            relations.append(relation)
        else:
            what = "the relation was dropped because its head or tail is invalid"
            fix = "Correct the entity that is the head or tail"
            problems.append(Problem("lost-relation", what, fix, draft.id, str(relation)))
    document = Document(
        draft.id, draft.text, tuple(entities.values()), tuple(relations), draft.meta
    )
    return document, problems


def validity_problems(draft: Draft) -> Iterator[Problem]:
    """Yield every problem that makes a draft an invalid document; the schema is not checked."""
    if not draft.id:
        yield Problem("missing-id", "the document id is empty", "Give the document a unique id")
    ids: set[str] = set()
    length = len(draft.text)
    for entity in draft.entities:
        if not 0 <= entity.start < entity.end <= length:
            yield _span_problem(draft, entity)
        if entity.score is not None:
            yield from _score_problems(draft, entity.id, entity.score)
        if entity.id in ids:
            fix = "Give each entity of the document a unique id"
            what = "several entities of the document have this id"
            yield Problem("entity-id-twice", what, fix, draft.id, entity.id)
        ids.add(entity.id)
    for relation in draft.relations:
        missing = sorted({end for end in (relation.head, relation.tail) if end not in ids})
        if missing:
            what = f"no entity has the id {' or '.join(missing)}"
            fix = "Use ids of entities in this document as head and tail, or remove the relation"
            yield Problem("dangling-relation", what, fix, draft.id, str(relation))
        if relation.score is not None:
            yield from _score_problems(draft, str(relation), relation.score)


def _span_problem(draft: Draft, entity: Entity) -> Problem:
    length = len(draft.text)
    span = f"{entity.start}–{entity.end}"
    if 0 <= entity.start <= length and 0 <= entity.end <= length:
        fix = "Correct the offsets; the end is exclusive and must be greater than the start"
        what = f"the span {span} contains no characters"
        return Problem("empty-span", what, fix, draft.id, entity.id)
    fix = "Correct the offsets; they count Unicode code points, and the end is exclusive"
    what = f"the span {span} is not inside the text, which has {length} characters"
    return Problem("offset-outside-text", what, fix, draft.id, entity.id)


def _score_problems(draft: Draft, item: str, score: float) -> Iterator[Problem]:
    if not math.isfinite(score):
        what, fix = f"the score {score} is not finite", "Write a finite number, or remove the score"
        yield Problem("score-not-a-number", what, fix, draft.id, item)


def _text_order(entity: Entity) -> tuple[int, int, str, str]:
    return entity.start, -entity.end, entity.label, entity.id


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text, encoded in UTF-8, as a hexadecimal string."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_documents(documents: Iterable[Document]) -> str:
    """Return the SHA-256 of documents, in any order, as a hexadecimal string."""
    encoder = msgspec.json.Encoder(order="sorted")
    hashes = sorted(hashlib.sha256(encoder.encode(document)).digest() for document in documents)
    return hashlib.sha256(b"".join(hashes)).hexdigest()
