"""The logistic function and the loss of independent labels."""

from __future__ import annotations

import numpy as np

from aloi.models.arrays import BoolArray, FloatArray


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return the probabilities, 0 to 1, for logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


def logistic_gradient(
    logits: FloatArray, truth: FloatArray, counted: BoolArray
) -> tuple[FloatArray, float]:
    """Return the gradient of the summed logistic loss with respect to the logits, and the loss.

    All arrays have the shape (pairs, labels); cells outside `counted` contribute no loss.
    """
    loss = np.logaddexp(0, logits) - truth * logits
    gradient = (sigmoid(logits) - truth) * counted
    return gradient.astype(np.float32), float((loss * counted).sum())
