"""Averages over documents and weighted averages, on counts that can be checked by hand."""

import pytest

from aloi.corpus.document import Document, Entity
from aloi.eval.reports.report import Report, evaluate


def mentions(*spans: tuple[int, int, str]) -> tuple[Entity, ...]:
    return tuple(
        Entity(id=f"e{n}", start=start, end=end, label=label)
        for n, (start, end, label) in enumerate(spans)
    )


def score(*sides: tuple[tuple[Entity, ...], tuple[Entity, ...]], **options: float) -> Report:
    """Return the report of pairs of gold and predicted mentions, one pair per document."""
    gold, pred = (
        [Document(f"d{n}", "x" * 20, each[side]) for n, each in enumerate(sides)] for side in (0, 1)
    )
    return evaluate(gold, pred, **options)


ONE, TWO = mentions((0, 2, "A")), mentions((0, 2, "A"), (4, 6, "B"))


def test_a_document_without_mentions_is_in_no_average() -> None:
    averages = score((TWO, ONE), (ONE, ONE), ((), ())).document_macro["exact"]
    # Recall is 1/2 and 1; HIPE's standard deviation is that of the population.
    assert averages["recall"].to_json() == {"mean": 0.75, "sd": 0.25, "documents": 2}
    assert str(averages["precision"]) == "1.000 ± 0.000"


def test_the_weighted_average_counts_types_by_their_gold_mentions() -> None:
    report = score((TWO, ONE), (ONE, ONE), (ONE, ()))
    weighted = report.to_json()["entities"]["exact"]["weighted"]
    # A: 2 of 3 found; B: 0 of 1.
    assert weighted["recall"] == pytest.approx((3 * 2 / 3 + 1 * 0) / 4)


def test_pairs_below_the_minimum_overlap_are_not_partial() -> None:
    gold, pred = mentions((0, 10, "A")), mentions((0, 4, "A"))  # 4 of 10 characters
    for threshold, f1 in ((0.0, 0.5), (0.4, 0.5), (0.5, 0.0)):
        report = score((gold, pred), min_overlap=threshold)
        assert report.entities["semeval-partial"].scores.micro.ratios["f1"] == f1
    assert "min overlap 0.5" in str(report.signature)
