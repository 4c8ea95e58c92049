"""Facts, as in DocRED: relations between entities instead of relations between mentions.

Mentions with the same `ref` are one entity. A mention without `ref` is a separate entity. Predicted
mentions are mapped to gold entities by their spans (see `aloi.eval.gold_entities`), so predictions
need no refs, and the names of predicted refs have no effect unless gold and predictions share them.

Ign-F1 (Yao et al. 2019) measures how well a system finds facts that are not in the training
documents. Correct predictions that are also training facts are excluded from precision, but not
from recall. The DocRED script adds 1e-5 to a denominator to avoid division by zero. This module
treats a ratio with a denominator of 0 as undefined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from aloi.eval.columns import Annotations, Floats, MentionColumns, RelationColumns
from aloi.eval.gold_entities import EntityKey, entity_keys, map_to_gold
from aloi.eval.items import ItemPair, Items
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.score_counts import Counts, ScoreCounts, name_ratios
from aloi.eval.scores import Scores

EntityNames = dict[tuple[int, EntityKey], set[str]]
"""The surface forms of each entity, by document number and entity key."""

SurfaceFacts = frozenset[tuple[str, str, str]]
"""Facts as (surface form of the head, label, surface form of the tail)."""


class Fact(NamedTuple):
    """A relation between two entities of a document."""

    document: int
    head: EntityKey
    tail: EntityKey
    label: str


@dataclass(frozen=True, slots=True)
class FactLists:
    """The facts of gold and predictions, with one fact per relation.

    `names` contains the surface forms of each gold entity.
    """

    gold: list[Fact]
    pred: list[Fact]
    names: EntityNames

    def items(self, labels: tuple[str, ...]) -> ItemPair:
        """Return the facts as gold items and predicted items; `labels` are the relation labels."""
        keys: dict[Fact, int] = {}
        label_numbers = {label: number for number, label in enumerate(labels)}
        gold, pred = (
            Items(
                np.array([fact.document for fact in side], dtype=np.int64),
                np.array([label_numbers[fact.label] for fact in side], dtype=np.int64),
                np.array([keys.setdefault(fact, len(keys)) for fact in side], dtype=np.int64),
            )
            for side in (self.gold, self.pred)
        )
        return gold, pred

    def is_known(self, fact: Fact, training: SurfaceFacts) -> bool:
        """Return whether a training fact has the same label and the same entities as `fact`.

        Two entities are the same if they have a surface form in common. The surface forms of the
        entities of `fact` are from gold.
        """
        heads = self.names.get((fact.document, fact.head), set())
        tails = self.names.get((fact.document, fact.tail), set())
        return any((head, fact.label, tail) in training for head in heads for tail in tails)


def extract_facts(
    pair: PairedAnnotations,
    *,
    symmetric: frozenset[str],
    shared_refs: bool = False,
    with_names: bool = True,
) -> FactLists:
    """Return the facts of gold and predictions.

    If the label of a relation is in `symmetric`, its head and tail are interchangeable. If
    `shared_refs` is true, predicted refs are compared with gold's refs by name. `with_names`:
    include the surface forms of entities, which only `is_known` requires.
    """
    gold, pred = pair.gold, pair.pred
    if not (len(gold.relations) or len(pred.relations)):
        return FactLists([], [], {})
    keys = entity_keys(gold.mentions)
    gold_facts = list(_facts(gold.mentions, gold.relations, keys, pair.relation_labels, symmetric))
    pred_facts = []
    if len(pred.relations):
        mapped = map_to_gold(pair, shared_refs=shared_refs)
        facts = _facts(pred.mentions, pred.relations, mapped, pair.relation_labels, symmetric)
        pred_facts = list(facts)
    names = _entity_names(gold.mentions, keys, pair.texts) if with_names else {}
    return FactLists(gold_facts, pred_facts, names)


def training_facts(training: Annotations, *, symmetric: frozenset[str]) -> SurfaceFacts:
    """Return the facts of the training documents, as surface forms.

    Each fact is returned once per surface form of the head and surface form of the tail. If its
    label is in `symmetric`, the reverse fact is also returned.
    """
    mentions = training.mentions
    entities = entity_keys(mentions)
    names = _entity_names(mentions, entities, training.texts)
    known = set()
    labels = training.relation_labels
    for fact in _facts(mentions, training.relations, entities, labels, frozenset()):
        for head in names[fact.document, fact.head]:
            for tail in names[fact.document, fact.tail]:
                known.add((head, fact.label, tail))
                if fact.label in symmetric:
                    known.add((tail, fact.label, head))
    return frozenset(known)


def _entity_names(
    mentions: MentionColumns, entities: list[EntityKey], texts: tuple[str, ...]
) -> EntityNames:
    """Return the surface forms of each entity; `entities[i]` is the entity of mention i."""
    names: EntityNames = defaultdict(set)
    for entity, (document, start, end) in zip(entities, mentions.spans(), strict=True):
        names[document, entity].add(texts[document][start:end])
    return names


def _facts(
    mentions: MentionColumns,
    relations: RelationColumns,
    entities: list[EntityKey],
    labels: tuple[str, ...],
    symmetric: frozenset[str],
) -> Iterator[Fact]:
    """Yield the fact of each relation; `entities[i]` is the entity of mention i."""
    for head, tail, label in zip(
        *(column.tolist() for column in (relations.head, relations.tail, relations.label)),
        strict=True,
    ):
        ends = [entities[head], entities[tail]]
        if labels[label] in symmetric:
            ends.sort(key=str)
        yield Fact(int(mentions.document[head]), ends[0], ends[1], labels[label])


@dataclass(frozen=True, slots=True)
class IgnCounts(ScoreCounts):
    """Counts of facts; `stated` is the number of true positives that are also training facts."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    stated: int = 0

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """Return the counts for the numbers (tp, fp, fn, stated)."""
        return cls(*numbers)

    @staticmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return Ign-precision, recall and Ign-F1; the last axis is (tp, fp, fn, stated)."""
        tp, fp, fn, stated = np.moveaxis(numbers, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall = (tp - stated) / (tp - stated + fp), tp / (tp + fn)
            f1 = 2 * precision * recall / (precision + recall)
        nothing_correct = (tp == 0) & (fp + fn > 0)
        return np.stack([precision, recall, np.where(nothing_correct, 0.0, f1)], axis=-1)

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn, "stated": self.stated}

    @property
    def support(self) -> int:
        """The number of gold facts."""
        return self.tp + self.fn

    @property
    def ratios(self) -> dict[str, float | None]:
        """Ign-precision, recall and Ign-F1 by name."""
        return name_ratios(self.compute_ratios(np.array([*self.as_dict().values()], dtype=float)))


def score_ign(
    facts: FactLists, scores: Scores[Counts], training: SurfaceFacts
) -> Scores[IgnCounts]:
    """Return `scores` with a fourth count: true positives that are also training facts."""
    gold = set(facts.gold)
    known = {fact for fact in facts.pred if fact in gold and facts.is_known(fact, training)}
    column = {label: number for number, label in enumerate(scores.labels)}
    stated = np.zeros((*scores.by_document.shape[:2], 1), dtype=np.int64)
    for fact in known:
        stated[fact.document, column[fact.label]] += 1
    counts = np.concatenate([scores.by_document, stated], axis=-1)
    return Scores(IgnCounts, scores.labels, counts, scores.duplicates)
