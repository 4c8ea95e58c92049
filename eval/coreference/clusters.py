"""The clusters of gold and predicted mentions, and the mentions that two clusters share.

The mentions of a document with the same `ref` are one cluster; a mention without ref is a cluster
of its own (a singleton). Gold and predicted mentions are the same mention if they have the same
span; their labels are not compared. In each document, the labels whose gold mentions have no refs
at all, such as quantities, are left out on both sides. The names of refs do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints, MentionColumns
from aloi.eval.items import pack_keys
from aloi.eval.pairing import PairedAnnotations


class Clusters(NamedTuple):
    """The document number and the number of mentions of each cluster."""

    document: Ints
    size: Ints


@dataclass(frozen=True, slots=True)
class ClusterOverlap:
    """The clusters of gold and of the predictions, and the mentions that they share.

    Each row of `gold_row`, `pred_row` and `common` is a pair of clusters with mentions in common:
    the number of the gold cluster, the number of the predicted cluster, and the number of shared
    mentions. `duplicates` counts the mentions that repeat the span of another mention, by side.
    """

    documents: int
    gold: Clusters
    pred: Clusters
    gold_row: Ints
    pred_row: Ints
    common: Ints
    duplicates: dict[str, int]

    @property
    def document(self) -> Ints:
        """The document number of each pair of clusters."""
        return self.gold.document[self.gold_row]

    def per_document(self, document: Ints, values: Ints | Floats) -> Floats:
        """Return the sum of the values in each document; shape: (documents,)."""
        sums = np.bincount(document, weights=values, minlength=self.documents)
        return sums.astype(np.float64)

    def without_singletons(self) -> ClusterOverlap:
        """Return the overlap without the clusters of a single mention, on both sides."""
        gold_kept, pred_kept = self.gold.size > 1, self.pred.size > 1
        kept = gold_kept[self.gold_row] & pred_kept[self.pred_row]
        return ClusterOverlap(
            self.documents,
            _select(self.gold, gold_kept),
            _select(self.pred, pred_kept),
            (np.cumsum(gold_kept) - 1)[self.gold_row[kept]],
            (np.cumsum(pred_kept) - 1)[self.pred_row[kept]],
            self.common[kept],
            self.duplicates,
        )


def overlap_clusters(pair: PairedAnnotations) -> ClusterOverlap:
    """Return the clusters of both sides and their overlap."""
    scored = _labels_with_refs(pair)
    sides = [side.mentions for side in (pair.gold, pair.pred)]
    sides = [each.take(np.flatnonzero(scored[each.document, each.label])) for each in sides]
    keys = pack_keys(*([each.document, each.start, each.end] for each in sides))
    unique = [np.unique(key, return_index=True) for key in keys]
    mentions = [side.take(rows) for side, (_, rows) in zip(sides, unique, strict=True)]
    numbers = [_cluster_numbers(side) for side in mentions]
    gold, pred = (_clusters(side, number) for side, number in zip(mentions, numbers, strict=True))
    _, gold_rows, pred_rows = np.intersect1d(
        unique[0][0], unique[1][0], assume_unique=True, return_indices=True
    )
    width = len(pred.size) + 1
    shared, common = np.unique(
        numbers[0][gold_rows] * width + numbers[1][pred_rows], return_counts=True
    )
    duplicates = {
        name: len(side) - len(kept)
        for name, side, kept in zip(("gold", "pred"), sides, mentions, strict=True)
    }
    return ClusterOverlap(
        len(pair), gold, pred, shared // width, shared % width, common, duplicates
    )


def has_refs(mentions: MentionColumns) -> bool:
    """Return whether any mention has a ref."""
    return any(mentions.ref.tolist())


def _labels_with_refs(pair: PairedAnnotations) -> Bools:
    """Return whether any gold mention of a document with a label has a ref.

    Shape: (documents, labels).
    """
    mentions = pair.gold.mentions
    with_ref = mentions.ref.astype(np.bool_)
    scored = np.zeros((len(pair), len(pair.labels)), dtype=np.bool_)
    scored[mentions.document[with_ref], mentions.label[with_ref]] = True
    return scored


def _cluster_numbers(mentions: MentionColumns) -> Ints:
    """Return the cluster number of each mention; a mention without ref has a number of its own."""
    numbers: dict[tuple[int, object], int] = {}
    keys = zip(mentions.document.tolist(), mentions.ref.tolist(), strict=True)
    return np.array(
        [
            numbers.setdefault((document, ref or row), len(numbers))
            for row, (document, ref) in enumerate(keys)
        ],
        dtype=np.int64,
    )


def _clusters(mentions: MentionColumns, numbers: Ints) -> Clusters:
    size = np.bincount(numbers)
    document = np.zeros(len(size), dtype=np.int64)
    document[numbers] = mentions.document
    return Clusters(document, size)


def _select(clusters: Clusters, kept: Bools) -> Clusters:
    return Clusters(clusters.document[kept], clusters.size[kept])
