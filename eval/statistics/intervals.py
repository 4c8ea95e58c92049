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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from aloi.corpus.problems import count_noun
from aloi.eval.columns import Floats, Ints
from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import Scores
from aloi.eval.scoring_choices import IntervalMethod

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
    return bootstrap_schemes([scores], replicates=replicates, seed=seed, method=method)[0]


def bootstrap_schemes(
    schemes: Sequence[Scores[Any]],
    *,
    replicates: int,
    seed: int,
    method: IntervalMethod = IntervalMethod.EXPANDED,
) -> list[Intervals]:
    """Return the intervals of several schemes on the same documents, which are drawn only once."""
    counts = [scores.by_document for scores in schemes]
    return [
        _intervals(scores, drawn, method)
        for scores, drawn in zip(schemes, resample_together(counts, replicates, seed), strict=True)
    ]


def _intervals(scores: Scores[Any], counts: Floats, method: IntervalMethod) -> Intervals:
    """Return the intervals of one scheme; shape of `counts`: (replicates, types, n)."""
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
    return resample_together([by_document], replicates, seed)[0]


def resample_together(counts: Sequence[Ints | Floats], replicates: int, seed: int) -> list[Floats]:
    """Return `resample` of several arrays for the same documents, which are drawn only once."""
    if not counts:
        return []
    documents = len(counts[0])
    flat = [each.reshape(documents, int(np.prod(each.shape[1:]))) for each in counts]
    exact = all(each.dtype.kind in "iu" for each in flat)
    dtype = exact_dtype(max(int(each.sum()) for each in flat)) if exact else np.float64
    columns = np.concatenate(flat, axis=1, dtype=dtype)
    sums = [weights @ columns for weights in _draw_weights(documents, replicates, seed, dtype)]
    summed = np.concatenate(sums) if sums else np.zeros((0, columns.shape[1]))
    cuts = np.cumsum([each.shape[1] for each in flat])[:-1]
    return [
        part.reshape(len(summed), *each.shape[1:]).astype(np.float64)
        for each, part in zip(counts, np.split(summed, cuts, axis=1), strict=True)
    ]


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
