"""Significance tests of the difference between two systems on the same documents.

Paired bootstrap (Efron & Tibshirani 1993): in each replicate, documents are drawn with replacement.
The ratio of each system is computed on the drawn documents, and the difference of the two ratios is
recorded. The interval has quantiles of these differences as bounds (see
`aloi.eval.statistics.intervals`). k is the number of replicates with
|difference − observed difference| ≥ |observed difference|.

Approximate randomisation (Noreen 1989; Yeh 2000): in each replicate, the outputs of the two systems
are swapped on each document with probability 1/2, and the difference is computed. k is the number
of replicates with |difference| ≥ |observed difference|.

In each of the two tests, p is two-sided: (k + 1) / (n + 1) for n replicates. Replicates with an
undefined ratio are excluded, and their number is reported. The p of the paired bootstrap is too
small: where two systems do not differ, it is below 0.05 in 6 to 8 % of comparisons. Tables contain
only the p of approximate randomisation.

The macro average is over the types in gold (see `aloi.eval.statistics.compared_counts`).

The replicates depend on the order of the documents and on the seed; `pair_annotations` sorts
documents by id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aloi.eval.columns import Floats, Ints
from aloi.eval.scores import Scores
from aloi.eval.scoring_choices import IntervalMethod
from aloi.eval.statistics.compared_counts import ComparedCounts, RatioFunction
from aloi.eval.statistics.intervals import (
    Interval,
    batch_sizes,
    exact_dtype,
    quantile_interval,
    resample,
    tail_probability,
)

DIFFERENCE_TOLERANCE = 1e-12
"""The tolerance for rounding errors when two differences are compared."""


@dataclass(frozen=True, slots=True)
class RatioDifference:
    """The difference (other − baseline) between two systems in one ratio, with p-values.

    `interval` and `p_bootstrap` are results of the paired bootstrap. `p` is the result of
    approximate randomisation, and `lost` is the number of randomisation replicates with an
    undefined difference. `p_holm` is `p` with Holm's correction over the types. If the ratio of a
    system is undefined, the difference and the p-values are None.
    """

    baseline: float | None
    other: float | None
    difference: float | None
    interval: Interval
    p_bootstrap: float | None
    p: float | None
    lost: int
    p_holm: float | None = None

    def corrected(self, p_holm: float | None) -> RatioDifference:
        """Return the difference with the p-value of Holm's correction."""
        return replace(self, p_holm=p_holm)

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        return {
            "baseline": self.baseline,
            "other": self.other,
            "difference": self.difference,
            "ci": [self.interval.low, self.interval.high],
            "ci_lost_replicates": self.interval.lost,
            "p_bootstrap": self.p_bootstrap,
            "p": self.p,
            "p_lost_replicates": self.lost,
            "p_holm": self.p_holm,
        }


RatioDifferences = dict[str, RatioDifference]
"""Differences by ratio name."""


@dataclass(frozen=True, slots=True)
class ScoreDifferences:
    """The differences of all ratios, for each type, the micro average and the macro average.

    `support` is the number of gold items by type.
    """

    support: dict[str, int]
    types: dict[str, RatioDifferences]
    micro: RatioDifferences
    macro: RatioDifferences


def compare_scores(
    baseline: Scores[Any],
    other: Scores[Any],
    *,
    replicates: int,
    seed: int,
    method: IntervalMethod = IntervalMethod.EXPANDED,
) -> ScoreDifferences:
    """Return the differences between two systems under one scheme, on the same documents."""
    compared = ComparedCounts.of([baseline, other])
    one, two = compared.counts
    observed = compared.observed()
    drawn = resample(np.concatenate([one, two], axis=1), replicates, seed)
    types = one.shape[1]
    resampled = compared.compute(drawn[:, types:]) - compared.compute(drawn[:, :types])
    batches = randomise(one, two, compared.compute, replicates=replicates, seed=seed)
    swapped = np.concatenate([np.zeros((0, *resampled.shape[1:])), *batches])
    tail = tail_probability(len(one), method)

    def measure(row: int, ratio: int) -> RatioDifference:
        place = (slice(None), row, ratio)
        return _ratio_difference(observed[place], resampled[place], swapped[place], tail)

    return ScoreDifferences(compared.support, *compared.differences(measure))


def randomise(
    baseline: Ints, other: Ints, compute: RatioFunction, *, replicates: int, seed: int
) -> Iterator[Floats]:
    """Yield one array per batch of replicates: the differences after random swaps of outputs.

    Shapes: (documents, types, n) for `baseline` and `other`; (replicates, types, n) for the counts
    that are passed to `compute`.
    """
    documents = len(baseline)
    gains = (other - baseline).reshape(documents, int(np.prod(baseline.shape[1:])))
    is_exact = gains.dtype.kind in "iu"
    dtype = exact_dtype(int(np.abs(gains).sum())) if is_exact else np.float64
    exact_gains = gains.astype(dtype)
    generator = np.random.default_rng(seed)
    for size in batch_sizes(replicates, documents):
        swaps = generator.integers(2, size=(size, documents), dtype=np.int8).astype(dtype)
        moved = (swaps @ exact_gains).reshape(size, *baseline.shape[1:]).astype(np.float64)
        yield compute(other.sum(axis=0) - moved) - compute(baseline.sum(axis=0) + moved)


def _ratio_difference(
    observed_ratios: Floats, resampled: Floats, swapped: Floats, tail: float
) -> RatioDifference:
    baseline, other = observed_ratios
    observed = other - baseline
    p_bootstrap, _ = _p_value(resampled - observed, observed)
    p, lost = _p_value(swapped, observed)
    return RatioDifference(
        _none_if_nan(baseline),
        _none_if_nan(other),
        _none_if_nan(observed),
        quantile_interval(resampled, tail),
        p_bootstrap,
        p,
        lost,
    )


def _none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _p_value(replicated: Floats, observed: float) -> tuple[float | None, int]:
    """Return the p-value of the observed difference, and the number of undefined replicates."""
    defined = replicated[~np.isnan(replicated)]
    lost = len(replicated) - len(defined)
    if np.isnan(observed):
        return None, lost
    at_least = np.count_nonzero(np.abs(defined) >= abs(observed) - DIFFERENCE_TOLERANCE)
    return (int(at_least) + 1) / (len(defined) + 1), lost
