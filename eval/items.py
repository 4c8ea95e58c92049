"""Items to compare: mentions or relations. Two items match if their keys are equal.

A key is an integer that encodes several columns, such as the start, end and label of a mention. The
encoding is the same for gold and predictions, so gold and predicted items are compared by sorting
and searching arrays of keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import MAX_PACKED_KEY, Bools, Ints, MentionColumns
from aloi.eval.pairing import PairedAnnotations


class Items(NamedTuple):
    """Arrays of the document numbers, label numbers and keys of items."""

    document: Ints
    label: Ints
    key: Ints

    def keep(self, rows: Bools) -> Items:
        """Return the items for which `rows` is true."""
        return Items(self.document[rows], self.label[rows], self.key[rows])


ItemPair = tuple[Items, Items]
"""The gold items and the predicted items."""


def pack_keys(gold: Sequence[Ints], pred: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Return the key of each gold row and the key of each predicted row.

    Two rows have the same key if and only if they are equal in every column. Sorting rows by key
    sorts the rows by the first column, then by the second column, and so on. The columns must not
    contain negative numbers.
    """
    columns = [np.concatenate(both) for both in zip(gold, pred, strict=True)]
    packed, size = columns[0], _value_count(columns[0])
    for column in columns[1:]:
        if size * _value_count(column) > MAX_PACKED_KEY:
            packed = np.unique(packed, return_inverse=True)[1]
            size = _value_count(packed)
        packed = packed * _value_count(column) + column
        size *= _value_count(column)
    return packed[: len(gold[0])], packed[len(gold[0]) :]


def number_values(sides: Sequence[Sequence[str]]) -> list[Ints]:
    """Return the numbers of the values of gold and predictions; equal values have equal numbers."""
    numbers: dict[str, int] = {}
    return [
        np.array([numbers.setdefault(value, len(numbers)) for value in side], dtype=np.int64)
        for side in sides
    ]


def _value_count(column: Ints) -> int:
    return int(column.max()) + 1 if len(column) else 1


def distinct_rows(items: Items, selected: Bools) -> Iterator[int]:
    """Yield the row number of each selected item, without repeated keys, in ascending order."""
    seen: set[int] = set()
    for row in np.flatnonzero(selected).tolist():
        key = int(items.key[row])
        if key not in seen:
            seen.add(key)
            yield row


def mention_items(pair: PairedAnnotations) -> ItemPair:
    """Return all mentions as items; the key encodes document, start, end and label."""
    sides = (pair.gold.mentions, pair.pred.mentions)
    gold, pred = pack_keys(*([m.document, m.start, m.end, m.label] for m in sides))
    return _as_items(sides[0], gold), _as_items(sides[1], pred)


def outermost_items(pair: PairedAnnotations) -> ItemPair:
    """Return the outermost mentions as items; the key is the same as in `mention_items`."""
    gold, pred = mention_items(pair)
    return (
        gold.keep(is_outermost(pair.gold.mentions, pair.width)),
        pred.keep(is_outermost(pair.pred.mentions, pair.width)),
    )


def is_outermost(mentions: MentionColumns, width: int) -> Bools:
    """Return, for each mention, whether the mention is outermost: not inside a longer mention.

    Mentions with the same span do not contain each other. `width` must be greater than the length
    of every text.
    """
    start = mentions.document * width + mentions.start
    end = mentions.document * width + mentions.end
    first = np.ones(len(start), dtype=np.bool_)
    first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    reach = np.full(len(start), -1)
    reach[1:] = np.maximum.accumulate(end)[:-1]
    kept: Bools = (end > reach)[np.maximum.accumulate(np.where(first, np.arange(len(start)), 0))]
    return kept


def _as_items(mentions: MentionColumns, key: Ints) -> Items:
    return Items(mentions.document, mentions.label, key)


def relation_items(pair: PairedAnnotations, *, typed: bool, symmetric: frozenset[str]) -> ItemPair:
    """Return all relations as items; the key encodes the label and the spans of head and tail.

    If `typed` is true, the key also encodes the labels of head and tail. If the label of a relation
    is in `symmetric`, its head and tail are interchangeable.
    """
    sides = (pair.gold, pair.pred)
    columns = (
        [m.document, m.start, m.end, *([m.label] if typed else [])]
        for m in (pair.gold.mentions, pair.pred.mentions)
    )
    mention_keys = pack_keys(*columns)
    undirected = np.array([label in symmetric for label in pair.relation_labels], dtype=np.bool_)
    arcs = []
    for side, keys in zip(sides, mention_keys, strict=True):
        head, tail = keys[side.relations.head], keys[side.relations.tail]
        swap = undirected[side.relations.label] & (head > tail)
        arcs.append([np.where(swap, tail, head), np.where(swap, head, tail), side.relations.label])
    gold, pred = (
        Items(side.mentions.document[side.relations.head], side.relations.label, key)
        for side, key in zip(sides, pack_keys(*arcs), strict=True)
    )
    return gold, pred
