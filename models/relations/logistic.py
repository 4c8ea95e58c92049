"""The logistic function, and the logistic loss for labels that are predicted independently."""

from __future__ import annotations

import numpy as np

from aloi.models.arrays import BoolArray, FloatArray


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return the logistic function of the logits: probabilities from 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


def logistic_gradient(
    logits: FloatArray, truth: FloatArray, counted: BoolArray
) -> tuple[FloatArray, float]:
    """Return the gradient of the logistic loss with respect to the logits, and the loss.

    All arrays have the shape (pairs, labels). The loss is the sum over the cells that the mask
    `counted` selects.
    """
    loss = np.logaddexp(0, logits) - truth * logits
    gradient = (sigmoid(logits) - truth) * counted
    return gradient.astype(np.float32), float((loss * counted).sum())
