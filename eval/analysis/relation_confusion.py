"""The confusion matrix of relations, by their labels."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from aloi.eval.analysis.errors import Confusion
from aloi.eval.columns import DocumentSpan
from aloi.eval.pairing import PairedAnnotations, Side

LabelsByEnds = dict[tuple[DocumentSpan, DocumentSpan], set[int]]
"""The label numbers of the relations from one span to another."""


def relation_confusion(pair: PairedAnnotations, *, symmetric: frozenset[str]) -> Confusion:
    """Return the confusion matrix of the relations; labels of heads and tails are ignored.

    A gold relation is compared with the predicted relations that have the same head span and tail
    span: first with an equal label, then with another label, in sorted order. Each predicted
    relation is used once. All other relations are missed or spurious, also relations in the wrong
    direction. The diagonal is therefore the tp of the scheme `boundaries`.
    """
    undirected = frozenset(n for n, each in enumerate(pair.relation_labels) if each in symmetric)
    gold, pred = (_labels_by_ends(side, undirected) for side in (pair.gold, pair.pred))
    size = len(pair.relation_labels) + 1
    counts: Counter[tuple[int, int]] = Counter()
    for ends in gold.keys() | pred.keys():
        counts.update(_cells(gold.get(ends, set()), pred.get(ends, set()), size - 1))
    matrix = np.zeros((size, size), dtype=np.int64)
    for cell, count in counts.items():
        matrix[cell] = count
    return Confusion(pair.relation_labels, matrix)


def _cells(gold: set[int], pred: set[int], absent: int) -> list[tuple[int, int]]:
    """Return the cells of the relations between two ends; `absent` is the last row and column."""
    missed, spurious = sorted(gold - pred), sorted(pred - gold)
    confused = min(len(missed), len(spurious))
    return [
        *((label, label) for label in gold & pred),
        *zip(missed[:confused], spurious[:confused], strict=True),
        *((label, absent) for label in missed[confused:]),
        *((absent, label) for label in spurious[confused:]),
    ]


def _labels_by_ends(side: Side, undirected: frozenset[int]) -> LabelsByEnds:
    """Return the labels by ends; the ends of an undirected relation are sorted."""
    spans, relations = side.mentions.spans(), side.relations
    labels: LabelsByEnds = defaultdict(set)
    columns = (relations.head.tolist(), relations.tail.tolist(), relations.label.tolist())
    for head, tail, label in zip(*columns, strict=True):
        ends = (spans[head], spans[tail])
        labels[(min(ends), max(ends)) if label in undirected else ends].add(label)
    return labels
