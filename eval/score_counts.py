"""Counts of correct, spurious and missed items, and the ratios computed from them.

Gold and predicted items are compared as sets of keys:

- tp = |gold ∩ pred|, fp = |pred − gold|, fn = |gold − pred|;
- precision = tp / (tp + fp), recall = tp / (tp + fn);
- F1 = 2PR / (P + R) = 2tp / (2tp + fp + fn).

A ratio with a denominator of 0 is undefined, and its value is None.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from aloi.eval.columns import Floats

RATIOS = ("precision", "recall", "f1")
"""The names of the ratios, in the order of the last axis of an array of ratios."""


class ScoreCounts(ABC):
    """The integers from which a scheme computes precision, recall and F1."""

    @classmethod
    @abstractmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """Return the counts for these numbers, in the order that `compute_ratios` expects."""

    @staticmethod
    @abstractmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return precision, recall and F1 for an array of counts; an undefined ratio is NaN.

        Shapes: (…, n) for `numbers` with n counts, (…, 3) for the ratios.
        """

    @abstractmethod
    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""

    @property
    @abstractmethod
    def support(self) -> int:
        """The number of gold items."""

    @property
    @abstractmethod
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name; an undefined ratio is None."""


@dataclass(frozen=True, slots=True)
class Counts(ScoreCounts):
    """The numbers of true positives (tp), false positives (fp) and false negatives (fn)."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """Return the counts for the numbers (tp, fp, fn)."""
        return cls(*numbers)

    @staticmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return precision, recall and F1; the last axis of `numbers` is (tp, fp, fn)."""
        tp, fp, fn = np.moveaxis(numbers, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.stack([tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)], axis=-1)

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn}

    @property
    def support(self) -> int:
        """The number of gold items."""
        return self.tp + self.fn

    @property
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name."""
        return name_ratios(self.compute_ratios(np.array([self.tp, self.fp, self.fn], dtype=float)))


def mean_ratios(
    types: Sequence[Mapping[str, float | None]], *, weights: Sequence[float] | None = None
) -> dict[str, float | None]:
    """Return the mean of each ratio over the types; an undefined ratio counts as 0.

    `weights`: the weight of each type (default: equal weights). If the sum of the weights is 0, or
    if there are no types, each mean is None.
    """
    chosen = [1.0] * len(types) if weights is None else weights
    total = sum(chosen)
    if not total:
        return dict.fromkeys(RATIOS)
    return {
        name: sum(w * (each[name] or 0.0) for w, each in zip(chosen, types, strict=True)) / total
        for name in RATIOS
    }


def name_ratios(values: Floats) -> dict[str, float | None]:
    """Return precision, recall and F1 by name, with None for NaN."""
    return {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(RATIOS, values, strict=True)
    }
