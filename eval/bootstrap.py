"""Document bootstrap: how far each ratio would move with other documents of the same kind.

Percentile intervals (Efron & Tibshirani 1993, ch. 13): documents are drawn with replacement,
the counts summed, the ratios taken; the interval holds the middle 95 % of the replicates.
A replicate in which a ratio is undefined drops out of that ratio's interval and is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aloi.eval.counts import RATIOS
from aloi.eval.scores import Scores

LEVEL = 0.95

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Low and high bounds, None if no replicate defined the ratio; `lost` replicates had none."""

    low: float | None
    high: float | None
    lost: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals by ratio name: for each type, for all together (micro), for the mean (macro)."""

    types: dict[str, dict[str, Interval]]
    micro: dict[str, Interval]
    macro: dict[str, Interval]


def intervals(scores: Scores, *, replicates: int, seed: int) -> Intervals:
    """Draw the documents again `replicates` times and take 95 % percentile intervals."""
    counts = _resampled(scores, replicates, seed)
    per_type = _ratios(counts)
    micro = _ratios(counts.sum(axis=1, keepdims=True))[:, 0]
    width = per_type.shape[1]
    mean = np.nan_to_num(per_type).sum(axis=1) / width if width else np.full_like(micro, np.nan)
    types = {label: _named(per_type[:, i]) for i, label in enumerate(scores.labels)}
    return Intervals(types, _named(micro), _named(mean))


def _resampled(scores: Scores, replicates: int, seed: int) -> Floats:
    """Summed counts of each replicate: (replicates, types, 3)."""
    documents = len(scores.by_document)
    weights = np.zeros((replicates, documents))
    if documents:
        draws = np.random.default_rng(seed).integers(documents, size=(replicates, documents))
        for replicate, draw in enumerate(draws):
            weights[replicate] = np.bincount(draw, minlength=documents)
    flat = scores.by_document.reshape(documents, 3 * len(scores.labels)).astype(float)
    summed: Floats = (weights @ flat).reshape(replicates, len(scores.labels), 3)
    return summed


def _ratios(counts: Floats) -> Floats:
    """(…, 3) counts to (…, 3) ratios, NaN where undefined."""
    tp, fp, fn = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)], axis=-1)


def _named(replicated: Floats) -> dict[str, Interval]:
    return {name: _interval(replicated[:, i]) for i, name in enumerate(RATIOS)}


def _interval(values: Floats) -> Interval:
    defined = values[~np.isnan(values)]
    lost = len(values) - len(defined)
    if not len(defined):
        return Interval(None, None, lost)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), lost)
