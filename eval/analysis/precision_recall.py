"""Precision and recall as functions of a score threshold, for predictions with scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aloi.eval.columns import Bools, Floats
from aloi.eval.items import ItemPair, Items, mention_items, relation_items
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.scores import deduplicate, is_member

MAX_POINTS = 200
"""The largest number of points on a curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall of one type at descending thresholds, as arrays of equal length."""

    label: str
    threshold: Floats
    precision: Floats
    recall: Floats


def entity_curves(pair: PairedAnnotations) -> list[Curve]:
    """Return the curve of each entity type under the exact scheme.

    Of duplicate predictions, the one with the highest score counts. Types without gold mentions or
    without predicted scores are omitted.
    """
    return _curves(mention_items(pair), pair.pred.mentions.score, pair.labels)


def relation_curves(pair: PairedAnnotations, *, symmetric: frozenset[str]) -> list[Curve]:
    """Return the curve of each relation type under the strict scheme.

    Of duplicate predictions, the one with the highest score counts. Types without gold relations or
    without predicted scores are omitted.
    """
    items = relation_items(pair, typed=True, symmetric=symmetric)
    return _curves(items, pair.pred.relations.score, pair.relation_labels)


def _curves(items: ItemPair, score: Floats, labels: tuple[str, ...]) -> list[Curve]:
    gold, (pred, score) = deduplicate(items[0]), _best_scored(items[1], score)
    correct = is_member(pred.key, gold.key)
    curves = []
    for number, label in enumerate(labels):
        rows = (pred.label == number) & ~np.isnan(score)
        support = int((gold.label == number).sum())
        if rows.any() and support:
            curves.append(_curve(label, score[rows], correct[rows], support))
    return curves


def _best_scored(items: Items, score: Floats) -> tuple[Items, Floats]:
    """Return the items without duplicates; of equal items, the one with the highest score."""
    order = np.lexsort((-np.nan_to_num(score, nan=-1), items.key))
    key = items.key[order]
    rows = order[np.append(True, key[1:] != key[:-1])] if len(key) else order
    return Items(items.document[rows], items.label[rows], items.key[rows]), score[rows]


def _curve(label: str, score: Floats, correct: Bools, support: int) -> Curve:
    order = np.argsort(-score, kind="stable")
    tp = np.cumsum(correct[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    kept = last[np.unique(np.linspace(0, len(last) - 1, min(len(last), MAX_POINTS)).astype(int))]
    return Curve(label, score[order][kept], tp[kept] / (kept + 1), tp[kept] / support)
