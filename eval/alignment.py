"""Which predicted mention answers to which gold one.

Exact matches (start, end and label) are taken out first. Among the rest, mentions that share at
least one character may be paired, each with at most one other. Of all such pairings the one is
taken that prefers, in this order: most pairs on the very same stretch; most pairs; most pairs of
one label; the largest sum of overlaps (shared characters over joint characters). What remains
equal is settled by position. So the result depends on nothing but the mentions.

On flat mentions this pairs as many as reading from left to right does, so its counts are those of
the SemEval-2013 scorers; on nested and crossing ones no early pair takes a mention away from a
better one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints, MentionColumns
from aloi.eval.items import keys
from aloi.eval.pairing import Pair
from aloi.eval.scores import among

LARGEST_COMPONENT = 300
"""Mentions a side beyond which pairs are taken best first instead of best together."""


class Pairs(NamedTuple):
    """Rows of gold and predicted mentions that belong together."""

    gold: Ints
    pred: Ints


@dataclass(frozen=True)
class Alignment:
    """Distinct mentions in text order, and how they are paired.

    `gold` and `pred` leave duplicates out; `exact`, `overlapping` (every pair of rows without an
    exact match that share a character) and `paired` (of these, the ones assigned) are rows of them.
    """

    gold: MentionColumns = field(repr=False)
    pred: MentionColumns = field(repr=False)
    width: int
    exact: Pairs
    overlapping: Pairs
    paired: Pairs

    def same_stretch(self, pairs: Pairs) -> Bools:
        """Which pairs have the same start and end."""
        gold, pred = self.gold.take(pairs.gold), self.pred.take(pairs.pred)
        same: Bools = (gold.start == pred.start) & (gold.end == pred.end)
        return same

    def same_label(self, pairs: Pairs) -> Bools:
        """Which pairs have the same label."""
        same: Bools = self.gold.label[pairs.gold] == self.pred.label[pairs.pred]
        return same


def align(pair: Pair, *, labels_first: bool = False) -> Alignment:
    """Pair the mentions of gold and predictions.

    `labels_first` prefers most pairs of one label before all else, as the type scheme asks.
    """
    gold, pred = _distinct(pair.gold.mentions), _distinct(pair.pred.mentions)
    exact = _exact(gold, pred)
    overlapping = overlaps(
        gold, pred, _without(len(gold), exact.gold), _without(len(pred), exact.pred), pair.width
    )
    open_ = Alignment(gold, pred, pair.width, exact, overlapping, overlapping)
    chosen = _assign(overlapping, _preferences(open_, labels_first=labels_first))
    return replace(open_, paired=Pairs(overlapping.gold[chosen], overlapping.pred[chosen]))


def overlaps(
    gold: MentionColumns, pred: MentionColumns, some: Ints, others: Ints, width: int
) -> Pairs:
    """Every pair of these rows that shares a character, by gold row.

    Of two that overlap, one starts within the other: the starts are searched, in both directions.
    """
    gold_start, gold_end = (gold.document[some] * width + x[some] for x in (gold.start, gold.end))
    pred_start, pred_end = (
        pred.document[others] * width + x[others] for x in (pred.start, pred.end)
    )
    first, pred_inside = _ranges(
        np.searchsorted(pred_start, gold_start), np.searchsorted(pred_start, gold_end)
    )
    second, gold_inside = _ranges(
        np.searchsorted(gold_start, pred_start, side="right"),
        np.searchsorted(gold_start, pred_end),
    )
    rows = np.concatenate([first, gold_inside])
    columns = np.concatenate([pred_inside, second])
    order = np.lexsort((columns, rows))
    return Pairs(some[rows[order]], others[columns[order]])


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Each i as often as its range is long, and the members of the ranges low[i]..high[i]-1."""
    size = np.maximum(high - low, 0)
    owner = np.repeat(np.arange(len(low)), size)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    return owner, low[owner] + within


def _distinct(mentions: MentionColumns) -> MentionColumns:
    """The mentions without duplicates, which stand side by side."""
    columns = np.stack([mentions.document, mentions.start, mentions.end, mentions.label])
    first = np.ones(len(mentions), dtype=np.bool_)
    first[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    return mentions.take(np.flatnonzero(first))


def _exact(gold: MentionColumns, pred: MentionColumns) -> Pairs:
    one, two = keys(*([m.document, m.start, m.end, m.label] for m in (gold, pred)))
    order = np.argsort(two, kind="stable")
    found = np.flatnonzero(among(one, two[order]))
    return Pairs(found, order[np.searchsorted(two[order], one[found])])


def _without(length: int, rows: Ints) -> Ints:
    left = np.ones(length, dtype=np.bool_)
    left[rows] = False
    return np.flatnonzero(left)


def _preferences(alignment: Alignment, *, labels_first: bool) -> Floats:
    """A weight for each overlapping pair: sums of them compare as the preferences do in turn."""
    pairs = alignment.overlapping
    gold, pred = alignment.gold.take(pairs.gold), alignment.pred.take(pairs.pred)
    shared = np.minimum(gold.end, pred.end) - np.maximum(gold.start, pred.start)
    joint = np.maximum(gold.end, pred.end) - np.minimum(gold.start, pred.start)
    label, stretch = alignment.same_label(pairs), alignment.same_stretch(pairs)
    step = float(
        LARGEST_COMPONENT + 1
    )  # more than all pairs of a component are worth one tier down
    tiers = [shared / joint, label * step, np.full(len(label), step**2), stretch * step**3]
    if labels_first:
        tiers.append(label * step**4)
    weights: Floats = np.sum(tiers, axis=0)
    return weights


def _assign(pairs: Pairs, weights: Floats) -> Ints:
    """Which pairs stand, each mention in one at most: the heaviest choice there is."""
    alone = (np.bincount(pairs.gold)[pairs.gold] == 1) & (np.bincount(pairs.pred)[pairs.pred] == 1)
    chosen = [np.flatnonzero(alone)]
    tangled = np.flatnonzero(~alone)
    if len(tangled):
        chosen += [
            component[_heaviest(*_numbered(pairs, component), weights[component])]
            for component in _components(pairs, tangled)
        ]
    return np.sort(np.concatenate(chosen))


def _components(pairs: Pairs, rows: Ints) -> list[Ints]:
    """The pairs in groups that share no mention, each in order."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - loads slowly, and flat data may not need it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    gold, pred = _numbered(pairs, rows)
    nodes = gold.max() + pred.max() + 2
    edges = coo_array((np.ones(len(rows)), (gold, gold.max() + 1 + pred)), shape=(nodes, nodes))
    component = connected_components(edges, directed=False)[1][gold]
    order = np.argsort(component, kind="stable")
    cuts = np.flatnonzero(np.diff(component[order])) + 1
    return [rows[part] for part in np.split(order, cuts)]


def _numbered(pairs: Pairs, rows: Ints) -> tuple[Ints, Ints]:
    """The gold and predicted mentions of some pairs, numbered from 0 in text order."""
    gold, pred = (np.unique(side[rows], return_inverse=True)[1] for side in pairs)
    return gold, pred


def _heaviest(gold: Ints, pred: Ints, weights: Floats) -> Ints:
    """The pairs of one component with the largest sum of weights."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - as above

    shape = (int(gold.max()) + 1, int(pred.max()) + 1)
    if max(shape) > LARGEST_COMPONENT:
        return _best_first(gold, pred, weights)
    matrix = np.zeros(shape)
    matrix[gold, pred] = weights
    number = np.full(shape, -1)
    number[gold, pred] = np.arange(len(gold))
    assigned = number[linear_sum_assignment(matrix, maximize=True)]
    chosen: Ints = assigned[assigned >= 0]
    return chosen


def _best_first(gold: Ints, pred: Ints, weights: Floats) -> Ints:
    """Pairs taken in order of weight, then position, while both their mentions are free."""
    chosen: list[int] = []
    taken_gold: set[int] = set()
    taken_pred: set[int] = set()
    for row in np.lexsort((pred, gold, -weights)).tolist():
        one, other = int(gold[row]), int(pred[row])
        if one not in taken_gold and other not in taken_pred:
            chosen.append(row)
            taken_gold.add(one)
            taken_pred.add(other)
    return np.array(chosen, dtype=np.int64)
