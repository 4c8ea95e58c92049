"""Precision and recall as functions of a score threshold, for predictions with scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints
from aloi.eval.items import ItemPair, Items, mention_items, relation_items
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.scores import deduplicate, is_member

MAX_POINTS = 200
"""The largest number of points on a curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall of one type at descending thresholds, as arrays of equal length.

    `average_precision` is the area under the curve: the sum of each increase of recall, multiplied
    by the precision at this threshold. It is computed from all thresholds, before the curve is
    reduced to `MAX_POINTS`. Gold items that are predicted at no threshold contribute 0.
    """

    label: str
    threshold: Floats
    precision: Floats
    recall: Floats
    average_precision: float


class ScoredPredictions(NamedTuple):
    """The label number and score of each prediction, and whether it is correct."""

    label: Ints
    score: Floats
    correct: Bools


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


def scored_predictions(items: ItemPair, score: Floats) -> ScoredPredictions:
    """Return the predictions with scores; of duplicates, the one with the highest score.

    `score[i]` is the score of predicted item i, or NaN.
    """
    pred, score = _best_scored(items[1], score)
    scored = ~np.isnan(score)
    correct = is_member(pred.key, deduplicate(items[0]).key)
    return ScoredPredictions(pred.label[scored], score[scored], correct[scored])


def _curves(items: ItemPair, score: Floats, labels: tuple[str, ...]) -> list[Curve]:
    pred = scored_predictions(items, score)
    support = np.bincount(deduplicate(items[0]).label, minlength=len(labels)).tolist()
    curves = []
    for number, label in enumerate(labels):
        rows = pred.label == number
        if rows.any() and support[number]:
            curves.append(_curve(label, pred.score[rows], pred.correct[rows], support[number]))
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
    precision, recall = tp[last] / (last + 1), tp[last] / support
    area = float(np.sum(np.diff(recall, prepend=0) * precision))
    kept = np.unique(np.linspace(0, len(last) - 1, min(len(last), MAX_POINTS)).astype(int))
    return Curve(label, score[order][last][kept], precision[kept], recall[kept], area)
