"""What is compared: items, one a mention or relation, equal when their keys are.

Keys are integers made from columns, the same for both sides, so that comparing two sets of items
is sorting and searching in arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import LARGEST, Bools, Ints, MentionColumns
from aloi.eval.pairing import Pair


class Items(NamedTuple):
    """Columns of items: the document and the label each belongs to, and its key."""

    document: Ints
    label: Ints
    key: Ints

    def keep(self, rows: Bools) -> Items:
        """The items of these rows."""
        return Items(self.document[rows], self.label[rows], self.key[rows])


Both = tuple[Items, Items]
"""Gold's items and the predicted ones."""


def keys(gold: Sequence[Ints], pred: Sequence[Ints]) -> tuple[Ints, Ints]:
    """A key for each row of gold's and of the predictions' columns, which hold no negative number.

    Two rows have the same key if and only if they are equal in every column; keys sort as the
    columns do, the first column first.
    """
    columns = [np.concatenate(both) for both in zip(gold, pred, strict=True)]
    packed, size = columns[0], _size(columns[0])
    for column in columns[1:]:
        if size * _size(column) > LARGEST:
            packed = np.unique(packed, return_inverse=True)[1]
            size = _size(packed)
        packed = packed * _size(column) + column
        size *= _size(column)
    return packed[: len(gold[0])], packed[len(gold[0]) :]


def _size(column: Ints) -> int:
    return int(column.max()) + 1 if len(column) else 1


def spans(pair: Pair) -> Both:
    """Every mention: the same start, end and label."""
    sides = (pair.gold.mentions, pair.pred.mentions)
    gold, pred = keys(*([m.document, m.start, m.end, m.label] for m in sides))
    return _items(sides[0], gold), _items(sides[1], pred)


def outermost_spans(pair: Pair) -> Both:
    """The mentions that no longer one contains, compared as in `spans`."""
    gold, pred = spans(pair)
    return (
        gold.keep(outermost(pair.gold.mentions, pair.width)),
        pred.keep(outermost(pair.pred.mentions, pair.width)),
    )


def outermost(mentions: MentionColumns, width: int) -> Bools:
    """Which mentions no longer one contains; of twins on one stretch none contains the other."""
    start = mentions.document * width + mentions.start
    end = mentions.document * width + mentions.end
    first = np.ones(len(start), dtype=np.bool_)
    first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    reach = np.full(len(start), -1)
    reach[1:] = np.maximum.accumulate(end)[:-1]
    kept: Bools = (end > reach)[np.maximum.accumulate(np.where(first, np.arange(len(start)), 0))]
    return kept


def _items(mentions: MentionColumns, key: Ints) -> Items:
    return Items(mentions.document, mentions.label, key)


def relations(pair: Pair, *, typed: bool, symmetric: frozenset[str]) -> Both:
    """Every relation: the same label between the same stretches of text.

    `typed`: the labels of both ends must agree as well. A relation whose label is in `symmetric`
    is the same whichever way it is written.
    """
    sides = (pair.gold, pair.pred)
    columns = (
        [m.document, m.start, m.end, *([m.label] if typed else [])]
        for m in (pair.gold.mentions, pair.pred.mentions)
    )
    ends = keys(*columns)
    undirected = np.array([label in symmetric for label in pair.relation_labels], dtype=np.bool_)
    arcs = []
    for side, end in zip(sides, ends, strict=True):
        head, tail = end[side.relations.head], end[side.relations.tail]
        swap = undirected[side.relations.label] & (head > tail)
        arcs.append([np.where(swap, tail, head), np.where(swap, head, tail), side.relations.label])
    gold, pred = (
        Items(side.mentions.document[side.relations.head], side.relations.label, key)
        for side, key in zip(sides, keys(*arcs), strict=True)
    )
    return gold, pred
