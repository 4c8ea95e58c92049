"""Counts of right, spurious and missed items, and the ratios that follow from them.

With gold and predicted items as sets of keys: tp = |gold ∩ pred|, fp = |pred − gold|,
fn = |gold − pred|; precision = tp / (tp + fp), recall = tp / (tp + fn), F1 = 2PR / (P + R),
which is 2tp / (2tp + fp + fn). A ratio whose denominator is 0 is undefined: None.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

RATIOS = ("precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives, false negatives of one type, or of several together."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def support(self) -> int:
        """How many items gold has."""
        return self.tp + self.fn

    @property
    def precision(self) -> float | None:
        """The share of predicted items that are right."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """The share of gold items that were found."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


def macro(types: Iterable[Counts]) -> dict[str, float | None]:
    """The mean of each ratio over types, an undefined one counting as 0; None without types."""
    ratios = [counts.ratios for counts in types]
    if not ratios:
        return dict.fromkeys(RATIOS)
    return {name: sum(each[name] or 0.0 for each in ratios) / len(ratios) for name in RATIOS}


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
