"""Coreference measures from the overlap of gold and predicted clusters.

Below, K is a gold cluster, R a predicted cluster, n the number of mentions in both, and |K| the
number of mentions of K. Sums are over the clusters, or pairs of clusters, of a document; recall is
shown. Precision is the same with the roles of K and R exchanged. For a collection, numerators and
denominators are summed over the documents, as in the reference scorer (Pradhan et al. 2014).

- MUC (Vilain et al. 1995): Σ (n − 1) over the pairs with n > 0, divided by Σ (|K| − 1): the links
  that are needed to join the mentions of each cluster. Singletons have no links and do not count.
- B³ (Bagga and Baldwin 1998): Σ n² / |K|, divided by Σ |K|. A mention that the other side lacks
  contributes 0.
- CEAF-e (Luo 2005): the largest total similarity 2n / (|K| + |R|) of a one-to-one assignment of
  clusters, divided by the number of gold clusters.
- LEA (Moosavi and Strube 2016): Σ |K| · resolved(K), divided by Σ |K|, where resolved(K) is the
  share of the links between the mentions of K that a predicted cluster contains. A cluster of n
  mentions has n (n − 1) / 2 links; a singleton has one link, to itself, which only the same
  singleton contains.
- BLANC (Luo et al. 2014): the mean of the scores of two kinds of links between mentions of a
  document: links inside clusters, and links between mentions of different clusters. If neither
  gold nor the predictions contain links of one kind, the score is that of the other kind.
- CoNLL: the mean of MUC, B³ and CEAF-e (Pradhan et al. 2012). A measure that is undefined, such as
  MUC where every cluster is a singleton, is left out of the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from aloi.eval.columns import Floats, Ints
from aloi.eval.coreference.clusters import ClusterOverlap
from aloi.eval.score_counts import ScoreCounts, name_ratios

Measure = Callable[[ClusterOverlap], Floats]
"""A function that returns the numbers of each document; shape: (documents, n)."""

FRACTIONS = 4
"""Numbers of a measure: numerator and denominator of precision, then those of recall."""


@dataclass(frozen=True, slots=True)
class ClusterCounts(ScoreCounts):
    """Numerators and denominators of precision and recall: (P num, P den, R num, R den)."""

    numbers: tuple[float, ...]

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Self:
        """Return the counts for these numbers."""
        return cls(tuple(numbers))

    @staticmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return precision, recall and F1; the last axis of `numbers` has the four numbers."""
        p_common, p_all, r_common, r_all = np.moveaxis(numbers, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall = p_common / p_all, r_common / r_all
        return np.stack([precision, recall, _f1(precision, recall)], axis=-1)

    def as_dict(self) -> dict[str, int]:
        """Return the denominators of recall (`gold`) and precision (`pred`)."""
        return {"gold": self.support, "pred": round(self.numbers[1])}

    @property
    def support(self) -> int:
        """The denominator of recall: the number of gold links, mentions or clusters."""
        return round(self.numbers[3])

    @property
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name."""
        return name_ratios(self.compute_ratios(np.array(self.numbers, dtype=np.float64)))


class ConllCounts(ClusterCounts):
    """The four numbers of B³, followed by those of MUC and of CEAF-e.

    B³ comes first because its denominators, the numbers of mentions, are the support.
    """

    @staticmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return the means of precision, recall and F1 over the three measures."""
        return _mean_defined(
            [
                ClusterCounts.compute_ratios(numbers[..., start : start + FRACTIONS])
                for start in range(0, 3 * FRACTIONS, FRACTIONS)
            ]
        )


class BlancCounts(ClusterCounts):
    """The four numbers of the links inside clusters, and those of the links between clusters."""

    @staticmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return the means of precision, recall and F1 over both kinds of links.

        If only one side contains links of a kind, both ratios of this kind are 0.
        """
        kinds = []
        for start in (0, FRACTIONS):
            ratios = ClusterCounts.compute_ratios(numbers[..., start : start + FRACTIONS])
            kinds.append(np.where(np.isnan(ratios[..., 2:]), np.nan, np.nan_to_num(ratios)))
        return _mean_defined(kinds)

    @property
    def support(self) -> int:
        """The number of gold links of both kinds."""
        return round(self.numbers[3] + self.numbers[3 + FRACTIONS])

    def as_dict(self) -> dict[str, int]:
        """Return the numbers of links of both kinds, in gold and in the predictions."""
        return {"gold": self.support, "pred": round(self.numbers[1] + self.numbers[1 + FRACTIONS])}


def muc(overlap: ClusterOverlap) -> Floats:
    """Return the numbers of MUC."""
    links = overlap.per_document(overlap.document, overlap.common - 1)
    return _fractions(
        overlap,
        pred=(links, overlap.pred.size - 1),
        gold=(links, overlap.gold.size - 1),
    )


def b_cubed(overlap: ClusterOverlap) -> Floats:
    """Return the numbers of B³."""
    square = overlap.common**2
    of_pred, of_gold = (
        overlap.per_document(overlap.document, square / size)
        for size in (overlap.pred.size[overlap.pred_row], overlap.gold.size[overlap.gold_row])
    )
    return _fractions(overlap, pred=(of_pred, overlap.pred.size), gold=(of_gold, overlap.gold.size))


def ceaf_e(overlap: ClusterOverlap) -> Floats:
    """Return the numbers of CEAF-e."""
    similarity = _best_assignment(overlap)
    ones = [np.ones(len(side.size)) for side in (overlap.pred, overlap.gold)]
    return _fractions(overlap, pred=(similarity, ones[0]), gold=(similarity, ones[1]))


def lea(overlap: ClusterOverlap) -> Floats:
    """Return the numbers of LEA."""
    gold_size, pred_size = overlap.gold.size, overlap.pred.size
    gold, pred = gold_size[overlap.gold_row], pred_size[overlap.pred_row]
    common = np.where((gold == 1) & (pred == 1), 1, _links(overlap.common))
    of_pred, of_gold = (
        overlap.per_document(overlap.document, size * common / np.maximum(_links(size), 1))
        for size in (pred, gold)
    )
    return _fractions(overlap, pred=(of_pred, pred_size), gold=(of_gold, gold_size))


def blanc(overlap: ClusterOverlap) -> Floats:
    """Return the numbers of BLANC; shape: (documents, 8)."""
    inside = overlap.per_document(overlap.document, _links(overlap.common))
    coreferent = _fractions(
        overlap,
        pred=(inside, _links(overlap.pred.size)),
        gold=(inside, _links(overlap.gold.size)),
    )
    shared = _links(overlap.per_document(overlap.document, overlap.common))
    linked_by_one = sum(
        overlap.per_document(
            side.document, _links(np.bincount(rows, overlap.common, len(side.size)))
        )
        for rows, side in ((overlap.gold_row, overlap.gold), (overlap.pred_row, overlap.pred))
    )
    between = shared - linked_by_one + inside
    all_pred, all_gold = (
        _links(overlap.per_document(side.document, side.size))
        for side in (overlap.pred, overlap.gold)
    )
    other = [between, all_pred - coreferent[:, 1], between, all_gold - coreferent[:, 3]]
    return np.concatenate([coreferent, np.stack(other, axis=-1)], axis=-1)


def conll(overlap: ClusterOverlap) -> Floats:
    """Return the numbers of B³, MUC and CEAF-e; shape: (documents, 12)."""
    return np.concatenate([b_cubed(overlap), muc(overlap), ceaf_e(overlap)], axis=-1)


def _fractions(
    overlap: ClusterOverlap,
    *,
    pred: tuple[Floats, Ints | Floats],
    gold: tuple[Floats, Ints | Floats],
) -> Floats:
    """Return the four numbers of each document.

    Each side has its numerator by document and its denominator by cluster.
    """
    columns = []
    for (numerator, by_cluster), side in ((pred, overlap.pred), (gold, overlap.gold)):
        columns += [numerator, overlap.per_document(side.document, by_cluster)]
    return np.stack(columns, axis=-1)


def _links(size: Ints | Floats) -> Floats:
    """Return the number of pairs of `size` mentions."""
    return np.asarray(size * (size - 1) / 2, dtype=np.float64)


def _best_assignment(overlap: ClusterOverlap) -> Floats:
    """Return the largest total similarity of a one-to-one assignment, by document.

    Clusters that are connected by shared mentions are assigned together. Such groups are small,
    even in long documents, so the matrices are small.
    """
    from scipy.sparse import coo_matrix  # noqa: PLC0415 - slow to import
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    gold, pred = overlap.gold_row, overlap.pred_row
    sizes = overlap.gold.size[gold] + overlap.pred.size[pred]
    similarity = 2 * overlap.common / sizes
    count = len(overlap.gold.size)
    total = count + len(overlap.pred.size)
    graph = coo_matrix((np.ones(len(gold)), (gold, count + pred)), shape=(total, total))
    group = connected_components(graph, directed=False)[1][gold] if total else gold
    order = np.argsort(group, kind="stable")
    best = np.zeros(len(gold))
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(rows):
            best[rows[0]] = _assign(gold[rows], pred[rows], similarity[rows])
    return overlap.per_document(overlap.document, best)


def _assign(gold: Ints, pred: Ints, similarity: Floats) -> float:
    """Return the largest total similarity of connected clusters."""
    if len(similarity) == 1:
        return float(similarity[0])
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to import

    rows, columns = (np.unique(side, return_inverse=True)[1] for side in (gold, pred))
    matrix = np.zeros((rows.max() + 1, columns.max() + 1))
    matrix[rows, columns] = similarity
    return float(matrix[linear_sum_assignment(matrix, maximize=True)].sum())


def _f1(precision: Floats, recall: Floats) -> Floats:
    """Return F1; it is undefined (NaN) if both ratios are, and 0 if one of them is."""
    both = np.nan_to_num(precision) + np.nan_to_num(recall)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = 2 * np.nan_to_num(precision) * np.nan_to_num(recall) / both
    undefined = np.isnan(precision) & np.isnan(recall)
    return np.where(undefined, np.nan, np.where(both == 0, 0.0, f1))


def _mean_defined(ratios: Sequence[Floats]) -> Floats:
    """Return the mean over the ratios that are defined; it is NaN if none is."""
    stacked = np.stack(ratios)
    defined = (~np.isnan(stacked)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = np.nansum(stacked, axis=0) / defined
    return mean
