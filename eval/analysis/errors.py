"""The kind of each error; every false positive and false negative has exactly one kind.

A mention that matches exactly is *right*. The kinds of all other mentions are:

- *split*: a gold mention contains two or more predicted mentions that overlap no other gold
  mention. The gold mention and these predicted mentions have the kind *split*.
- *merge*: a predicted mention contains two or more gold mentions that overlap no other predicted
  mention. The predicted mention and these gold mentions have the kind *merge*.
- *type*: two aligned mentions (see `aloi.eval.alignment`) have the same span and different labels.
- *boundary*: two aligned mentions have different spans and the same label.
- *boundary and type*: two aligned mentions have different spans and different labels.
- *nested*: the mention is not aligned, and it contains, or is inside, a correct mention.
- *missed*: the gold mention has none of the kinds above.
- *spurious*: the predicted mention has none of the kinds above.

The gold mentions of these kinds add up to the false negatives of the exact scheme. The predicted
mentions of these kinds add up to the false positives. Duplicates are not errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aloi.eval.alignment import Alignment, find_overlaps
from aloi.eval.columns import Bools, Ints, MentionColumns
from aloi.eval.pairing import PairedAnnotations

ERROR_KINDS = (
    "right",
    "type",
    "boundary",
    "boundary and type",
    "split",
    "merge",
    "nested",
    "missed",
    "spurious",
)
"""The names of the kinds; the index of a name is the number of the kind."""

RIGHT, TYPE, BOUNDARY, BOUNDARY_AND_TYPE, SPLIT, MERGE, NESTED, MISSED, SPURIOUS = range(
    len(ERROR_KINDS)
)

KindRows = tuple[Ints | int, Ints, Ints]
"""A kind (or one kind per row), row numbers of gold mentions, row numbers of predicted mentions."""


@dataclass(frozen=True)
class ClassifiedErrors:
    """The kind of each distinct mention, as an index of `ERROR_KINDS`.

    `gold[i]` is the kind of the mention in row i of `alignment.gold`. `pred[i]` is the kind of the
    mention in row i of `alignment.pred`.
    """

    alignment: Alignment = field(repr=False)
    gold: Ints = field(repr=False)
    pred: Ints = field(repr=False)

    @property
    def pair(self) -> PairedAnnotations:
        """The documents with their gold and predicted mentions."""
        return self.alignment.pair

    def table(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return the number of gold (`fn`) and predicted (`fp`) mentions by error kind and type."""
        counts = {
            "fn": _count_kinds(self.gold, self.alignment.gold, len(self.pair.labels)),
            "fp": _count_kinds(self.pred, self.alignment.pred, len(self.pair.labels)),
        }
        return {
            name: {
                label: {side: int(each[kind, number]) for side, each in counts.items()}
                for number, label in enumerate(self.pair.labels)
                if any(each[kind, number] for each in counts.values())
            }
            for kind, name in enumerate(ERROR_KINDS)
            if kind != RIGHT
        }

    def confusion(self) -> Confusion:
        """Return the confusion matrix of the mentions."""
        unaligned = len(self.pair.labels)
        gold, pred = self.alignment.gold.label, self.alignment.pred.label
        exact, paired = self.alignment.exact, self.alignment.paired
        gold_rows = np.concatenate([exact.gold, paired.gold])
        pred_rows = np.concatenate([exact.pred, paired.pred])
        missed, spurious = np.delete(gold, gold_rows), np.delete(pred, pred_rows)
        rows = np.concatenate([gold[gold_rows], missed, np.full(len(spurious), unaligned)])
        columns = np.concatenate([pred[pred_rows], np.full(len(missed), unaligned), spurious])
        size = unaligned + 1
        counts = np.bincount(rows * size + columns, minlength=size**2)
        return Confusion(self.pair.labels, counts.reshape(size, size))


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix with gold types as rows and predicted types as columns.

    Shape: (types + 1, types + 1). The last column counts missed mentions, and the last row counts
    spurious mentions.
    """

    labels: tuple[str, ...]
    matrix: Ints = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns: the types and `missed`."""
        return (*self.labels, ERROR_KINDS[MISSED])

    def rows(self) -> Iterator[tuple[str, list[int]]]:
        """Yield the name of each row and its counts."""
        names = (*self.labels, ERROR_KINDS[SPURIOUS])
        return zip(names, self.matrix.tolist(), strict=True)

    def to_json(self) -> dict[str, Any]:
        """Return the counts by gold type, then by predicted type."""
        return {name: dict(zip(self.columns, row, strict=True)) for name, row in self.rows()}


def classify_errors(alignment: Alignment) -> ClassifiedErrors:
    """Return the kind of every mention; `alignment` must be the result of `align_pair(pair)`."""
    gold = np.full(len(alignment.gold), MISSED)
    pred = np.full(len(alignment.pred), SPURIOUS)
    for kind, gold_rows, pred_rows in (*_nested(alignment), *_splits_and_merges(alignment)):
        gold[gold_rows] = kind
        pred[pred_rows] = kind
    kinds, gold_rows, pred_rows = _aligned_errors(alignment, gold, pred)
    gold[gold_rows] = kinds
    pred[pred_rows] = kinds
    gold[alignment.exact.gold] = RIGHT
    pred[alignment.exact.pred] = RIGHT
    return ClassifiedErrors(alignment, gold, pred)


def _count_kinds(kinds: Ints, mentions: MentionColumns, labels: int) -> Ints:
    """Return the number of mentions by kind and label."""
    cells = kinds * labels + mentions.label
    shape = (len(ERROR_KINDS), labels)
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def _nested(alignment: Alignment) -> Iterator[KindRows]:
    """Yield the rows of wrong mentions that contain, or are inside, a correct mention."""
    no_rows = np.zeros(0, dtype=np.int64)
    yield NESTED, _nested_rows(alignment, alignment.gold, alignment.exact.gold), no_rows
    yield NESTED, no_rows, _nested_rows(alignment, alignment.pred, alignment.exact.pred)


def _nested_rows(alignment: Alignment, mentions: MentionColumns, exact: Ints) -> Ints:
    """Return the rows of wrong mentions that contain, or are inside, a correct mention.

    `exact` contains the rows of the correct mentions.
    """
    correct = np.sort(alignment.exact.gold)
    others = np.setdiff1d(np.arange(len(mentions)), exact)
    overlapping = find_overlaps(alignment.pair, (alignment.gold, correct), (mentions, others))
    inside = _contains(alignment.gold, overlapping.gold, mentions, overlapping.pred)
    around = _contains(mentions, overlapping.pred, alignment.gold, overlapping.gold)
    return overlapping.pred[inside | around]


def _splits_and_merges(alignment: Alignment) -> Iterator[KindRows]:
    """Yield the rows of split and merged mentions.

    A mention is neither split nor merged if an overlapping mention has exactly the same span.
    """
    pairs = alignment.overlapping
    same = alignment.same_span(pairs)
    pred_in_gold = _contains(alignment.gold, pairs.gold, alignment.pred, pairs.pred)
    gold_in_pred = _contains(alignment.pred, pairs.pred, alignment.gold, pairs.gold)
    overlaps = [np.bincount(side)[side] for side in pairs]
    for kind, contained, outer, one_overlap in (
        (SPLIT, pred_in_gold, pairs.gold, overlaps[1] == 1),
        (MERGE, gold_in_pred, pairs.pred, overlaps[0] == 1),
    ):
        parts = contained & one_overlap & ~np.isin(outer, outer[same])
        several = np.isin(outer, np.flatnonzero(np.bincount(outer[parts]) > 1))
        yield kind, pairs.gold[parts & several], pairs.pred[parts & several]


def _aligned_errors(alignment: Alignment, gold: Ints, pred: Ints) -> KindRows:
    """Return the kinds and rows of aligned mentions that are neither split nor merged."""
    pairs = alignment.paired
    span, label = alignment.same_span(pairs), alignment.same_label(pairs)
    kinds = np.where(span, TYPE, np.where(label, BOUNDARY, BOUNDARY_AND_TYPE))
    classified = np.isin(gold[pairs.gold], (SPLIT, MERGE)) | np.isin(
        pred[pairs.pred], (SPLIT, MERGE)
    )
    return kinds[~classified], pairs.gold[~classified], pairs.pred[~classified]


def _contains(
    outer: MentionColumns, outer_rows: Ints, inner: MentionColumns, inner_rows: Ints
) -> Bools:
    """Return, for each pair of rows, whether the outer mention contains the inner mention."""
    contains: Bools = (outer.start[outer_rows] <= inner.start[inner_rows]) & (
        inner.end[inner_rows] <= outer.end[outer_rows]
    )
    return contains
