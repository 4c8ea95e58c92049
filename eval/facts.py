"""Facts: relations between entities rather than mentions, as DocRED counts them.

The entity of a mention is its `ref`; what has none stands for itself. A predicted mention on a
stretch that gold marks is gold's entity, so that predictions need not know gold's names.

Ign-F1 (Yao et al. 2019) asks what is found beyond training: right predictions that training states
already are left out of precision, and of precision alone. DocRED's script adds 1e-5 to a
denominator so as not to divide by zero; here such a ratio is undefined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from aloi.eval.columns import Annotations, MentionColumns, RelationColumns
from aloi.eval.counts import Counts, Numbers, Tally, named_ratios
from aloi.eval.items import Both, Items
from aloi.eval.pairing import Pair
from aloi.eval.scores import Scores

Stretch = tuple[int, int, int]
"""Document, start, end."""

Known = str | Stretch
"""An entity: its ref, or the stretch of the one mention it has."""

Names = frozenset[tuple[str, str, str]]
"""Facts by the words they are told in: head, label, tail."""


class Fact(NamedTuple):
    """What holds between two entities of a document, which are known by ref or by stretch."""

    document: int
    head: Known
    tail: Known
    label: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of gold and predictions, one a relation, and the names of each entity in gold."""

    gold: list[Fact]
    pred: list[Fact]
    names: dict[tuple[int, Known], set[str]]

    def items(self, labels: tuple[str, ...]) -> Both:
        """The facts as items to score."""
        numbers: dict[Fact, int] = {}
        known = {label: number for number, label in enumerate(labels)}
        gold, pred = (
            Items(
                np.array([fact.document for fact in side], dtype=np.int64),
                np.array([known[fact.label] for fact in side], dtype=np.int64),
                np.array([numbers.setdefault(f, len(numbers)) for f in side], dtype=np.int64),
            )
            for side in (self.gold, self.pred)
        )
        return gold, pred

    def stated(self, fact: Fact, training: Names) -> bool:
        """Whether training states a fact in some of the names its entities have in gold."""
        heads = self.names.get((fact.document, fact.head), set())
        tails = self.names.get((fact.document, fact.tail), set())
        return any((head, fact.label, tail) in training for head in heads for tail in tails)


def facts(pair: Pair, *, symmetric: frozenset[str]) -> Facts:
    """The facts of both sides; one of a symmetric label is the same whichever way it is told."""
    gold, pred = pair.gold, pair.pred
    refs = {
        stretch: ref
        for stretch, ref in zip(_stretches(gold.mentions), gold.mentions.ref, strict=True)
        if ref is not None
    }
    entities = [
        [refs.get(stretch) or ref or stretch for stretch, ref in _named(side.mentions)]
        for side in (gold, pred)
    ]
    told = [
        list(_told(side.mentions, side.relations, known, pair.relation_labels, symmetric))
        for side, known in zip((gold, pred), entities, strict=True)
    ]
    return Facts(told[0], told[1], _names(gold.mentions, entities[0], pair.texts))


def stated_facts(training: Annotations, *, symmetric: frozenset[str]) -> Names:
    """Every fact of the training documents, in all the names its entities have there."""
    mentions = training.mentions
    entities = [ref or stretch for stretch, ref in _named(mentions)]
    names = _names(mentions, entities, training.texts)
    found = set()
    labels = training.relation_labels
    for fact in _told(mentions, training.relations, entities, labels, frozenset()):
        for head in names[fact.document, fact.head]:
            for tail in names[fact.document, fact.tail]:
                found.add((head, fact.label, tail))
                if fact.label in symmetric:
                    found.add((tail, fact.label, head))
    return frozenset(found)


def _names(
    mentions: MentionColumns, entities: list[Known], texts: tuple[str, ...]
) -> dict[tuple[int, Known], set[str]]:
    """The surfaces by which each entity of each document is called."""
    names: dict[tuple[int, Known], set[str]] = defaultdict(set)
    for entity, (document, start, end) in zip(entities, _stretches(mentions), strict=True):
        names[document, entity].add(texts[document][start:end])
    return names


def _stretches(mentions: MentionColumns) -> Iterable[Stretch]:
    columns = (mentions.document, mentions.start, mentions.end)
    return zip(*(column.tolist() for column in columns), strict=True)


def _named(mentions: MentionColumns) -> Iterator[tuple[Stretch, str | None]]:
    return zip(_stretches(mentions), mentions.ref, strict=True)


def _told(
    mentions: MentionColumns,
    relations: RelationColumns,
    entities: list[Known],
    labels: tuple[str, ...],
    symmetric: frozenset[str],
) -> Iterator[Fact]:
    for head, tail, label in zip(
        *(column.tolist() for column in (relations.head, relations.tail, relations.label)),
        strict=True,
    ):
        ends = [entities[head], entities[tail]]
        if labels[label] in symmetric:
            ends.sort(key=str)
        yield Fact(int(mentions.document[head]), ends[0], ends[1], labels[label])


@dataclass(frozen=True, slots=True)
class Unstated(Tally):
    """Counts of facts; `stated` of the true positives are in training already."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    stated: int = 0

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """From tp, fp, fn, stated."""
        return cls(*numbers)

    @staticmethod
    def rates(numbers: Numbers) -> Numbers:
        """Ign-precision, recall, Ign-F1 from the four numbers on the last axis."""
        tp, fp, fn, stated = np.moveaxis(numbers, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall = (tp - stated) / (tp - stated + fp), tp / (tp + fn)
            f1 = 2 * precision * recall / (precision + recall)
        nothing_right = (tp == 0) & (fp + fn > 0)
        return np.stack([precision, recall, np.where(nothing_right, 0.0, f1)], axis=-1)

    def plain(self) -> dict[str, int]:
        """The counts by name."""
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn, "stated": self.stated}

    @property
    def support(self) -> int:
        """How many facts gold has."""
        return self.tp + self.fn

    @property
    def ratios(self) -> dict[str, float | None]:
        """Ign-precision, recall and Ign-F1 by name."""
        return named_ratios(self.rates(np.array([*self.plain().values()], dtype=float)))


def unstated(told: Facts, scores: Scores[Counts], training: Names) -> Scores[Unstated]:
    """The scores of facts with those told apart that training states already."""
    wanted = set(told.gold)
    right = {fact for fact in told.pred if fact in wanted and told.stated(fact, training)}
    column = {label: number for number, label in enumerate(scores.labels)}
    stated = np.zeros((*scores.by_document.shape[:2], 1), dtype=np.int64)
    for fact in right:
        stated[fact.document, column[fact.label]] += 1
    counts = np.concatenate([scores.by_document, stated], axis=-1)
    return Scores(Unstated, scores.labels, counts, scores.duplicates)
