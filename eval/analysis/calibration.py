"""Calibration: whether the scores of predictions agree with their precision.

The predictions are divided into bins by score. The expected calibration error (ECE) is the mean
difference between the mean score and the precision of a bin, weighted by the number of predictions
in the bin (Naeini et al. 2015, with equal-width bins). Only predictions count: gold items without a
prediction have no score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aloi.eval.analysis.precision_recall import ScoredPredictions, scored_predictions
from aloi.eval.columns import Floats, Ints
from aloi.eval.items import mention_items, relation_items
from aloi.eval.pairing import PairedAnnotations

BINS = 10
"""The number of bins between the scores 0 and 1."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The number of predictions, mean score and precision of each bin that is not empty.

    `lower` contains the lower bound of each bin; its upper bound is 1 / `BINS` above.
    """

    lower: Floats
    predictions: Ints
    score: Floats
    precision: Floats

    @property
    def error(self) -> float:
        """The expected calibration error, between 0 and 1."""
        gap = np.abs(self.score - self.precision)
        return float(np.sum(self.predictions * gap) / np.sum(self.predictions))


def entity_calibration(pair: PairedAnnotations) -> Calibration | None:
    """Return the calibration of mentions under the exact scheme; None if there are no scores."""
    return _calibration(scored_predictions(mention_items(pair), pair.pred.mentions.score))


def relation_calibration(
    pair: PairedAnnotations, *, symmetric: frozenset[str]
) -> Calibration | None:
    """Return the calibration of relations under the strict scheme; None if there are no scores."""
    items = relation_items(pair, typed=True, symmetric=symmetric)
    return _calibration(scored_predictions(items, pair.pred.relations.score))


def _calibration(pred: ScoredPredictions) -> Calibration | None:
    if not len(pred.score):
        return None
    bin_ = np.minimum((pred.score * BINS).astype(np.int64), BINS - 1)
    size = np.bincount(bin_, minlength=BINS)
    used = np.flatnonzero(size)
    score, correct = (
        np.bincount(bin_, weights=values, minlength=BINS)[used] / size[used]
        for values in (pred.score, pred.correct)
    )
    return Calibration(used / BINS, size[used], score, correct)
