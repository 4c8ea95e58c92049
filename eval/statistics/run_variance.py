"""Differences between two systems with several runs each, such as one run per training seed.

The score of a system is the mean over its runs. Its difference from the baseline varies for two
reasons: other documents would give other scores, and so would other training seeds. The variance
of the difference is the sum of

- the variance over documents: the bootstrap variance of the difference of the means, in which all
  runs have the same drawn documents, multiplied by n / (n − 1) for n documents;
- for each system with k > 1 runs, the variance over runs: the sample variance of its k scores,
  divided by k. A system with one run contributes nothing, as if it were deterministic.

The test is Welch's t test on this sum: p is two-sided, from Student's t distribution with the
degrees of freedom of Satterthwaite (1946), and the interval is the 95 % interval of the same
distribution. The variation of runs between documents is in both parts, so the test is slightly
conservative. An undefined ratio of a run counts as 0, unless it is undefined in all runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aloi.eval.columns import Floats
from aloi.eval.scores import Scores
from aloi.eval.statistics.compared_counts import ComparedCounts
from aloi.eval.statistics.intervals import CONFIDENCE_LEVEL, Interval, resample_together

MIN_RUNS = 3
"""With fewer runs, the variance over runs is hardly known."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The values of a ratio in the runs of one system, in the order of the runs."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the runs."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float | None:
        """The sample standard deviation over the runs; None for a single run."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        low, high = min(self.values), max(self.values)
        values = list(self.values)
        return {"mean": self.mean, "sd": self.sd, "min": low, "max": high, "runs": values}

    def __str__(self) -> str:
        if len(self.values) == 1:
            return f"{self.mean:.3f}"
        return f"{self.mean:.3f} ({min(self.values):.3f}–{max(self.values):.3f})"


@dataclass(frozen=True, slots=True)
class RunDifference:
    """The difference (other − baseline) of the means over runs, with interval and p-value.

    `documents` and `runs` are the standard errors from documents and from runs, and `freedom` the
    degrees of freedom. Without any variance, p is None unless the difference is 0.
    """

    baseline: RunSummary
    other: RunSummary
    interval: Interval
    p: float | None
    documents: float
    runs: float
    freedom: float | None
    p_holm: float | None = None

    def corrected(self, p_holm: float | None) -> RunDifference:
        """Return the difference with the p-value of Holm's correction."""
        return replace(self, p_holm=p_holm)

    @property
    def difference(self) -> float:
        """The difference of the means."""
        return self.other.mean - self.baseline.mean

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        return {
            "baseline": self.baseline.to_json(),
            "other": self.other.to_json(),
            "difference": self.difference,
            "ci": [self.interval.low, self.interval.high],
            "se_documents": self.documents,
            "se_runs": self.runs,
            "degrees_of_freedom": self.freedom,
            "p": self.p,
            "p_holm": self.p_holm,
        }


RunDifferencesByRatio = dict[str, RunDifference | None]
"""Differences by ratio name; None if a ratio is undefined in all runs of a system."""


@dataclass(frozen=True, slots=True)
class RunDifferences:
    """The differences of all ratios, for each type, the micro average and the macro average.

    `support` is the number of gold items by type.
    """

    support: dict[str, int]
    types: dict[str, RunDifferencesByRatio]
    micro: RunDifferencesByRatio
    macro: RunDifferencesByRatio


def compare_runs(
    baseline: Sequence[Scores[Any]], other: Sequence[Scores[Any]], *, replicates: int, seed: int
) -> RunDifferences:
    """Return the differences between two systems under one scheme, given the scores of each run.

    `replicates` and `seed` are those of the bootstrap over documents.
    """
    compared = ComparedCounts.of([*baseline, *other])
    runs = len(baseline)
    observed = compared.observed()
    drawn = map(compared.compute, resample_together(compared.counts, replicates, seed))
    resampled = np.nan_to_num(np.stack(list(drawn)))
    means = resampled[runs:].mean(axis=0) - resampled[:runs].mean(axis=0)
    documents = len(compared.counts[0])
    variance = np.zeros(means.shape[1:])
    if documents > 1:
        variance = means.var(axis=0, ddof=1) * documents / (documents - 1)

    def measure(row: int, ratio: int) -> RunDifference | None:
        values = observed[:, row, ratio]
        return _run_difference(values[:runs], values[runs:], float(variance[row, ratio]), documents)

    return RunDifferences(compared.support, *compared.differences(measure))


def _run_difference(
    baseline: Floats, other: Floats, document_variance: float, documents: int
) -> RunDifference | None:
    if np.isnan(baseline).all() or np.isnan(other).all():
        return None
    sides = [np.nan_to_num(side) for side in (baseline, other)]
    one, two = (RunSummary(tuple(side.tolist())) for side in sides)
    difference = two.mean - one.mean
    parts = [(document_variance, documents - 1), *_run_variances(sides)]
    total = sum(variance for variance, _ in parts)
    runs = math.sqrt(sum(variance for variance, _ in parts[1:]))
    errors = math.sqrt(document_variance), runs
    if total == 0:
        p = 1.0 if difference == 0 else None
        interval = Interval(difference, difference, 0)
        return RunDifference(one, two, interval, p, *errors, None)
    freedom = total**2 / sum(v**2 / degrees for v, degrees in parts if v > 0)
    p, interval = _t_test(difference, math.sqrt(total), freedom)
    return RunDifference(one, two, interval, p, *errors, freedom)


def _run_variances(sides: Sequence[Floats]) -> Iterator[tuple[float, int]]:
    """Yield the variance of each system's mean over runs, and its degrees of freedom."""
    for side in sides:
        if len(side) > 1:
            yield float(side.var(ddof=1)) / len(side), len(side) - 1


def _t_test(difference: float, error: float, freedom: float) -> tuple[float, Interval]:
    """Return the two-sided p-value and the 95 % interval of a difference."""
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - slow to import, not always needed

    p = float(2 * stdtr(freedom, -abs(difference) / error))
    margin = error * float(stdtrit(freedom, (1 + CONFIDENCE_LEVEL) / 2))
    return p, Interval(difference - margin, difference + margin, 0)
