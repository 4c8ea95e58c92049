"""Chance-corrected agreement: Cohen's kappa (1960) and Krippendorff's nominal alpha (2004, ch. 11).

Ratings are arrays of shape (annotators, items). A rating is a category number or `MISSING`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aloi.eval.columns import Floats, Ints

MISSING = -1
"""The rating of an item that an annotator has not rated."""

ONE_CATEGORY = "only one category"
"""The reason why a coefficient is undefined if all ratings are equal."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An agreement coefficient and the number of rated items.

    If the coefficient is undefined, `value` is None and `reason` contains the reason.
    """

    value: float | None
    items: int
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the coefficient as JSON values."""
        return {"value": self.value, "items": self.items, "reason": self.reason}


def cohen_kappa(ratings: Ints) -> Coefficient:
    """Return Cohen's kappa of two annotators over the items that both annotators have rated."""
    one, other = ratings[:, (ratings != MISSING).all(axis=0)]
    if not len(one):
        return Coefficient(None, 0, "no item rated by both annotators")
    size = int(max(one.max(), other.max())) + 1
    table = np.bincount(one * size + other, minlength=size**2).reshape(size, size)
    total = len(one)
    by_chance = float(table.sum(axis=0) @ table.sum(axis=1)) / total**2
    if np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) == 1:
        return Coefficient(None, total, ONE_CATEGORY)
    observed = float(np.trace(table)) / total
    return Coefficient((observed - by_chance) / (1 - by_chance), total)


def krippendorff_alpha(ratings: Ints) -> Coefficient:
    """Return Krippendorff's alpha over the items that at least two annotators have rated."""
    rated = ratings[:, (ratings != MISSING).sum(axis=0) > 1]
    if not rated.shape[1]:
        return Coefficient(None, 0, "no item rated by two annotators")
    categories = np.arange(int(rated.max()) + 1)
    counts: Floats = np.stack([(rated == c).sum(axis=0) for c in categories], axis=1).astype(float)
    raters = counts.sum(axis=1)
    agreeing = float(((counts * (counts - 1)).sum(axis=1) / (raters - 1)).sum())
    totals, values = counts.sum(axis=0), float(raters.sum())
    if np.count_nonzero(totals) == 1:
        return Coefficient(None, len(raters), ONE_CATEGORY)
    observed = (values - agreeing) / values
    by_chance = 1 - float((totals * (totals - 1)).sum()) / (values * (values - 1))
    return Coefficient(1 - observed / by_chance, len(raters))
