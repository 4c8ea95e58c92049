"""Differences between the means of several runs, by hand and under the null hypothesis."""

import math

import numpy as np
import pytest
from scipy import stats

from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores
from aloi.eval.statistics.run_variance import RunDifference, compare_runs


def scores(found: np.ndarray) -> Scores[Counts]:
    """Return the scores of a run that finds `found[i]` of 10 mentions in document i."""
    counts = np.stack([found, np.zeros_like(found), 10 - found], axis=-1)
    return Scores(Counts, ("PER",), counts[:, None, :], {"gold": 0, "pred": 0})


def recall(baseline: list[np.ndarray], other: list[np.ndarray]) -> RunDifference:
    sides = ([scores(np.asarray(run)) for run in side] for side in (baseline, other))
    difference = compare_runs(*sides, replicates=300, seed=1).micro["recall"]
    assert difference is not None
    return difference


def test_equal_documents_leave_welchs_t_test_over_the_runs() -> None:
    # In every document, the runs find 5, 6, 7 and 6, 8, 9 mentions: only seeds differ.
    baseline, other = ([np.full(40, n) for n in runs] for runs in ((5, 6, 7), (6, 8, 9)))
    each = recall(baseline, other)
    welch = stats.ttest_ind((0.6, 0.8, 0.9), (0.5, 0.6, 0.7), equal_var=False)
    assert each.p == pytest.approx(welch.pvalue)
    assert each.documents == pytest.approx(0)
    bounds = welch.confidence_interval()
    assert (each.interval.low, each.interval.high) == pytest.approx((bounds.low, bounds.high))
    assert str(each.other) == "0.767 (0.600–0.900)"


def test_single_runs_leave_the_variance_over_documents() -> None:
    generator = np.random.default_rng(4)
    one, two = generator.integers(3, 8, size=60), generator.integers(3, 8, size=60)
    each = recall([one], [two])
    paired = stats.ttest_rel(two / 10, one / 10)
    assert each.p == pytest.approx(paired.pvalue, abs=0.03)  # the variance is bootstrapped
    assert each.runs == 0


def test_identical_systems_do_not_differ() -> None:
    run = np.full(5, 4)
    each = recall([run, run], [run, run])
    assert (each.difference, each.p, each.freedom) == (0, 1, None)


def test_systems_that_differ_only_by_chance_are_rarely_significant() -> None:
    """Documents, seeds and their interaction vary; both systems have the same distribution."""
    generator = np.random.default_rng(11)
    rejected, trials = 0, 150
    for _ in range(trials):
        difficulty = generator.normal(0, 1, size=40)

        def run(difficulty: np.ndarray = difficulty) -> np.ndarray:
            skill = generator.normal(0.5, 0.3)
            chance = 1 / (1 + np.exp(-(skill + difficulty)))
            return generator.binomial(10, chance)

        each = recall([run() for _ in range(3)], [run() for _ in range(3)])
        rejected += each.p is not None and each.p < 0.05
    assert rejected / trials < 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)
