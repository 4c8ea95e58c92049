"""The document: a text with its entities and the relations between them.

Offsets are Unicode code points, the end exclusive: `text[start:end]` is the mention.

The structs hold plain values and no cycles, so the garbage collector need not visit them
(`gc=False`): reading is twice as fast for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from aloi.corpus.problems import DataError, Problem


class Entity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A mention: the stretch `text[start:end]` with a label.

    `ref` names the real thing meant (a Wikidata id or a local name); `score` is a model's, 0 to 1.
    """

    id: str
    start: int
    end: int
    label: str
    ref: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None


class Relation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """A labelled arc from entity id `head` to entity id `tail`, both of the same document."""

    head: str
    tail: str
    label: str
    id: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None

    def __str__(self) -> str:
        return f"relation {self.head} {self.label} {self.tail}"


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The shape of a document whose validity is not known: what checks look at."""

    id: str
    text: str
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...] = ()
    meta: dict[str, Any] = {}


class Document(Draft, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A valid document, its entities in text order (outer before inner), its relations by head.

    Raises `InvalidDocumentError` with everything wrong at once: offsets outside the text,
    empty spans, ids given twice, relations whose ends do not exist, scores that are no number.
    """

    def __post_init__(self) -> None:
        problems = list(validity_problems(self))
        if problems:
            raise InvalidDocumentError(problems)
        ordered = sorted(self.entities, key=_text_order)
        rank = {entity.id: position for position, entity in enumerate(ordered)}
        relations = sorted(
            self.relations, key=lambda r: (rank[r.head], rank[r.tail], r.label, r.id or "")
        )
        msgspec.structs.force_setattr(self, "entities", tuple(ordered))
        msgspec.structs.force_setattr(self, "relations", tuple(relations))

    def surface(self, entity: Entity) -> str:
        """The characters the mention covers."""
        return self.text[entity.start : entity.end]

    def by_id(self) -> dict[str, Entity]:
        """The entities under their ids."""
        return {entity.id: entity for entity in self.entities}


class InvalidDocumentError(DataError, ValueError):
    """No document can be built from these values."""


def outermost(entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """The mentions that no longer mention contains, in text order.

    Of mentions on the very same stretch none contains the other: all are kept.
    """
    kept: list[Entity] = []
    reach = -1
    for entity in sorted(entities, key=_text_order):
        twin = bool(kept) and (entity.start, entity.end) == (kept[-1].start, kept[-1].end)
        if entity.end > reach or twin:
            kept.append(entity)
            reach = entity.end
    return tuple(kept)


def salvage(draft: Draft) -> tuple[Document, list[Problem]]:
    """What is valid of a draft that has an id, and the problem of each thing left out.

    Of entities with one id the first is kept; a relation goes with its ends.
    """
    problems = list(validity_problems(draft))
    broken = {problem.item for problem in problems if problem.kind != "entity-id-twice"}
    entities: dict[str, Entity] = {}
    for entity in draft.entities:
        if entity.id not in broken:
            entities.setdefault(entity.id, entity)
    kept: list[Relation] = []
    for relation in draft.relations:
        if str(relation) in broken:
            continue
        if relation.head in entities and relation.tail in entities:
            kept.append(relation)
        else:
            what, fix = "left out, as one of its ends is", "Mend the entity"
            problems.append(Problem("lost-relation", what, fix, draft.id, str(relation)))
    whole = Document(draft.id, draft.text, tuple(entities.values()), tuple(kept), draft.meta)
    return whole, problems


def validity_problems(draft: Draft) -> Iterator[Problem]:
    """All that keeps a draft from being a document, whatever the schema."""
    if not draft.id:
        yield Problem("missing-id", "the document id is empty", "Give it an id of its own")
    seen: set[str] = set()
    for entity in draft.entities:
        yield from _span_problems(draft, entity)
        if entity.id in seen:
            fix = "Ids are unique in a document; rename one"
            yield Problem("entity-id-twice", "entity id given twice", fix, draft.id, entity.id)
        seen.add(entity.id)
    for relation in draft.relations:
        missing = sorted({end for end in (relation.head, relation.tail) if end not in seen})
        if missing:
            what = f"no entity has the id {' or '.join(missing)}"
            fix = "Point it at entities of this document, or remove it"
            yield Problem("dangling-relation", what, fix, draft.id, str(relation))
        yield from _score_problems(draft, str(relation), relation.score)


def _span_problems(draft: Draft, entity: Entity) -> Iterator[Problem]:
    length = len(draft.text)
    span = f"{entity.start}–{entity.end}"
    if not (0 <= entity.start <= length and 0 <= entity.end <= length):
        fix = "Offsets count Unicode code points, end exclusive; correct them"
        what = f"offset outside the text: {span}, the text has {length} characters"
        yield Problem("offset-outside-text", what, fix, draft.id, entity.id)
    elif entity.end <= entity.start:
        fix = "The end is exclusive and must be greater than the start"
        yield Problem("empty-span", f"empty span {span}", fix, draft.id, entity.id)
    yield from _score_problems(draft, entity.id, entity.score)


def _score_problems(draft: Draft, item: str, score: float | None) -> Iterator[Problem]:
    if score is not None and not math.isfinite(score):
        fix = "Leave the score out or give a finite one"
        yield Problem("score-not-a-number", f"score {score}", fix, draft.id, item)


def _text_order(entity: Entity) -> tuple[int, int, str, str]:
    return entity.start, -entity.end, entity.label, entity.id
