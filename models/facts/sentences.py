"""The sentence that states a relation, and the date in it that the relation has.

The sentence is the one that contains the later end of the relation: an end in an earlier sentence
is what a pronoun refers to. The date is a mention of that sentence with a date label, chosen by
these rules, in this order:

1. an end of the relation that is a date;
2. a date that a relation of the document links to an end (*sommet* OCCURS_ON *novembre*);
3. the nearest date, in characters, to an end of the relation. Dates that a relation links to
   another thing, and dates inside another mention (*2010* in *budget de 2010*), are left out.

If several dates are equally good, the first one in the text is chosen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.segmentation import sentence_starts

Span = tuple[int, int]
"""Start and end in code points."""


@dataclass(frozen=True)
class StatementContext:
    """The sentences, dates and mentions of a document; `date_labels` are the labels of dates."""

    document: Document
    date_labels: Collection[str] = ()
    by_id: dict[str, Entity] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", self.document.by_id())

    @cached_property
    def _starts(self) -> list[int]:
        return sentence_starts(self.document.text)

    @cached_property
    def _dates(self) -> list[Entity]:
        dates = [each for each in self.document.entities if each.label in self.date_labels]
        return sorted(dates, key=lambda each: each.start)

    @cached_property
    def _linked(self) -> dict[str, set[str]]:
        """The ids of the mentions that relations link to each date, by the id of the date."""
        linked: defaultdict[str, set[str]] = defaultdict(set)
        dates = {each.id for each in self._dates}
        for relation in self.document.relations:
            for one, other in ((relation.head, relation.tail), (relation.tail, relation.head)):
                if one in dates:
                    linked[one].add(other)
        return linked

    def ends(self, relation: Relation) -> tuple[Entity, Entity]:
        """Return the head and the tail of a relation."""
        return self.by_id[relation.head], self.by_id[relation.tail]

    def sentence(self, relation: Relation) -> Span:
        """Return the sentence of the later end, without white space around it."""
        later = max(each.start for each in self.ends(relation))
        number = bisect_right(self._starts, later)
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.document.text)
        text = self.document.text[start:end]
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip())

    def date(self, relation: Relation) -> Entity | None:
        """Return the date of a relation, or None if its sentence has none."""
        ends = self.ends(relation)
        if found := [each for each in ends if each.label in self.date_labels]:
            return found[0]
        start, end = self.sentence(relation)
        dates = [each for each in self._dates if start <= each.start < end]
        own = [each for each in dates if self._linked[each.id] & {each.id for each in ends}]
        free = [each for each in dates if not self._linked[each.id] and not self._inside(each)]
        return min(own or free, key=lambda date: _distance(date, ends), default=None)

    def _inside(self, date: Entity) -> bool:
        """Return whether another mention contains a date."""
        return any(
            each.start <= date.start and date.end <= each.end and each is not date
            for each in self.document.entities
        )


def _distance(date: Entity, ends: tuple[Entity, Entity]) -> int:
    """Return the characters between a date and the nearer end."""
    return min(max(each.start - date.end, date.start - each.end, 0) for each in ends)
