"""Confidence intervals by bootstrap over documents."""

import numpy as np
import pytest

from aloi.corpus.document import Document, Entity
from aloi.eval.columns import Annotations
from aloi.eval.items import mention_items
from aloi.eval.pairing import pair_annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, score_items
from aloi.eval.scoring_choices import IntervalMethod
from aloi.eval.statistics.intervals import (
    bootstrap_intervals,
    quantile_interval,
    tail_probability,
)


def doc(id_: str, text: str = "Ana et Bob", *ends: int) -> Document:
    entities = tuple(Entity(id=f"e{end}", start=0, end=end, label="PER") for end in ends)
    return Document(id_, text, entities)


def exact(gold: list[Document], pred: list[Document]) -> Scores[Counts]:
    pair = pair_annotations(Annotations.of(gold), Annotations.of(pred))
    return score_items(*mention_items(pair), documents=len(pair), labels=pair.labels)


def test_an_interval_contains_the_ratio_and_is_reproducible() -> None:
    gold = [doc(str(n), "Ana et Bob", 3) for n in range(20)]
    pred = [doc(str(n), "Ana et Bob", 3 if n % 4 else 2) for n in range(20)]
    scores = exact(gold, pred)
    result = bootstrap_intervals(scores, replicates=500, seed=3)
    assert result == bootstrap_intervals(scores, replicates=500, seed=3)
    low, high = result.micro["f1"].low, result.micro["f1"].high
    assert low is not None
    assert high is not None
    # 15 of 20 documents are correct: 0.75, with a standard error of about 0.1.
    assert low < 0.75 < high
    assert 0.2 < high - low < 0.5


def test_replicates_with_an_undefined_ratio_are_counted() -> None:
    # One of two documents is empty: a quarter of the replicates draw it twice.
    scores = exact([doc("a", "Ana", 3), doc("b")], [doc("a", "Ana", 3), doc("b")])
    lost = bootstrap_intervals(scores, replicates=2000, seed=0).types["PER"]["f1"].lost
    assert 400 < lost < 600


def test_an_expanded_interval_is_wider_than_a_percentile_interval() -> None:
    gold = [doc(str(n), "Ana et Bob", 3) for n in range(20)]
    pred = [doc(str(n), "Ana et Bob", *([3] if n % 4 else [2, 3, 6])) for n in range(20)]
    expanded, percentile = (
        bootstrap_intervals(exact(gold, pred), replicates=2000, seed=3, method=method).micro["f1"]
        for method in IntervalMethod
    )
    assert (expanded.high or 0) - (expanded.low or 0) > (percentile.high or 0) - (
        percentile.low or 0
    )
    # With 19 degrees of freedom, t is 2.0930: Φ(−√(20/19) · 2.0930) = Φ(−2.1474) = 0.01588.
    assert tail_probability(20, IntervalMethod.EXPANDED) == pytest.approx(0.01588, abs=1e-5)
    assert tail_probability(20, IntervalMethod.PERCENTILE) == pytest.approx(0.025)
    assert tail_probability(1, IntervalMethod.EXPANDED) == pytest.approx(0.025)


def test_the_expanded_interval_of_a_mean_has_the_promised_coverage() -> None:
    # The normal approximation with the variance divided by n − 1 instead of n.
    values = np.random.default_rng(0).normal(size=(400, 20))
    draws = np.random.default_rng(1).integers(20, size=(500, 20))
    covered = {}
    for method in IntervalMethod:
        tail = tail_probability(20, method)
        found = [quantile_interval(each[draws].mean(axis=1), tail) for each in values]
        covered[method] = np.mean([(f.low or 0) <= 0 <= (f.high or 0) for f in found])
    assert covered[IntervalMethod.PERCENTILE] < covered[IntervalMethod.EXPANDED] < 0.97


def test_doubtful_intervals_are_reported() -> None:
    few = [doc(str(n), "Ana et Bob", 3) for n in range(9)]
    assert evaluate(few, few).warnings == ()
    report = evaluate(few, few, bootstrap=5)
    assert report.warnings == (
        "intervals are doubtful: 9 documents, fewer than 30",
        "entities, intervals of types with under 10 in gold are doubtful: PER (9)",
    )
    assert "bootstrap 5 seed 0 interval expanded" in str(report.signature)
    many = [doc(str(n), "Ana et Bob", 3) for n in range(30)]
    assert evaluate(many, many, bootstrap=5).warnings == ()
