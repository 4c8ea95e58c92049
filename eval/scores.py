"""Scores of predictions against gold under one scheme.

The counts of every document and type are in an integer array of shape (documents, types, n), for a
scheme with n counts. Totals are sums over this array. A bootstrap over documents multiplies a
matrix of document weights with this array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from aloi.eval.columns import Bools, Ints
from aloi.eval.items import Items
from aloi.eval.score_counts import Counts, ScoreCounts, mean_ratios

CountsT = TypeVar("CountsT", bound=ScoreCounts)


@dataclass(frozen=True)
class Scores(Generic[CountsT]):
    """The counts of every document and type under one scheme.

    Shape of `by_document`: (documents, types, n). `duplicates` contains the number of duplicate
    items in gold (key `gold`) and in the predictions (key `pred`).
    """

    kind: type[CountsT]
    labels: tuple[str, ...]
    by_document: Ints = field(repr=False)
    duplicates: Mapping[str, int]

    @classmethod
    def without_empty_types(
        cls,
        kind: type[CountsT],
        labels: tuple[str, ...],
        by_document: Ints,
        duplicates: Mapping[str, int],
    ) -> Scores[CountsT]:
        """Return scores without the types that occur neither in gold nor in predictions."""
        used = np.flatnonzero(by_document.sum(axis=(0, 2)))
        return cls(kind, tuple(labels[i] for i in used), by_document[:, used], duplicates)

    @cached_property
    def types(self) -> dict[str, CountsT]:
        """The counts of each type, summed over all documents; types are in sorted order."""
        totals = self.by_document.sum(axis=0).tolist()
        return {label: self.kind.of(row) for label, row in zip(self.labels, totals, strict=True)}

    @cached_property
    def micro(self) -> CountsT:
        """The counts summed over all documents and types."""
        return self.kind.of(self.by_document.sum(axis=(0, 1)).tolist())

    @property
    def macro(self) -> dict[str, float | None]:
        """The mean of each ratio over the types."""
        return mean_ratios([counts.ratios for counts in self.types.values()])

    @property
    def weighted(self) -> dict[str, float | None]:
        """The mean of each ratio over the types, weighted by the number of gold items."""
        types = self.types.values()
        return mean_ratios(
            [counts.ratios for counts in types], weights=[counts.support for counts in types]
        )


def score_items(
    gold: Items, pred: Items, *, documents: int, labels: tuple[str, ...]
) -> Scores[Counts]:
    """Return the scores of predicted items against gold items.

    `documents` is the number of documents.
    """
    gold_set, pred_set = deduplicate(gold), deduplicate(pred)
    shape = (documents, len(labels))
    tp = count_cells(pred_set.keep(is_member(pred_set.key, gold_set.key)), shape)
    fp, fn = count_cells(pred_set, shape) - tp, count_cells(gold_set, shape) - tp
    duplicates = {
        "gold": len(gold.key) - len(gold_set.key),
        "pred": len(pred.key) - len(pred_set.key),
    }
    counts = np.stack([tp, fp, fn], axis=-1)
    return Scores.without_empty_types(Counts, labels, counts, duplicates)


def is_member(keys: Ints, sorted_keys: Ints) -> Bools:
    """Return, for each key, whether `sorted_keys` contains the key.

    `sorted_keys` must be in ascending order.
    """
    if not len(sorted_keys):
        return np.zeros(len(keys), dtype=np.bool_)
    position = np.searchsorted(sorted_keys, keys)
    equal: Bools = sorted_keys[np.minimum(position, len(sorted_keys) - 1)] == keys
    return equal


def deduplicate(items: Items) -> Items:
    """Return the items without duplicates, sorted by key."""
    if (items.key[1:] > items.key[:-1]).all():
        return items
    order = np.argsort(items.key, kind="stable")
    key = items.key[order]
    first = np.ones(len(key), dtype=np.bool_)
    first[1:] = key[1:] != key[:-1]
    rows = order[first]
    return Items(items.document[rows], items.label[rows], items.key[rows])


def count_cells(items: Items, shape: tuple[int, int]) -> Ints:
    """Return the number of items per document and label, as an array of shape `shape`."""
    cell = items.document * shape[1] + items.label
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
