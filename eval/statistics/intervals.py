"""Confidence intervals by bootstrap over documents.

For each replicate, documents are drawn with replacement, their counts are summed, and the ratios
are computed from the sums. The bounds of an interval are quantiles of the values of a ratio.
Replicates in which the ratio is undefined are excluded, and their number is reported.

- *percentile* (Efron & Tibshirani 1993, ch. 13): the quantiles 0.025 and 0.975. For few documents,
  these intervals are too narrow.
- *expanded percentile* (Hesterberg 2015): the quantiles Φ(±√(n / (n − 1)) · t) for n documents,
  where t is the 0.975 quantile of Student's t distribution with n − 1 degrees of freedom.

`bench/interval_coverage.py` measures how often each interval contains the true value. With fewer
than `MIN_DOCUMENTS` documents or `MIN_INSTANCES` gold items, both contain it too rarely.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from aloi.corpus.problems import count_noun
from aloi.eval.columns import Floats, Ints
from aloi.eval.schemes import IntervalMethod
from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import Scores

CONFIDENCE_LEVEL = 0.95

MIN_DOCUMENTS = 30
"""With fewer documents, intervals are doubtful."""

MIN_INSTANCES = 10
"""The interval of a type with fewer gold items is doubtful."""

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


def bootstrap_intervals(
    scores: Scores[Any],
    *,
    replicates: int,
    seed: int,
    method: IntervalMethod = IntervalMethod.EXPANDED,
) -> Intervals:
    """Return the 95 % intervals of all ratios.

    Two calls with the same seed and the same number of documents draw the same documents.
    """
    counts = resample(scores.by_document, replicates, seed)
    per_type = scores.kind.compute_ratios(counts)
    micro = scores.kind.compute_ratios(counts.sum(axis=1))
    width = per_type.shape[1]
    mean = np.nan_to_num(per_type).sum(axis=1) / width if width else np.full_like(micro, np.nan)
    tail = tail_probability(len(scores.by_document), method)
    types = {label: _by_ratio(per_type[:, i], tail) for i, label in enumerate(scores.labels)}
    return Intervals(types, _by_ratio(micro, tail), _by_ratio(mean, tail))


def resample(by_document: Ints | Floats, replicates: int, seed: int) -> Floats:
    """Return the counts of each bootstrap replicate, summed over the drawn documents.

    Shape: (replicates, types, counts).
    """
    documents = len(by_document)
    flat = by_document.reshape(documents, int(np.prod(by_document.shape[1:])))
    dtype = exact_dtype(int(flat.sum())) if flat.dtype.kind in "iu" else np.float64
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


def few_documents_note(documents: int) -> Iterator[str]:
    """Yield a note if there are fewer than `MIN_DOCUMENTS` documents."""
    if documents < MIN_DOCUMENTS:
        number = count_noun(documents, "document")
        yield f"intervals are doubtful: {number}, fewer than {MIN_DOCUMENTS}"


def tail_probability(documents: int, method: IntervalMethod) -> float:
    """Return the share of replicates below the lower bound and the equal share above the upper.

    A single document has no variance, so its interval is not expanded.
    """
    tail = (1 - CONFIDENCE_LEVEL) / 2
    if method is IntervalMethod.PERCENTILE or documents < 2:
        return tail
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import, not needed for scores

    t = float(stdtrit(documents - 1, tail))
    return NormalDist().cdf(math.sqrt(documents / (documents - 1)) * t)


def _by_ratio(replicated: Floats, tail: float) -> dict[str, Interval]:
    return {name: quantile_interval(replicated[:, i], tail) for i, name in enumerate(RATIOS)}


def quantile_interval(values: Floats, tail: float) -> Interval:
    """Return the quantiles `tail` and 1 - `tail`, ignoring NaN; `lost` is the number of NaN."""
    defined = values[~np.isnan(values)]
    lost = len(values) - len(defined)
    if not len(defined):
        return Interval(None, None, lost)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), lost)
