"""Scores: gold and predictions of the same documents, compared under one scheme.

The counts of every document and type are kept, as an integer array of shape
(documents, types, numbers), the numbers being those of a `Tally`: totals are its sums, and a
document bootstrap is a matrix product with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from aloi.eval.columns import Bools, Ints
from aloi.eval.counts import Counts, Tally, mean_ratios
from aloi.eval.items import Items

T = TypeVar("T", bound=Tally)


@dataclass(frozen=True)
class Scores(Generic[T]):
    """The tallies under one scheme; `duplicates` are items that collapsed, and score nothing."""

    kind: type[T]
    labels: tuple[str, ...]
    by_document: Ints = field(repr=False)
    duplicates: Mapping[str, int]

    @classmethod
    def found(
        cls,
        kind: type[T],
        labels: tuple[str, ...],
        by_document: Ints,
        duplicates: Mapping[str, int],
    ) -> Scores[T]:
        """Scores without the types that neither gold nor predictions have."""
        some = np.flatnonzero(by_document.sum(axis=(0, 2)))
        return cls(kind, tuple(labels[i] for i in some), by_document[:, some], duplicates)

    @cached_property
    def types(self) -> dict[str, T]:
        """The tally of each type found in gold or predictions, in sorted order."""
        totals = self.by_document.sum(axis=0).tolist()
        return {label: self.kind.of(row) for label, row in zip(self.labels, totals, strict=True)}

    @cached_property
    def micro(self) -> T:
        """The tally of all types together."""
        return self.kind.of(self.by_document.sum(axis=(0, 1)).tolist())

    @property
    def macro(self) -> dict[str, float | None]:
        """The mean of the types' ratios."""
        return mean_ratios([tally.ratios for tally in self.types.values()])


def score(gold: Items, pred: Items, *, documents: int, labels: tuple[str, ...]) -> Scores[Counts]:
    """Compare gold's items with the predicted ones."""
    wanted, given = distinct(gold), distinct(pred)
    shape = (documents, len(labels))
    tp = tally(given.keep(among(given.key, wanted.key)), shape)
    counts = np.stack([tp, tally(given, shape) - tp, tally(wanted, shape) - tp], axis=-1)
    twice = {"gold": len(gold.key) - len(wanted.key), "pred": len(pred.key) - len(given.key)}
    return Scores.found(Counts, labels, counts, twice)


def among(keys: Ints, sorted_keys: Ints) -> Bools:
    """Which keys are among others, which must be sorted."""
    if not len(sorted_keys):
        return np.zeros(len(keys), dtype=np.bool_)
    place = np.searchsorted(sorted_keys, keys)
    found: Bools = sorted_keys[np.minimum(place, len(sorted_keys) - 1)] == keys
    return found


def distinct(items: Items) -> Items:
    """The items in order of their keys, each once."""
    if (items.key[1:] > items.key[:-1]).all():
        return items
    order = np.argsort(items.key, kind="stable")
    key = items.key[order]
    first = np.ones(len(key), dtype=np.bool_)
    first[1:] = key[1:] != key[:-1]
    rows = order[first]
    return Items(items.document[rows], items.label[rows], items.key[rows])


def tally(items: Items, shape: tuple[int, int]) -> Ints:
    """How many items there are of each document and label: an array of that shape."""
    cell = items.document * shape[1] + items.label
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
