"""Alignment of the mentions of several annotators, so that their relations can be compared.

A slot is one thing that annotators marked, with at most one mention per annotator. Mentions of
different annotators are in one slot if they are equal. Other mentions are aligned if they have the
same span (a different type), the same label and overlapping spans (different boundaries), or spans
that overlap by more than half of their union (both). The most similar mentions are aligned first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import takewhile

from aloi.annotation.compare.content import (
    DocumentContent,
    MentionKey,
    RelationKey,
    Values,
    common_values,
    extract_content,
)
from aloi.corpus.document import Document
from aloi.corpus.schema import Schema

MIN_OVERLAP = 0.5
"""Mentions with different labels and spans are aligned if they overlap by more than this.

The overlap is the length of the intersection divided by the length of the union.
"""

SlotRelation = tuple[int, int, str]
"""The slot numbers of head and tail, and the label; symmetric relations have sorted slots."""


@dataclass(frozen=True)
class Slot:
    """The aligned mentions of annotators: the mention of each annotator, and its values."""

    mentions: Mapping[str, MentionKey]
    values: Mapping[str, Values]

    @property
    def span(self) -> tuple[int, int]:
        """The span of all mentions together, in code points."""
        keys = self.mentions.values()
        return min(start for start, _, _ in keys), max(end for _, end, _ in keys)

    @property
    def agreed_values(self) -> Values:
        """The values that all annotators of the mentions gave."""
        return common_values(self.values.values())


@dataclass(frozen=True)
class AlignedVersions:
    """The versions of a document with aligned mentions; slots are in text order."""

    versions: Mapping[str, Document]
    schema: Schema

    @cached_property
    def contents(self) -> dict[str, DocumentContent]:
        """The content of each version, by annotator."""
        return {name: extract_content(each, self.schema) for name, each in self.versions.items()}

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, sorted by span."""
        groups = align_mentions({name: each.mentions for name, each in self.contents.items()})
        slots = [Slot(group, self._values(group)) for group in groups]
        return tuple(sorted(slots, key=lambda each: (each.span, *each.mentions.values())))

    def _values(self, group: Mapping[str, MentionKey]) -> dict[str, Values]:
        return {name: self.contents[name].mentions[key] for name, key in group.items()}

    @cached_property
    def numbers(self) -> dict[str, dict[MentionKey, int]]:
        """The slot number of each annotator's mentions."""
        numbers: dict[str, dict[MentionKey, int]] = {name: {} for name in self.versions}
        for number, slot in enumerate(self.slots):
            for name, key in slot.mentions.items():
                numbers[name][key] = number
        return numbers

    @cached_property
    def relations(self) -> dict[str, dict[SlotRelation, Values]]:
        """The relations of each annotator between slots, with their attributes."""
        relations: dict[str, dict[SlotRelation, Values]] = {name: {} for name in self.versions}
        for name, content in self.contents.items():
            for key, attributes in content.relations.items():
                relations[name].setdefault(self._slot_relation(name, key), attributes)
        return relations

    def _slot_relation(self, name: str, relation: RelationKey) -> SlotRelation:
        head, tail, label = relation
        ends = self.numbers[name][head], self.numbers[name][tail]
        first, second = sorted(ends) if label in self.schema.symmetric else ends
        return first, second, label

    def judges(self, *slots: int) -> list[str]:
        """Return the annotators who marked the mentions of all these slots."""
        return [
            name
            for name in self.versions
            if all(name in self.slots[number].mentions for number in slots)
        ]


def align_mentions(
    mentions: Mapping[str, Iterable[MentionKey]],
) -> list[dict[str, MentionKey]]:
    """Return groups of aligned mentions, with at most one mention per annotator in a group."""
    group_of: dict[MentionKey, dict[str, MentionKey]] = {}
    for name, keys in mentions.items():
        for key in keys:
            group_of.setdefault(key, {})[name] = key
    disputed = sorted(key for key, group in group_of.items() if len(group) < len(mentions))
    for _, first, second in sorted(_similar_mentions(disputed)):
        left, right = group_of[first], group_of[second]
        if not left.keys() & right.keys():
            left.update(right)
            group_of.update(dict.fromkeys(right.values(), left))
    groups = {id(group): group for group in group_of.values()}
    return [{name: group[name] for name in mentions if name in group} for group in groups.values()]


def _similar_mentions(
    keys: Sequence[MentionKey],
) -> Iterator[tuple[tuple[int, float], MentionKey, MentionKey]]:
    """Yield the pairs of overlapping mentions that may be aligned, with a rank (lowest first).

    `keys` must be sorted.
    """
    for number, first in enumerate(keys):
        for second in takewhile(partial(_starts_within, first), keys[number + 1 :]):
            overlap = _overlap(first, second)
            if first[:2] == second[:2]:
                yield (0, -overlap), first, second
            elif first[2] == second[2]:
                yield (1, -overlap), first, second
            elif overlap > MIN_OVERLAP:
                yield (2, -overlap), first, second


def _starts_within(first: MentionKey, second: MentionKey) -> bool:
    return second[0] < first[1]


def _overlap(first: MentionKey, second: MentionKey) -> float:
    common = min(first[1], second[1]) - max(first[0], second[0])
    return common / (max(first[1], second[1]) - min(first[0], second[0]))
