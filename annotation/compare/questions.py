"""The questions that an adjudicator answers: one question per disagreement of the annotators.

A question is about one of three things:

- a mention that some annotators did not mark, or marked with a different type, different
  boundaries, or both (its aspect is `MENTION`); a version of the mention includes those values on
  which annotators disagree;
- the ref or an attribute of a mention that all annotators marked equally (the aspect is the name);
  if annotators gave the same different refs to several mentions, it is one question;
- the relations between two mentions (the aspect is `RELATION`), asked only if two or more
  annotators marked both mentions, in whatever version.

All other annotations are not asked about. They are in gold if their mentions are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from aloi.annotation.compare.alignment import AlignedVersions, Slot, SlotRelation
from aloi.annotation.compare.content import REF_NAME, MentionKey, Values
from aloi.annotation.compare.disagreements import MENTION, RELATION

BOTH, NEITHER, OTHER = "both", "neither", "other"
"""Answers other than an annotator's version: all versions, no version, edited by hand."""

_VERSION = "version:"

Relations = dict[SlotRelation, Values]
"""Relations between two slots, with their attributes."""

Version = tuple[MentionKey, Values] | str | Relations | None
"""An annotator's version of a mention, a value or relations; None or empty if there is none."""


def version_of(annotator: str) -> str:
    """Return the answer that chooses an annotator's version."""
    return f"{_VERSION}{annotator}"


def chosen_annotator(answer: str) -> str | None:
    """Return the annotator whose version an answer chooses, or None for any other answer."""
    return answer.removeprefix(_VERSION) if answer.startswith(_VERSION) else None


@dataclass(frozen=True)
class Question:
    """A disagreement: its aspect, the slot numbers, and each annotator's version.

    `slots` contains one slot, two slots for relations, or all slots of a disputed ref. Annotators
    who did not mark the mentions have no version of a value or of relations.
    """

    document: str
    aspect: str
    slots: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    versions: Mapping[str, Version]

    @property
    def key(self) -> str:
        """A hash of the question; answers are stored under this key."""
        content = (self.document, self.aspect, self.spans, _comparable_versions(self))
        return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16]

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The annotators with equal versions, in the order of the annotators."""
        groups: dict[str, list[str]] = {}
        for name, each in self.versions.items():
            groups.setdefault(_comparable(each), []).append(name)
        return [tuple(names) for names in groups.values()]

    @property
    def answers(self) -> list[str]:
        """The possible answers: each different version, both, neither, and other.

        Both is possible if it differs from every version. Neither is possible if all annotators
        marked something.
        """
        versions = [self.versions[names[0]] for names in self.groups]
        return [
            *(version_of(names[0]) for names in self.groups),
            *([BOTH] if _is_combinable(self.aspect, versions) else []),
            *([NEITHER] if all(versions) else []),
            OTHER,
        ]


def _is_combinable(aspect: str, versions: Sequence[Version]) -> bool:
    """Return whether all versions together differ from each version."""
    if aspect == MENTION:
        return len({each[0] for each in versions if isinstance(each, tuple)}) > 1
    if aspect == RELATION:
        union = {relation for each in versions if isinstance(each, dict) for relation in each}
        return all(union != set(each or ()) for each in versions)
    return False


def _comparable(version: Version) -> str:
    """Return a text that is equal for equal versions."""
    content: object = version
    if isinstance(version, dict):
        content = sorted((key, sorted(values.items())) for key, values in version.items())
    return msgspec.json.encode(content, order="sorted").decode()


def _comparable_versions(question: Question) -> str:
    versions = [(name, _comparable(each)) for name, each in question.versions.items()]
    return msgspec.json.encode(versions).decode()


def find_questions(aligned: AlignedVersions) -> list[Question]:
    """Return the questions in text order; a relation comes after the mentions that it connects."""
    mentions = _merge_refs(_mention_questions(aligned))
    return sorted([*mentions, *_relation_questions(aligned)], key=_place)


def _place(question: Question) -> tuple[Any, ...]:
    is_relation = question.aspect == RELATION
    return question.spans[-1 if is_relation else 0], is_relation, question.spans


def _merge_refs(questions: Iterable[Question]) -> Iterator[Question]:
    """Yield questions; those about the same refs of different mentions are merged."""
    merged: dict[str, Question] = {}
    for each in questions:
        if each.aspect == REF_NAME and all(each.versions.values()):
            versions = _comparable_versions(each)
            known = merged.get(versions, replace(each, slots=(), spans=()))
            spans, slots = known.spans + each.spans, known.slots + each.slots
            merged[versions] = replace(known, spans=spans, slots=slots)
        else:
            yield each
    yield from merged.values()


def _mention_questions(aligned: AlignedVersions) -> Iterator[Question]:
    (document, *_) = (each.id for each in aligned.versions.values())
    for number, slot in enumerate(aligned.slots):
        keys = {slot.mentions.get(name) for name in aligned.versions}
        names = () if len(keys) > 1 else _differing_values(slot)
        if len(keys) > 1:
            mentions = {name: _mention_version(slot, name) for name in aligned.versions}
            yield Question(document, MENTION, (number,), (slot.span,), mentions)
        for value in names:
            values = {name: each.get(value) for name, each in slot.values.items()}
            yield Question(document, value, (number,), (slot.span,), values)


def _differing_values(slot: Slot) -> list[str]:
    agreed = slot.agreed_values
    return sorted({name for each in slot.values.values() for name in each if name not in agreed})


def _mention_version(slot: Slot, name: str) -> tuple[MentionKey, Values] | None:
    """Return an annotator's mention, and those of its values on which annotators disagree."""
    if name not in slot.mentions:
        return None
    agreed = slot.agreed_values
    own = {key: value for key, value in slot.values[name].items() if key not in agreed}
    return slot.mentions[name], own


def _relation_questions(aligned: AlignedVersions) -> Iterator[Question]:
    (document, *_) = (each.id for each in aligned.versions.values())
    for ends in related_slots(aligned):
        given = {name: relations_between(aligned, name, ends) for name in aligned.judges(*ends)}
        agreed = agreed_relations(given.values())
        versions = {
            name: {key: each[key] for key in each if key not in agreed}
            for name, each in given.items()
        }
        if any(versions.values()):
            spans = tuple(aligned.slots[number].span for number in ends)
            yield Question(document, RELATION, ends, spans, versions)


def agreed_relations(given: Iterable[Relations]) -> Relations:
    """Return the relations that several annotators all gave with equal attributes."""
    first, *others = given
    return {
        relation: attributes
        for relation, attributes in first.items()
        if all(each.get(relation) == attributes for each in others)
    }


def related_slots(aligned: AlignedVersions) -> list[tuple[int, int]]:
    """Return the pairs of slots between which any annotator drew relations, in text order."""
    pairs = {
        (min(head, tail), max(head, tail))
        for relations in aligned.relations.values()
        for head, tail, _ in relations
    }
    return sorted(pairs)


def relations_between(aligned: AlignedVersions, name: str, ends: tuple[int, int]) -> Relations:
    """Return an annotator's relations between two slots, in either direction."""
    return {
        relation: attributes
        for relation, attributes in sorted(aligned.relations[name].items())
        if {relation[0], relation[1]} == set(ends)
    }
