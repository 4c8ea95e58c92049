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

The macro average is the mean over the types in gold, so it is the same for all comparisons of a
system; labels that only a system predicts lower the micro average alone. An undefined ratio counts
as 0.

The replicates depend on the order of the documents and on the seed; `pair_annotations` sorts
documents by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints
from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import Scores
from aloi.eval.scoring_choices import IntervalMethod
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

RatioFunction = Callable[[Floats], Floats]
"""A function that computes ratios of shape (…, 3) from counts of shape (…, n)."""


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
    labels = sorted({*baseline.labels, *other.labels})
    counts = [expand_labels(scores, labels) for scores in (baseline, other)]
    support = gold_supports(labels, baseline, other)
    in_gold = np.array([support[label] > 0 for label in labels], dtype=np.bool_)
    compute = with_averages(baseline.kind.compute_ratios, in_gold)
    tail = tail_probability(len(counts[0]), method)
    differences = _compare_counts(counts[0], counts[1], compute, replicates, seed, tail)
    types = _apply_holm(dict(zip(labels, differences, strict=False)))
    return ScoreDifferences(support, types, *differences[-2:])


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


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for multiple tests (Holm 1979).

    A value of None stays None and does not count as a test.
    """
    ranked = sorted((value, place) for place, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, place) in enumerate(ranked):
        highest = max(highest, min(1.0, (len(ranked) - rank) * value))
        corrected[place] = highest
    return corrected


def gold_supports(labels: Sequence[str], *sides: Scores[Any]) -> dict[str, int]:
    """Return the number of gold items by label; all `sides` have the same gold items."""
    types = [side.types for side in sides]
    return {
        label: next(counts[label].support for counts in types if label in counts)
        for label in labels
    }


def expand_labels(scores: Scores[Any], labels: Sequence[str]) -> Ints:
    """Return the counts for all `labels`, with 0 for labels that the scores do not contain."""
    shape = scores.by_document.shape
    dtype = np.result_type(scores.by_document.dtype, np.int64)
    counts = np.zeros((shape[0], len(labels), shape[2]), dtype=dtype)
    counts[:, [labels.index(label) for label in scores.labels]] = scores.by_document
    return counts


def with_averages(compute_ratios: RatioFunction, in_gold: Bools) -> RatioFunction:
    """Return a function that computes the ratios of all types, then micro, then macro averages.

    The function takes counts of shape (…, types, n) and returns ratios of shape (…, types + 2, 3).
    The macro average is the mean over the types for which `in_gold` is true.
    """

    def compute(counts: Floats) -> Floats:
        types, micro = compute_ratios(counts), compute_ratios(counts.sum(axis=-2, keepdims=True))
        if in_gold.any():
            macro = np.nan_to_num(types[..., in_gold, :]).mean(axis=-2, keepdims=True)
        else:
            macro = np.full_like(micro, np.nan)
        return np.concatenate([types, micro, macro], axis=-2)

    return compute


def _compare_counts(
    baseline: Ints, other: Ints, compute: RatioFunction, replicates: int, seed: int, tail: float
) -> list[RatioDifferences]:
    """Return the differences of each type, of the micro average and of the macro average."""
    ratios, other_ratios = (compute(side.sum(axis=0).astype(float)) for side in (baseline, other))
    drawn = resample(np.concatenate([baseline, other], axis=1), replicates, seed)
    types = baseline.shape[1]
    resampled = compute(drawn[:, types:]) - compute(drawn[:, :types])
    batches = randomise(baseline, other, compute, replicates=replicates, seed=seed)
    swapped = np.concatenate([np.zeros((0, *resampled.shape[1:])), *batches])
    return [
        {
            name: _ratio_difference(
                (ratios[row, i], other_ratios[row, i]),
                resampled[:, row, i],
                swapped[:, row, i],
                tail,
            )
            for i, name in enumerate(RATIOS)
        }
        for row in range(types + 2)
    ]


def _ratio_difference(
    ratios: tuple[float, float], resampled: Floats, swapped: Floats, tail: float
) -> RatioDifference:
    baseline, other = ratios
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


def _apply_holm(types: Mapping[str, RatioDifferences]) -> dict[str, RatioDifferences]:
    """Return the differences with Holm's correction over the types, separately for each ratio."""
    corrected = {
        name: holm([differences[name].p for differences in types.values()]) for name in RATIOS
    }
    return {
        label: {name: replace(differences[name], p_holm=corrected[name][place]) for name in RATIOS}
        for place, (label, differences) in enumerate(types.items())
    }
