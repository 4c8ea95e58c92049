"""Counts of right, spurious and missed items, and the ratios that follow from them.

With gold and predicted items as sets of keys: tp = |gold ∩ pred|, fp = |pred − gold|,
fn = |gold − pred|; precision = tp / (tp + fp), recall = tp / (tp + fn), F1 = 2PR / (P + R),
which is 2tp / (2tp + fp + fn). A ratio whose denominator is 0 is undefined: None.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

RATIOS = ("precision", "recall", "f1")

Numbers = npt.NDArray[np.float64]


class Tally(ABC):
    """Whole numbers from which precision, recall and F1 follow."""

    @classmethod
    @abstractmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """The tally of these numbers, in the order that `rates` reads them."""

    @staticmethod
    @abstractmethod
    def rates(numbers: Numbers) -> Numbers:
        """Arrays (…, numbers) to (…, 3): precision, recall, F1; NaN where undefined."""

    @abstractmethod
    def plain(self) -> dict[str, int]:
        """The numbers by name."""

    @property
    @abstractmethod
    def support(self) -> int:
        """How many items gold has."""

    @property
    @abstractmethod
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name; None where undefined."""


@dataclass(frozen=True, slots=True)
class Counts(Tally):
    """True positives, false positives, false negatives of one type, or of several together."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """From tp, fp, fn."""
        return cls(*numbers)

    @staticmethod
    def rates(numbers: Numbers) -> Numbers:
        """From tp, fp, fn on the last axis."""
        tp, fp, fn = np.moveaxis(numbers, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.stack([tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)], axis=-1)

    def plain(self) -> dict[str, int]:
        """The counts by name."""
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn}

    @property
    def support(self) -> int:
        """How many items gold has."""
        return self.tp + self.fn

    @property
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name."""
        return named_ratios(self.rates(np.array([self.tp, self.fp, self.fn], dtype=float)))


def mean_ratios(types: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The mean of each ratio over types, an undefined one counting as 0; None without types."""
    if not types:
        return dict.fromkeys(RATIOS)
    return {name: sum(each[name] or 0.0 for each in types) / len(types) for name in RATIOS}


def named_ratios(values: Numbers) -> dict[str, float | None]:
    """Precision, recall and F1 by name, NaN as None."""
    return {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(RATIOS, values, strict=True)
    }
