"""The choice of the thresholds on probability above which a relation is predicted."""

from __future__ import annotations

import numpy as np

from aloi.models.arrays import DoubleArray, FloatArray
from aloi.models.relations.calibration import ScoredCells

PRIOR_STRENGTH = 100
"""The weight of the common threshold in the threshold of each label, in gold relations.

With 10, thresholds chosen on one part of the dev documents lost up to 0.01 micro-F1 on the rest
(CrossRE, POPCORN, this corpus); with 100, they lost nothing against the common threshold alone.
"""

THRESHOLDS = np.arange(0.02, 0.96, 0.01)
"""The thresholds that are tried."""


def choose_thresholds(
    cells: ScoredCells, probabilities: FloatArray, *, labels: int, gold: int
) -> tuple[float, list[float]]:
    """Return the common threshold and a list with the threshold of each label.

    With calibrated probabilities the best threshold for micro-F1 is half the best F1 (Lipton et al.
    2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure"): the common threshold. The
    best threshold of a label maximises its true positives minus the common threshold times its
    predictions. The label's threshold is the mean of both, the common one weighted as
    `PRIOR_STRENGTH` gold relations. `gold` counts all gold relations, including those that no
    candidate pair covers: they lower F1 at any threshold.
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
    """Return the index of the largest value, the middle one of equal values."""
    best = np.flatnonzero(np.isclose(values, values.max()))
    return int(best[len(best) // 2])
