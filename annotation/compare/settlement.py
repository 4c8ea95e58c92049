"""From the answers to all questions to the decided document.

A draft contains everything that is not asked about: equal mentions, their agreed values, and the
agreed relations between them. An adjudicator may edit the draft by hand. `settle` adds the versions
that the answers choose. The relations and values that annotators agree on are kept whatever type
and boundaries are chosen for a mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count, product

import msgspec

from aloi.annotation.compare.alignment import AlignedVersions, Slot
from aloi.annotation.compare.content import REF_NAME, MentionKey, Values, mention_key
from aloi.annotation.compare.disagreements import MENTION, RELATION
from aloi.annotation.compare.questions import (
    BOTH,
    OTHER,
    Question,
    Relations,
    agreed_relations,
    chosen_annotator,
    find_questions,
    related_slots,
    relations_between,
)
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError, Problem

Answers = Mapping[str, str]
"""The answers, by key of the question."""


def make_draft(aligned: AlignedVersions) -> Document:
    """Return a document with all annotations that are not asked about, without disputed mentions.

    The document has the id, text and metadata of the first version.
    """
    first = next(iter(aligned.versions.values()))
    decided = _Settlement(aligned, msgspec.structs.replace(first, entities=(), relations=()))
    decided.add_agreed_mentions()
    decided.add_agreed_relations()
    return decided.document()


def settle(aligned: AlignedVersions, answers: Answers, edited: Document) -> Document:
    """Return the decided document.

    `edited` is the draft (see `make_draft`) after the adjudicator edited it by hand; mentions keep
    the ids of the draft. Raise `DataError` if a question has no answer, or if the answer is `OTHER`
    and `edited` contains no new mention at that place.
    """
    questions = find_questions(aligned)
    decided = _Settlement(aligned, edited)
    decided.find_drafted_mentions(make_draft(aligned))
    problems = list(_unanswered(questions, answers))
    problems += [] if problems else decided.add_disputed_mentions(questions, answers)
    if problems:
        raise DataError(problems)
    decided.set_disputed_values(questions, answers)
    decided.add_agreed_relations(_mention_answers(questions, answers))
    decided.add_disputed_relations(questions, answers)
    return decided.document()


def _unanswered(questions: Iterable[Question], answers: Answers) -> Iterator[Problem]:
    missing = [
        str(number)
        for number, each in enumerate(questions, start=1)
        if answers.get(each.key) not in each.answers
    ]
    for each in list(questions)[:1] if missing else ():
        what = f"the disagreements {', '.join(missing)} are not decided"
        yield Problem(
            "undecided", what, "Decide them in Label Studio and click Update", each.document
        )


def _mention_answers(questions: Iterable[Question], answers: Answers) -> dict[int, str]:
    """Return the answers to the questions about mentions, by slot number."""
    return {q.slots[0]: answers[q.key] for q in questions if q.aspect == MENTION}


def chosen_names(question: Question, answer: str) -> list[str]:
    """Return the annotators whose versions an answer chooses."""
    if answer == BOTH:
        return [names[0] for names in question.groups]
    name = chosen_annotator(answer)
    return [] if name is None else [name]


@dataclass
class _Settlement:
    """A document in the making: mentions by id, relations, and the mention ids of each slot.

    `drafted` contains the ids of the draft's mentions.
    """

    aligned: AlignedVersions
    edited: Document
    entities: dict[str, Entity] = field(init=False)
    relations: list[Relation] = field(init=False)
    places: dict[int, list[str]] = field(init=False, default_factory=dict)
    drafted: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.entities = {each.id: each for each in self.edited.entities}
        self.relations = list(self.edited.relations)

    def document(self) -> Document:
        """Return the document."""
        return msgspec.structs.replace(
            self.edited, entities=tuple(self.entities.values()), relations=tuple(self.relations)
        )

    def add_agreed_mentions(self) -> None:
        """Add the mentions that all annotators marked equally, with their agreed values."""
        for number, slot in self._agreed_slots():
            key = next(iter(slot.mentions.values()))
            self.places[number] = [self._add_mention(key, slot.agreed_values)]

    def _agreed_slots(self) -> Iterator[tuple[int, Slot]]:
        for number, slot in enumerate(self.aligned.slots):
            if len({slot.mentions.get(name) for name in self.aligned.versions}) == 1:
                yield number, slot

    def find_drafted_mentions(self, draft: Document) -> None:
        """Find the agreed mentions of the draft that the adjudicator did not delete."""
        ids = {mention_key(each): each.id for each in draft.entities}
        for number, slot in self._agreed_slots():
            id_ = ids[next(iter(slot.mentions.values()))]
            self.places[number] = [id_] if id_ in self.entities else []
        self.drafted = set(ids.values())

    def add_disputed_mentions(
        self, questions: Iterable[Question], answers: Answers
    ) -> list[Problem]:
        """Add the chosen mentions, longest first; return a problem if there is none to choose."""
        problems: list[Problem] = []
        for number, question in enumerate(questions, start=1):
            if question.aspect != MENTION:
                continue
            slot, answer = self.aligned.slots[question.slots[0]], answers[question.key]
            names = [x for x in chosen_names(question, answer) if x in slot.mentions]
            names.sort(key=lambda name: slot.mentions[name][0] - slot.mentions[name][1])
            ids = [self._add_mention(slot.mentions[x], slot.values[x]) for x in names]
            if answer == OTHER:
                ids = self._drawn_by_hand(slot)
                problems += [] if ids else [_nothing_drawn(number, question)]
            self.places[question.slots[0]] = ids
        return problems

    def _drawn_by_hand(self, slot: Slot) -> list[str]:
        """Return the ids of new mentions that overlap a slot; add the agreed values to them."""
        start, end = slot.span
        drawn = [
            each
            for each in self.edited.entities
            if each.id not in self.drafted and each.start < end and start < each.end
        ]
        for each in drawn:
            entity = self.entities[each.id]
            self.entities[each.id] = _with_values(entity, slot.agreed_values, keep=True)
        return [each.id for each in drawn]

    def _add_mention(self, key: MentionKey, values: Values) -> str:
        """Add a mention unless it exists, set its values, and return its id."""
        existing = next((x for x in self.entities.values() if mention_key(x) == key), None)
        start, end, label = key
        entity = existing or Entity(id=self._new_id(key), start=start, end=end, label=label)
        self.entities[entity.id] = _with_values(entity, values)
        return entity.id

    def _new_id(self, key: MentionKey) -> str:
        """Return the id of a mention in the first version with this mention, made unique."""
        versions = self.aligned.versions.values()
        id_ = next(x.id for each in versions for x in each.entities if mention_key(x) == key)
        candidates = chain([id_], (f"{id_}-{number}" for number in count(2)))
        return next(each for each in candidates if each not in self.entities)

    def set_disputed_values(self, questions: Iterable[Question], answers: Answers) -> None:
        """Set the chosen refs and attributes of agreed mentions."""
        for each in questions:
            answer = answers[each.key]
            if each.aspect in (MENTION, RELATION) or answer == OTHER:
                continue
            chosen = [each.versions[name] for name in chosen_names(each, answer)]
            value = next((x for x in chosen if isinstance(x, str)), None)
            for id_ in (id_ for slot in each.slots for id_ in self.places[slot]):
                self.entities[id_] = _with_values(self.entities[id_], {each.aspect: value})

    def add_agreed_relations(self, mention_answers: Mapping[int, str] | None = None) -> None:
        """Add the agreed relations.

        If there are answers about mentions (by slot number), only relations with a disputed end are
        added, because the other relations were in the draft. Those that the schema forbids for the
        chosen types are omitted, and a mention drawn by hand only gets relations that all
        annotators gave.
        """
        for ends in related_slots(self.aligned):
            names = self.aligned.judges(*ends)
            disputed = {(mention_answers or {}).get(end) for end in ends} - {None}
            if not names or (mention_answers is not None and not disputed):
                continue
            if OTHER not in disputed or len(names) == len(self.aligned.versions):
                given = [relations_between(self.aligned, name, ends) for name in names]
                check = mention_answers is not None
                self._add_relations(agreed_relations(given), check=check)

    def add_disputed_relations(self, questions: Iterable[Question], answers: Answers) -> None:
        """Add the chosen relations; of two versions of one relation, the first is kept."""
        for each in questions:
            if each.aspect == RELATION:
                for name in chosen_names(each, answers[each.key]):
                    version = each.versions[name]
                    self._add_relations(version if isinstance(version, dict) else {})

    def _add_relations(self, relations: Relations, *, check: bool = False) -> None:
        """Add relations between the first mentions of their slots, unless they exist.

        If `check` is true, relations that the schema forbids are omitted.
        """
        for (head_slot, tail_slot, label), attributes in relations.items():
            heads, tails = self.places.get(head_slot, ())[:1], self.places.get(tail_slot, ())[:1]
            for head, tail in product(heads, tails):
                new = Relation(head=head, tail=tail, label=label, attributes=dict(attributes))
                collapsed = head == tail and head_slot != tail_slot
                if not (collapsed or self._exists(new) or (check and self._forbids(new))):
                    self.relations.append(new)

    def _exists(self, new: Relation) -> bool:
        ends = {(new.head, new.tail)}
        if new.label in self.aligned.schema.symmetric:
            ends.add((new.tail, new.head))
        return any((x.head, x.tail) in ends and x.label == new.label for x in self.relations)

    def _forbids(self, relation: Relation) -> bool:
        head, tail = (self.entities[id_].label for id_ in (relation.head, relation.tail))
        type_ = self.aligned.schema.relations.get(relation.label)
        return type_ is not None and not type_.allows(head, tail)


def _nothing_drawn(number: int, question: Question) -> Problem:
    what = f"disagreement {number} is answered «other», but no mention was marked there by hand"
    fix = "Mark the mention in Label Studio, or choose another answer, and click Update"
    return Problem("undecided", what, fix, question.document)


def _with_values(entity: Entity, values: Mapping[str, str | None], *, keep: bool = False) -> Entity:
    """Return a mention with values set, or removed if they are None.

    If `keep` is true, existing values are not changed.
    """
    old: dict[str, str | None] = dict(entity.attributes)
    if entity.ref is not None:
        old[REF_NAME] = entity.ref
    merged = {**values, **old} if keep else {**old, **values}
    kept = {name: value for name, value in merged.items() if value is not None}
    ref = kept.pop(REF_NAME, None)
    return msgspec.structs.replace(entity, ref=ref, attributes=kept)
