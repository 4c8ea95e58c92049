"""Differences between systems, compared with manual results and scipy's permutation test."""

import time

import numpy as np
import pytest
from scipy import stats

from aloi.corpus.document import Document, Entity
from aloi.eval.reports.system_comparison import Comparison, compare_systems
from aloi.eval.scoring_choices import EvaluationOptions
from aloi.eval.statistics.compared_counts import holm
from aloi.eval.statistics.significance import ScoreDifferences


def doc(number: int, *labels: str) -> Document:
    """Return a document with a mention per letter; no mention for an empty label."""
    entities = tuple(
        Entity(id=f"e{n}", start=2 * n, end=2 * n + 1, label=label)
        for n, label in enumerate(labels)
        if label
    )
    return Document(f"d{number}", "a b c d", entities)


def entity_differences(comparison: Comparison) -> ScoreDifferences:
    return next(each.differences for each in comparison.systems if each.task == "entities")


def random_system(generator: np.random.Generator, size: int, right: float) -> list[Document]:
    """Return predictions of PER with probability `right`, and of a wrong LOC with 0.2."""
    hit, false = generator.random(size) < right, generator.random(size) < 0.2
    return [doc(n, "PER" if hit[n] else "", "LOC" if false[n] else "") for n in range(size)]


def test_two_documents_have_four_swaps() -> None:
    # Gold has 1 and 3 mentions; A finds none, B all. The recall differs by 1 (none or both
    # swapped) or by 3/4 - 1/4 = 1/2 (one swapped), so half of the swaps are as large as observed.
    gold = [doc(0, "PER"), doc(1, "PER", "PER", "PER")]
    empty = [doc(0), doc(1)]
    recall = entity_differences(
        compare_systems(gold, {"a": empty, "b": gold}, replicates=20_000)
    ).micro["recall"]
    assert recall.difference == 1
    assert recall.p == pytest.approx(0.5, abs=4 * (0.25 / 20_000) ** 0.5)


def test_p_equals_that_of_scipy() -> None:
    generator = np.random.default_rng(5)
    gold = [doc(n, "PER") for n in range(12)]
    a, b = random_system(generator, 12, 0.3), random_system(generator, 12, 0.8)

    def counts(pred: list[Document]) -> np.ndarray:
        hits = [any(e.label == "PER" for e in p.entities) for p in pred]
        return np.array([[hit, len(p.entities)] for hit, p in zip(hits, pred, strict=True)])

    def f1(rows: np.ndarray) -> float:
        return float(2 * rows[:, 0].sum() / (rows[:, 1].sum() + len(gold)))

    one, two = counts(a), counts(b)
    rows = np.concatenate([one, two])

    def statistic(x: np.ndarray, y: np.ndarray) -> float:
        return f1(rows[y.astype(int)]) - f1(rows[x.astype(int)])

    numbers = np.arange(24.0)
    exact = stats.permutation_test(
        (numbers[:12], numbers[12:]),
        lambda x, y: abs(statistic(x, y)),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="greater",
        vectorized=False,
    )
    ours = (
        entity_differences(
            compare_systems(gold, {"a": a, "b": b}, EvaluationOptions(seed=1), replicates=20_000)
        )
        .micro["f1"]
        .p
    )
    assert ours == pytest.approx(exact.pvalue, abs=4 * (0.25 / 20_000) ** 0.5)


def test_identical_systems_have_p_1() -> None:
    gold = [doc(n, "PER") for n in range(5)]
    comparison = compare_systems(gold, {"a": gold, "b": gold}, replicates=200)
    differences = entity_differences(comparison)
    for each in (differences.micro, differences.macro, differences.types["PER"]):
        assert (each["f1"].p, each["f1"].p_bootstrap, each["f1"].difference) == (1, 1, 0)
    assert comparison.systems[0].unreliable_types == ("PER",)


def test_macro_is_the_mean_over_the_types_in_gold() -> None:
    # Both systems find PER; B also predicts LOC, which is not in gold.
    gold = [doc(n, "PER") for n in range(4)]
    b = [doc(n, "PER", "LOC") for n in range(4)]
    comparison = compare_systems(gold, {"a": gold, "b": b}, replicates=20)
    macro = entity_differences(comparison).macro["f1"]
    assert (macro.baseline, macro.other) == (1, 1)
    assert "macro over the types in gold" in str(comparison.signature)
    nothing = [doc(n) for n in range(4)]
    empty = entity_differences(compare_systems(nothing, {"a": nothing, "b": b}, replicates=20))
    assert empty.macro["f1"].other is None


def test_holm() -> None:
    # Sorted .01 .02 .03 .04 times 4 3 2 1 is .04 .06 .06 .04; made monotonic .04 .06 .06 .06.
    assert holm([0.04, 0.01, None, 0.03, 0.02]) == pytest.approx(
        [0.06, 0.04, None, 0.06, 0.06], nan_ok=True
    )
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_interval_is_paired_and_positive_if_the_other_system_is_better() -> None:
    # B is correct on all documents, A on half of them: A is better in no replicate.
    gold = [doc(n, "PER") for n in range(20)]
    a = [doc(n, "PER") if n % 2 else doc(n) for n in range(20)]
    recall = entity_differences(compare_systems(gold, {"a": a, "b": gold}, replicates=500)).micro[
        "recall"
    ]
    assert recall.difference == 0.5
    assert recall.interval.low is not None
    assert recall.interval.low > 0


def test_an_undefined_ratio_has_no_p() -> None:
    gold = [doc(0, "PER")]
    differences = entity_differences(
        compare_systems(gold, {"a": [doc(0)], "b": gold}, replicates=50)
    )
    assert differences.micro["precision"].p is None  # A predicts nothing
    assert differences.micro["recall"].p == 1  # one document: swapping only changes the sign


@pytest.mark.slow
def test_ten_thousand_documents_are_compared_in_a_minute() -> None:
    generator = np.random.default_rng(0)
    gold = [doc(n, "PER") for n in range(10_000)]
    a, b = (random_system(generator, 10_000, right) for right in (0.6, 0.7))
    start = time.perf_counter()
    differences = entity_differences(compare_systems(gold, {"a": a, "b": b}))
    assert time.perf_counter() - start < 60
    assert differences.micro["f1"].p == 1 / 10_001


def test_a_scheme_without_annotations_has_no_table() -> None:
    gold = [doc(0, "PER")]
    comparison = compare_systems(gold, {"a": gold, "b": gold}, replicates=20)
    assert [sheet.title for sheet in comparison.sheets()] == [
        "entities, outermost: b − a; F1 unless noted"
    ]
    nothing = [doc(0)]
    empty = compare_systems(nothing, {"a": nothing, "b": nothing}, replicates=20)
    assert list(empty.sheets()) == []
    assert empty.warnings[-1] == (
        "nothing to compare: neither gold nor the predictions contain entities or relations"
    )
