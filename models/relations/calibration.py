"""Calibration of a relation extractor's probabilities on the dev documents.

Calibration replaces each logit by scale * logit + shift. The calibrated probability is the logistic
function of this value (Platt 1999, "Probabilistic Outputs for Support Vector Machines"). The
calibration error is measured by cross-validation on two halves of the dev documents: each half is
evaluated with the calibration that was fitted on the other half.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from aloi.models.arrays import BoolArray, FloatArray, IntArray
from aloi.models.relations.logistic import sigmoid

RELIABILITY_BINS = 10
"""The number of equal-width probability bins in the reliability table."""

MIN_RELIABILITY_PROBABILITY = 0.01
"""The reliability table omits lower probabilities. Most pairs have far lower probabilities."""


class LinearCalibration(NamedTuple):
    """A linear function of logits: scale * logit + shift."""

    scale: float
    shift: float


class ScoredCells(NamedTuple):
    """Cells: all permitted combinations of a candidate pair and a relation label.

    Each array contains one value per cell. document: the index of the document. label: the index of
    the relation label. logit: the output of the network. truth: 1 if gold contains the relation,
    else 0.
    """

    document: IntArray
    label: IntArray
    logit: FloatArray
    truth: FloatArray

    def select(self, rows: BoolArray) -> ScoredCells:
        """Return the cells selected by the mask `rows`."""
        document, label, logit, truth = self
        return ScoredCells(document[rows], label[rows], logit[rows], truth[rows])


class ReliabilityBin(NamedTuple):
    """A bin of the reliability table: the cells with a probability in one interval.

    cells: the number of cells. probability: the mean probability of the cells. right: the
    proportion of cells for which gold contains the relation.
    """

    cells: int
    probability: float
    right: float


def fit_calibration(cells: ScoredCells) -> LinearCalibration:
    """Return the maximum-likelihood calibration, or (1, 0) if all cells have the same `truth`."""
    if len(np.unique(cells.truth)) < 2:
        return LinearCalibration(1.0, 0.0)
    model = LogisticRegression(C=1e6).fit(cells.logit[:, None], cells.truth)
    scale, shift = model.coef_[0, 0], model.intercept_[0]
    return LinearCalibration(round(float(scale), 4), round(float(shift), 4))


def calibrate(cells: ScoredCells, calibration: LinearCalibration) -> FloatArray:
    """Return the calibrated probabilities of the cells. Shape: (cells,)."""
    return sigmoid(calibration.scale * cells.logit + calibration.shift)


def cross_calibrate(cells: ScoredCells) -> FloatArray:
    """Return the probabilities of the cells, calibrated by cross-validation. Shape: (cells,).

    The calibration for each half of the documents is fitted on the other half.
    """
    odd = cells.document % 2 == 1
    probabilities = np.zeros(len(odd), dtype=np.float32)
    for half in (odd, ~odd):
        calibration = fit_calibration(cells.select(~half))
        probabilities[half] = calibrate(cells.select(half), calibration)
    return probabilities


def reliability(cells: ScoredCells, probabilities: FloatArray) -> dict[str, Any]:
    """Return the reliability table (`bins`) and the expected calibration error (`error`).

    Only probabilities of at least `MIN_RELIABILITY_PROBABILITY` are included. They are divided into
    `RELIABILITY_BINS` bins; empty bins are omitted. The error of a bin is the absolute difference
    between the mean probability and the proportion of gold relations. The expected calibration
    error is the mean over the bins, weighted by their sizes (Naeini et al. 2015).
    """
    likely = probabilities >= MIN_RELIABILITY_PROBABILITY
    truth, probabilities = cells.truth[likely], probabilities[likely]
    number = (probabilities * RELIABILITY_BINS).astype(np.int64)
    number = np.minimum(number, RELIABILITY_BINS - 1)
    bins = [
        ReliabilityBin(int(members.sum()), _mean(probabilities[members]), _mean(truth[members]))
        for members in (number == each for each in range(RELIABILITY_BINS))
        if members.any()
    ]
    distance = sum(each.cells * abs(each.probability - each.right) for each in bins)
    return {
        "error": round(distance / max(len(truth), 1), 4),
        "bins": [each._asdict() for each in bins],
    }


def _mean(values: FloatArray) -> float:
    """Return the mean, rounded to 4 decimals."""
    return round(float(values.mean()), 4)
