"""Chance-corrected agreement: Cohen's kappa (1960), Gwet's AC1 (2008), Krippendorff's alpha (2004).

Ratings are arrays of shape (annotators, items). A rating is a category number or `MISSING`. All
coefficients are computed from counts by document and category, so that the coefficients of single
categories and of bootstrap replicates need no ratings.

AC1 corrects for chance with the mean share π of each of C categories: (observed − chance) /
(1 − chance), where chance is Σ π (1 − π) / (C − 1). Unlike kappa and alpha, it stays high if almost
all items are in one category and almost all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints
from aloi.eval.scoring_choices import IntervalMethod
from aloi.eval.statistics.intervals import (
    Interval,
    quantile_interval,
    resample,
    resample_together,
    tail_probability,
)

MISSING = -1
"""The rating of an item that an annotator has not rated."""

ONE_CATEGORY = "only one category"
"""The reason why a coefficient is undefined if all ratings are equal."""

Measure = Callable[[Floats], Floats]
"""A function that computes coefficients from counts; an undefined coefficient is NaN."""

ITEM_ROW = 0
"""The row of counts that adds up to the number of items."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An agreement coefficient, the number of rated items, and the interval if one was requested.

    If the coefficient is undefined, `value` is None and `reason` contains the reason.
    """

    value: float | None
    items: int
    reason: str | None = None
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the coefficient as JSON values."""
        bounds = {} if self.interval is None else {"ci": [self.interval.low, self.interval.high]}
        return {"value": self.value, "items": self.items, "reason": self.reason, **bounds}


def cohen_kappa(ratings: Ints) -> Coefficient:
    """Return Cohen's kappa of two annotators over the items that both annotators have rated."""
    return measure(kappa, count_pairs(*_one_document(ratings)), "both annotators")


def gwet_ac1(ratings: Ints) -> Coefficient:
    """Return Gwet's AC1 over the items that at least two annotators have rated."""
    return measure(ac1, count_units(*_one_document(ratings)), "two annotators")


def krippendorff_alpha(ratings: Ints) -> Coefficient:
    """Return Krippendorff's alpha over the items that at least two annotators have rated."""
    return measure(alpha, count_units(*_one_document(ratings)), "two annotators")


def _one_document(ratings: Ints) -> tuple[Ints, Ints, tuple[int, int]]:
    categories = int(ratings.max(initial=0)) + 1
    return ratings, np.zeros(ratings.shape[1], dtype=np.int64), (1, categories)


def measure(
    function: Measure, counts: Floats, raters: str, *, bootstrap: int = 0, seed: int = 0
) -> Coefficient:
    """Return the coefficient that `function` computes from counts by document.

    `raters` names the annotators in the reason of an undefined coefficient. `bootstrap` is the
    number of replicates for the interval (0: no interval).
    """
    by_category = measure_categories(
        lambda each: function(each)[..., None], counts, raters, bootstrap=bootstrap, seed=seed
    )
    return by_category[0]


def measure_categories(
    function: Measure, counts: Floats, raters: str, *, bootstrap: int = 0, seed: int = 0
) -> list[Coefficient]:
    """Return the coefficients of all categories; the options are those of `measure`.

    The last axis of the array that `function` returns is the category.
    """
    total = counts.sum(axis=0)
    items = round(float(total[ITEM_ROW].sum()))
    reason = ONE_CATEGORY if items else f"no item rated by {raters}"
    values = function(total).tolist()
    intervals: list[Interval | None] = [None] * len(values)
    if bootstrap:
        tail = tail_probability(len(counts), IntervalMethod.EXPANDED)
        replicates = function(resample(counts, bootstrap, seed))
        intervals = [quantile_interval(each, tail) for each in replicates.T]
    return [
        Coefficient(None, items, reason)
        if np.isnan(value)
        else Coefficient(value, items, None, interval)
        for value, interval in zip(values, intervals, strict=True)
    ]


def mean_interval(
    function: Measure, counts: Sequence[Floats], *, bootstrap: int, seed: int
) -> Interval:
    """Return the interval of the mean of a measure over pairs of annotators.

    `counts` contains the counts of each pair by document. The pairs have the same documents, which
    are drawn once for all pairs; a document that a pair does not share has only zeros. In each
    replicate, the pairs with an undefined value are left out of the mean.
    """
    tail = tail_probability(len(counts[0]), IntervalMethod.EXPANDED)
    drawn = [function(each) for each in resample_together(counts, bootstrap, seed)]
    values = np.stack(drawn)
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        means = np.where(defined, values, 0).sum(axis=0) / defined.sum(axis=0)
    return quantile_interval(means, tail)


def count_pairs(ratings: Ints, document: Ints, shape: tuple[int, int]) -> Floats:
    """Return counts of the items that both of two annotators have rated.

    `document` contains the document number of each item, and `shape` the numbers of documents and
    of categories. Shape: (documents, 3, categories). The rows count the ratings of the first
    annotator, the ratings of the second annotator, and the items with equal ratings.
    """
    rated = (ratings != MISSING).all(axis=0)
    one, other = ratings[:, rated]
    same = one == other
    rows = [(one, document[rated]), (other, document[rated]), (one[same], document[rated][same])]
    return np.stack([_count(*row, shape) for row in rows], axis=1)


def kappa(counts: Floats) -> Floats:
    """Return Cohen's kappa for counts as in `count_pairs`. Shape: (…, 3, categories) to (…)."""
    one, other, same = np.moveaxis(counts, -2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = one.sum(axis=-1)
        chance = (one * other).sum(axis=-1) / total**2
        value = (same.sum(axis=-1) / total - chance) / (1 - chance)
    return _undefined_if(np.count_nonzero(one + other, axis=-1) < 2, value)


def pairs_by_category(counts: Floats) -> Floats:
    """Return the counts of each category against all others, for counts as in `count_pairs`.

    Shape: (…, 3, categories) to (…, categories, 3, 2).
    """
    one, other, same = np.moveaxis(counts, -2, 0)
    total = one.sum(axis=-1, keepdims=True)
    rest = [total - one, total - other, total - one - other + same]
    return np.stack([np.stack(rest, axis=-1), np.stack([one, other, same], axis=-1)], axis=-1)


def without_empty_agreement(counts: Floats) -> Floats:
    """Return counts as in `count_pairs`, without the items that both put in category 0."""
    counts = counts.copy()
    counts[..., :, 0] -= counts[..., 2:, 0]
    return counts


def units_of_pairs(counts: Floats) -> Floats:
    """Return counts as in `count_units`, for counts of two annotators as in `count_pairs`."""
    one, other, same = np.moveaxis(counts, -2, 0)
    total = one.sum(axis=-1, keepdims=True)
    neither = total - one - other + same
    return np.stack([(one + other) / 2, one + other, 2 * same, 2 * neither, same], axis=-2)


def count_units(ratings: Ints, document: Ints, shape: tuple[int, int]) -> Floats:
    """Return counts of the items that at least two annotators have rated.

    `document` and `shape` are as in `count_pairs`. Shape: (documents, 5, categories). For an item
    with m ratings, n of them in a category, the rows add up n / m, n, n (n − 1) / (m − 1), the
    same for the ratings in other categories, and n (n − 1) / (m (m − 1)).
    """
    raters = (ratings != MISSING).sum(axis=0)
    empty = (raters > 1) & (ratings <= 0).all(axis=0)  # most tokens: only ratings of category 0
    counts = _count_empty_units(raters[empty], document[empty], shape)
    rated = (raters > 1) & ~empty
    m = raters[rated].astype(float)
    for category in range(shape[1]):
        n = (ratings[:, rated] == category).sum(axis=0)
        rows = (n / m, n, n * (n - 1) / (m - 1), (m - n) * (m - n - 1) / (m - 1))
        for row, weights in enumerate((*rows, n * (n - 1) / (m * (m - 1)))):
            counts[:, row, category] += np.bincount(document[rated], weights, shape[0])
    return counts


def _count_empty_units(raters: Ints, document: Ints, shape: tuple[int, int]) -> Floats:
    """Return counts as in `count_units` for items that all `raters` put in category 0."""
    counts = np.zeros((shape[0], 5, shape[1]))
    items = np.bincount(document, minlength=shape[0])
    ratings = np.bincount(document, raters, shape[0])
    counts[:, (0, 4), 0] = items[:, None]
    counts[:, (1, 2), 0] = ratings[:, None]
    counts[:, 3, 1:] = ratings[:, None]
    return counts


def alpha(counts: Floats) -> Floats:
    """Return Krippendorff's alpha for counts as in `count_units`. Shape: (…, 5, categories)."""
    totals, agreeing = counts[..., 1, :], counts[..., 2, :].sum(axis=-1)
    values = totals.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = 1 - (totals * (totals - 1)).sum(axis=-1) / (values * (values - 1))
        value = 1 - (values - agreeing) / values / chance
    return _undefined_if(np.count_nonzero(totals, axis=-1) < 2, value)


def ac1(counts: Floats) -> Floats:
    """Return Gwet's AC1 for counts as in `count_units`. Shape: (…, 5, categories) to (…)."""
    shares, observed = counts[..., 0, :], counts[..., 4, :].sum(axis=-1)
    categories = np.count_nonzero(shares, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        items = shares.sum(axis=-1)
        mean = shares / items[..., None]
        chance = (mean * (1 - mean)).sum(axis=-1) / (categories - 1)
        value = (observed / items - chance) / (1 - chance)
    return _undefined_if(categories < 2, value)


def pair_ac1(counts: Floats) -> Floats:
    """Return Gwet's AC1 for counts as in `count_pairs`. Shape: (…, 3, categories) to (…)."""
    return ac1(units_of_pairs(counts))


def units_by_category(counts: Floats) -> Floats:
    """Return the counts of each category against all others, for counts as in `count_units`.

    Shape: (…, 5, categories) to (…, categories, 5, 2). The last row, which only AC1 needs, is 0.
    """
    shares, totals, agreeing, others, _ = np.moveaxis(counts, -2, 0)
    items, values = (each.sum(axis=-1, keepdims=True) for each in (shares, totals))
    nothing = np.zeros_like(shares)
    own = np.stack([shares, totals, agreeing, others, nothing], axis=-1)
    rest = np.stack([items - shares, values - totals, others, agreeing, nothing], axis=-1)
    return np.stack([rest, own], axis=-1)


def _count(categories: Ints, document: Ints, shape: tuple[int, int]) -> Floats:
    cells = np.bincount(document * shape[1] + categories, minlength=shape[0] * shape[1])
    return cells.reshape(shape).astype(float)


def _undefined_if(undefined: Bools, value: Floats) -> Floats:
    return np.where(undefined, np.nan, value)
