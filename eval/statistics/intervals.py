"""Confidence intervals by bootstrap over documents.

Percentile intervals (Efron & Tibshirani 1993, ch. 13): for each replicate, documents are drawn with
replacement, their counts are summed, and the ratios are computed from the sums. The interval of a
ratio is the middle 95 % of its values. Replicates in which the ratio is undefined are excluded, and
their number is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aloi.eval.columns import Floats, Ints
from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import Scores

CONFIDENCE_LEVEL = 0.95

MAX_BATCH_CELLS = 1 << 20
"""The largest number of weights (replicates times documents) in memory at one time."""

MAX_EXACT_SUM = 1 << 24
"""Single precision represents every integer up to this value exactly."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The bounds of a confidence interval.

    `lost` is the number of replicates with an undefined ratio. If the ratio was undefined in every
    replicate, the bounds are None.
    """

    low: float | None
    high: float | None
    lost: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals by ratio name, for each type, the micro average and the macro average."""

    types: dict[str, dict[str, Interval]]
    micro: dict[str, Interval]
    macro: dict[str, Interval]


def bootstrap_intervals(scores: Scores[Any], *, replicates: int, seed: int) -> Intervals:
    """Return the 95 % intervals of all ratios.

    Two calls with the same seed and the same number of documents draw the same documents.
    """
    counts = resample(scores.by_document, replicates, seed)
    per_type = scores.kind.compute_ratios(counts)
    micro = scores.kind.compute_ratios(counts.sum(axis=1))
    width = per_type.shape[1]
    mean = np.nan_to_num(per_type).sum(axis=1) / width if width else np.full_like(micro, np.nan)
    types = {label: _by_ratio(per_type[:, i]) for i, label in enumerate(scores.labels)}
    return Intervals(types, _by_ratio(micro), _by_ratio(mean))


def resample(by_document: Ints, replicates: int, seed: int) -> Floats:
    """Return the counts of each bootstrap replicate, summed over the drawn documents.

    Shape: (replicates, types, counts).
    """
    documents = len(by_document)
    flat = by_document.reshape(documents, int(np.prod(by_document.shape[1:])))
    dtype = exact_dtype(int(flat.sum()))
    sums = [
        weights @ flat.astype(dtype)
        for weights in _draw_weights(documents, replicates, seed, dtype)
    ]
    summed = np.concatenate(sums) if sums else np.zeros((0, flat.shape[1]))
    return summed.reshape(len(summed), *by_document.shape[1:]).astype(np.float64)


def exact_dtype(largest: int) -> type[np.floating[Any]]:
    """Return the smallest float type in which sums up to `largest` are exact."""
    return np.float32 if largest < MAX_EXACT_SUM else np.float64


def batch_sizes(replicates: int, documents: int) -> Iterator[int]:
    """Yield the number of replicates in each batch.

    A batch contains at most `MAX_BATCH_CELLS` weights, but at least one replicate.
    """
    size = max(MAX_BATCH_CELLS // max(documents, 1), 1)
    for start in range(0, replicates, size):
        yield min(size, replicates - start)


def _draw_weights(
    documents: int, replicates: int, seed: int, dtype: type[np.floating[Any]]
) -> Iterator[npt.NDArray[np.floating[Any]]]:
    """Yield one array per batch: how often each replicate draws each document.

    Shape: (replicates in the batch, documents).
    """
    generator = np.random.default_rng(seed)
    for size in batch_sizes(replicates, documents):
        if not documents:
            yield np.zeros((size, 0), dtype=dtype)
            continue
        draws = generator.integers(documents, size=(size, documents))
        draws += np.arange(size)[:, None] * documents
        drawn = np.bincount(draws.ravel(), minlength=size * documents)
        yield drawn.reshape(size, documents).astype(dtype)


def _by_ratio(replicated: Floats) -> dict[str, Interval]:
    return {name: percentile_interval(replicated[:, i]) for i, name in enumerate(RATIOS)}


def percentile_interval(values: Floats) -> Interval:
    """Return the middle 95 % of the values, ignoring NaN; `lost` is the number of NaN values."""
    defined = values[~np.isnan(values)]
    lost = len(values) - len(defined)
    if not len(defined):
        return Interval(None, None, lost)
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), lost)
