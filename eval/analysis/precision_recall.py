"""Precision and recall as the threshold on scores falls, where predictions bear scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aloi.eval.columns import Bools, Floats
from aloi.eval.items import Both, relations, spans
from aloi.eval.pairing import Pair
from aloi.eval.scores import among, distinct

POINTS = 200
"""The most points of a curve that are kept."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One type's curve, from the highest threshold down: three columns of equal length."""

    label: str
    threshold: Floats
    precision: Floats
    recall: Floats


def entity_curves(pair: Pair) -> list[Curve]:
    """A curve for each type whose predicted mentions have scores, exact."""
    return _curves(spans(pair), pair.pred.mentions.score, pair.labels)


def relation_curves(pair: Pair, *, symmetric: frozenset[str]) -> list[Curve]:
    """A curve for each type whose predicted relations have scores, strict."""
    both = relations(pair, typed=True, symmetric=symmetric)
    return _curves(both, pair.pred.relations.score, pair.relation_labels)


def _curves(both: Both, score: Floats, labels: tuple[str, ...]) -> list[Curve]:
    gold, pred = distinct(both[0]), both[1]
    right = among(pred.key, gold.key)
    curves = []
    for number, label in enumerate(labels):
        rows = (pred.label == number) & ~np.isnan(score)
        support = int((gold.label == number).sum())
        if rows.any() and support:
            curves.append(_curve(label, score[rows], right[rows], support))
    return curves


def _curve(label: str, score: Floats, right: Bools, support: int) -> Curve:
    order = np.argsort(-score, kind="stable")
    tp = np.cumsum(right[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    kept = last[np.unique(np.linspace(0, len(last) - 1, min(len(last), POINTS)).astype(int))]
    return Curve(label, score[order][kept], tp[kept] / (kept + 1), tp[kept] / support)
