"""The document: a text with its entities and the relations between them.

Offsets are Unicode code points with the end exclusive: `text[start:end]` is the mention.

The structs contain plain values without cycles, so garbage collection is disabled for them
(`gc=False`), which doubles the speed of reading.
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

    `ref` identifies the real-world entity (a Wikidata id or a local name). `score` is the
    confidence of a model, from 0 to 1.
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
    """A labelled relation from the entity id `head` to the entity id `tail` of one document."""

    head: str
    tail: str
    label: str
    id: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None

    def __str__(self) -> str:
        return f"relation {self.head} {self.label} {self.tail}"


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A document that may be invalid; the checks run on drafts."""

    id: str
    text: str
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...] = ()
    meta: dict[str, Any] = {}


class Document(Draft, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A valid document with sorted entities and relations.

    Entities are in text order, outer before inner ones; relations are sorted by head, then tail.
    Raises `InvalidDocumentError` with all problems at once: offsets outside the text, empty spans,
    duplicate entity ids, relations to unknown entities, and scores that are not finite.
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
        """Return the text of a mention."""
        return self.text[entity.start : entity.end]

    def by_id(self) -> dict[str, Entity]:
        """Return the entities by id."""
        return {entity.id: entity for entity in self.entities}


class InvalidDocumentError(DataError, ValueError):
    """An error in the values of a document."""


def outermost(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """Return the mentions that are not inside a longer mention, in text order.

    Mentions with the same span do not contain each other: all of them are returned.
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
    """Return the valid part of a draft as a document, and the problems of everything dropped.

    The draft needs an id. Of several entities with the same id the first is kept; a relation is
    dropped if one of its entities is.
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
            what, fix = "dropped because its head or tail is invalid", "Correct the entity"
            problems.append(Problem("lost-relation", what, fix, draft.id, str(relation)))
    document = Document(
        draft.id, draft.text, tuple(entities.values()), tuple(relations), draft.meta
    )
    return document, problems


def validity_problems(draft: Draft) -> Iterator[Problem]:
    """Yield every reason why a draft is not a valid document; the schema is not considered."""
    if not draft.id:
        yield Problem("missing-id", "the document id is empty", "Give the document a unique id")
    ids: set[str] = set()
    for entity in draft.entities:
        yield from _span_problems(draft, entity)
        if entity.id in ids:
            fix = "Rename one of the two: ids are unique in a document"
            yield Problem("entity-id-twice", "duplicate entity id", fix, draft.id, entity.id)
        ids.add(entity.id)
    for relation in draft.relations:
        missing = sorted({end for end in (relation.head, relation.tail) if end not in ids})
        if missing:
            what = f"no entity has the id {' or '.join(missing)}"
            fix = "Use the ids of entities of this document, or remove the relation"
            yield Problem("dangling-relation", what, fix, draft.id, str(relation))
        yield from _score_problems(draft, str(relation), relation.score)


def _span_problems(draft: Draft, entity: Entity) -> Iterator[Problem]:
    length = len(draft.text)
    span = f"{entity.start}–{entity.end}"
    if not (0 <= entity.start <= length and 0 <= entity.end <= length):
        fix = "Correct the offsets; they count Unicode code points, with the end exclusive"
        what = f"offset outside the text: {span}, the text has {length} characters"
        yield Problem("offset-outside-text", what, fix, draft.id, entity.id)
    elif entity.end <= entity.start:
        fix = "Correct the offsets; the end is exclusive and greater than the start"
        yield Problem("empty-span", f"empty span {span}", fix, draft.id, entity.id)
    yield from _score_problems(draft, entity.id, entity.score)


def _score_problems(draft: Draft, item: str, score: float | None) -> Iterator[Problem]:
    if score is not None and not math.isfinite(score):
        what, fix = f"score {score} is not finite", "Remove the score or write a finite number"
        yield Problem("score-not-a-number", what, fix, draft.id, item)


def _text_order(entity: Entity) -> tuple[int, int, str, str]:
    return entity.start, -entity.end, entity.label, entity.id


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_documents(documents: Iterable[Document]) -> str:
    """Return the SHA-256 of documents in hexadecimal; it does not depend on their order."""
    encoder = msgspec.json.Encoder(order="sorted")
    hashes = sorted(hashlib.sha256(encoder.encode(document)).digest() for document in documents)
    return hashlib.sha256(b"".join(hashes)).hexdigest()
