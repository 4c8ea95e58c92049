"""Choice of thresholds: the minimum probabilities of predicted relations."""

from __future__ import annotations

import numpy as np

from aloi.models.arrays import DoubleArray, FloatArray
from aloi.models.relations.calibration import ScoredCells

PRIOR_STRENGTH = 100
"""The weight of the common threshold when the threshold of a label is chosen.

It is comparable to a number of gold relations (see `choose_thresholds`). To select it, thresholds
were chosen on one part of the dev documents and evaluated on the rest (CrossRE, POPCORN, this
corpus). Compared with the common threshold alone, a weight of 10 lowered micro-F1 by up to 0.01; a
weight of 100 did not lower micro-F1.
"""

THRESHOLDS = np.arange(0.02, 0.96, 0.01)
"""The thresholds that are evaluated."""


def choose_thresholds(
    cells: ScoredCells, probabilities: FloatArray, *, labels: int, gold: int
) -> tuple[float, list[float]]:
    """Return the common threshold and a list with the threshold of each label.

    The common threshold is half the best micro-F1. With calibrated probabilities, this threshold is
    optimal for micro-F1 (Lipton et al. 2014, "Optimal Thresholding of Classifiers to Maximize F1
    Measure"). The best threshold of a label maximises (true positives - common threshold *
    predictions) for this label. The threshold of a label is the weighted mean of its best threshold
    and the common threshold. The weights are the label's number of gold relations and
    `PRIOR_STRENGTH`.

    labels: the number of labels. gold: the number of all gold relations. It includes relations that
    no candidate pair covers, because these lower F1 at any threshold.
    """
    true_positives, predicted = np.zeros((2, labels, len(THRESHOLDS)))
    for step, threshold in enumerate(THRESHOLDS):
        kept = probabilities >= threshold
        predicted[:, step] = np.bincount(cells.label[kept], minlength=labels)
        true_positives[:, step] = np.bincount(
            cells.label[kept], cells.truth[kept], minlength=labels
        )
    f1 = 2 * true_positives.sum(axis=0) / np.maximum(predicted.sum(axis=0) + gold, 1)
    common = float(f1.max()) / 2
    gains = true_positives - common * predicted
    best = np.array([THRESHOLDS[_middle_argmax(row)] for row in gains])
    support = np.bincount(cells.label, cells.truth, minlength=labels)
    own = (support * best + PRIOR_STRENGTH * common) / (support + PRIOR_STRENGTH)
    return round(common, 3), own.round(3).tolist()


def _middle_argmax(values: DoubleArray) -> int:
    """Return the index of the largest value; if several values are largest, the middle index."""
    best = np.flatnonzero(np.isclose(values, values.max()))
    return int(best[len(best) // 2])
