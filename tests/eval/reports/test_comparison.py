"""Differences between systems: hand-worked swaps, and scipy's permutation test beside ours."""

import time

import numpy as np
import pytest
from scipy import stats

from aloi.corpus.document import Document, Entity
from aloi.eval.reports.comparison import Comparison, Contrast, compare, holm


def doc(number: int, *labels: str) -> Document:
    """A mention a letter, the label of the n-th given or none for an empty string."""
    entities = tuple(
        Entity(f"e{n}", 2 * n, 2 * n + 1, label) for n, label in enumerate(labels) if label
    )
    return Document(f"d{number}", "a b c d", entities)


def contrast(comparison: Comparison) -> Contrast:
    return next(each for each in comparison.contrasts if each.task == "entities")


def random_system(generator: np.random.Generator, size: int, right: float) -> list[Document]:
    """PER on the first letter with this probability, and now and then a false LOC."""
    hit, false = generator.random(size) < right, generator.random(size) < 0.2
    return [doc(n, "PER" if hit[n] else "", "LOC" if false[n] else "") for n in range(size)]


def test_two_documents_have_four_swaps() -> None:
    # Gold 1 and 3 mentions; A finds none, B all. Recall apart: 1 (none or both swapped, ±) or
    # 3/4 - 1/4 = 1/2 (one swapped). So half of the four swaps are as large as observed: p = 1/2.
    gold = [doc(0, "PER"), doc(1, "PER", "PER", "PER")]
    empty = [doc(0), doc(1)]
    found = contrast(compare(gold, {"a": empty, "b": gold}, replicates=20_000)).micro["recall"]
    assert found.difference == 1
    assert found.p == pytest.approx(0.5, abs=4 * (0.25 / 20_000) ** 0.5)


def test_scipy_permutes_to_the_same_p() -> None:
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
    ours = contrast(compare(gold, {"a": a, "b": b}, replicates=20_000, seed=1)).micro["f1"].p
    assert ours == pytest.approx(exact.pvalue, abs=4 * (0.25 / 20_000) ** 0.5)


def test_identical_systems_do_not_differ() -> None:
    gold = [doc(n, "PER") for n in range(5)]
    found = contrast(compare(gold, {"a": gold, "b": gold}, replicates=200))
    for each in (found.micro, found.macro, found.types["PER"]):
        assert (each["f1"].p, each["f1"].p_bootstrap, each["f1"].difference) == (1, 1, 0)
    assert found.few == ("PER",)


def test_holm_by_hand() -> None:
    # Sorted .01 .02 .03 .04 times 4 3 2 1: .04 .06 .06 .04, never falling: .04 .06 .06 .06.
    assert holm([0.04, 0.01, None, 0.03, 0.02]) == pytest.approx(
        [0.06, 0.04, None, 0.06, 0.06], nan_ok=True
    )
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_interval_is_paired_and_signed_other_minus_baseline() -> None:
    # B is right wherever A is and on one more document in two: no draw puts A ahead.
    gold = [doc(n, "PER") for n in range(20)]
    a = [doc(n, "PER") if n % 2 else doc(n) for n in range(20)]
    found = contrast(compare(gold, {"a": a, "b": gold}, replicates=500)).micro["recall"]
    assert found.difference == 0.5
    assert found.interval.low is not None
    assert found.interval.low > 0


def test_an_undefined_ratio_has_no_p() -> None:
    gold = [doc(0, "PER")]
    found = contrast(compare(gold, {"a": [doc(0)], "b": gold}, replicates=50))
    assert found.micro["precision"].p is None  # A predicts nothing
    assert found.micro["recall"].p == 1  # one document: swapping only turns the sign


@pytest.mark.slow
def test_ten_thousand_documents_take_seconds() -> None:
    generator = np.random.default_rng(0)
    gold = [doc(n, "PER") for n in range(10_000)]
    a, b = (random_system(generator, 10_000, right) for right in (0.6, 0.7))
    begun = time.perf_counter()
    found = contrast(compare(gold, {"a": a, "b": b}))
    assert time.perf_counter() - begun < 60
    assert found.micro["f1"].p == 1 / 10_001
