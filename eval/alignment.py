"""One-to-one alignment of gold and predicted mentions.

Mentions with the same start, end and label match exactly and are aligned first. Each remaining
mention is aligned with at most one mention that shares a character with it. Among all such
alignments the best one is chosen by these criteria, in order: the most pairs with the same span,
the most pairs, the most pairs with the same label, the largest sum of overlaps (shared characters
divided by the characters of the union). Ties are broken by position, so the result depends only on
the mentions, not on their order.

For flat mentions, the alignment has as many pairs as matching from left to right has, so the counts
equal those of the SemEval-2013 scorers. For nested and crossing mentions, the alignment does not
depend on the order in which mentions are matched.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints, MentionColumns
from aloi.eval.items import pack_keys
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.scores import is_member

MAX_COMPONENT_SIZE = 300
"""Components with more gold or predicted mentions are aligned greedily, not optimally."""


class RowPairs(NamedTuple):
    """Pairs of row numbers: `gold[i]` is paired with `pred[i]`."""

    gold: Ints
    pred: Ints


@dataclass(frozen=True)
class Alignment:
    """The distinct gold and predicted mentions in text order, and the pairs of mentions.

    `exact`: the pairs that match exactly. `overlapping`: all pairs of the remaining mentions that
    share a character. `paired`: the pairs that were chosen from `overlapping`. Pairs are row
    numbers of `gold` and `pred`.
    """

    gold: MentionColumns = field(repr=False)
    pred: MentionColumns = field(repr=False)
    width: int
    exact: RowPairs
    overlapping: RowPairs
    paired: RowPairs

    def same_span(self, pairs: RowPairs) -> Bools:
        """Return, for each pair, whether the mentions have the same start and end."""
        gold, pred = self.gold.take(pairs.gold), self.pred.take(pairs.pred)
        same: Bools = (gold.start == pred.start) & (gold.end == pred.end)
        return same

    def same_label(self, pairs: RowPairs) -> Bools:
        """Return, for each pair, whether the mentions have the same label."""
        same: Bools = self.gold.label[pairs.gold] == self.pred.label[pairs.pred]
        return same


def align_pair(pair: PairedAnnotations, *, labels_first: bool = False) -> Alignment:
    """Align the mentions of gold and predictions.

    `labels_first` makes the number of pairs with the same label the first criterion, as required
    by the type scheme of SemEval-2013.
    """
    gold, pred = _deduplicate(pair.gold.mentions), _deduplicate(pair.pred.mentions)
    exact = _exact_matches(gold, pred)
    overlapping = find_overlaps(
        gold,
        pred,
        _other_rows(len(gold), exact.gold),
        _other_rows(len(pred), exact.pred),
        pair.width,
    )
    alignment = Alignment(gold, pred, pair.width, exact, overlapping, overlapping)
    chosen = _assign(overlapping, _pair_weights(alignment, labels_first=labels_first))
    return replace(alignment, paired=RowPairs(overlapping.gold[chosen], overlapping.pred[chosen]))


def find_overlaps(
    gold: MentionColumns, pred: MentionColumns, gold_rows: Ints, pred_rows: Ints, width: int
) -> RowPairs:
    """Return every pair of mentions in the given rows that share a character, sorted by gold row.

    If two mentions overlap, one starts within the other. So predicted starts are searched within
    gold mentions, and gold starts within predicted mentions.
    """
    gold_start, gold_end = (
        gold.document[gold_rows] * width + offset[gold_rows] for offset in (gold.start, gold.end)
    )
    pred_start, pred_end = (
        pred.document[pred_rows] * width + offset[pred_rows] for offset in (pred.start, pred.end)
    )
    containing_gold, inner_pred = _expand_ranges(
        np.searchsorted(pred_start, gold_start), np.searchsorted(pred_start, gold_end)
    )
    containing_pred, inner_gold = _expand_ranges(
        np.searchsorted(gold_start, pred_start, side="right"),
        np.searchsorted(gold_start, pred_end),
    )
    rows = np.concatenate([containing_gold, inner_gold])
    columns = np.concatenate([inner_pred, containing_pred])
    order = np.lexsort((columns, rows))
    return RowPairs(gold_rows[rows[order]], pred_rows[columns[order]])


def _expand_ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return two arrays, i and n, with each n from low[i] to high[i] - 1 for each i."""
    size = np.maximum(high - low, 0)
    owner = np.repeat(np.arange(len(low)), size)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    return owner, low[owner] + within


def _deduplicate(mentions: MentionColumns) -> MentionColumns:
    """Return the mentions without duplicates; equal mentions must be in adjacent rows."""
    columns = np.stack([mentions.document, mentions.start, mentions.end, mentions.label])
    first = np.ones(len(mentions), dtype=np.bool_)
    first[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    return mentions.take(np.flatnonzero(first))


def _exact_matches(gold: MentionColumns, pred: MentionColumns) -> RowPairs:
    gold_keys, pred_keys = pack_keys(*([m.document, m.start, m.end, m.label] for m in (gold, pred)))
    order = np.argsort(pred_keys, kind="stable")
    rows = np.flatnonzero(is_member(gold_keys, pred_keys[order]))
    return RowPairs(rows, order[np.searchsorted(pred_keys[order], gold_keys[rows])])


def _other_rows(length: int, rows: Ints) -> Ints:
    """Return the row numbers below `length` that are not in `rows`."""
    others = np.ones(length, dtype=np.bool_)
    others[rows] = False
    return np.flatnonzero(others)


def _pair_weights(alignment: Alignment, *, labels_first: bool) -> Floats:
    """Return a weight per overlapping pair; the best alignment has the largest sum of weights."""
    pairs = alignment.overlapping
    gold, pred = alignment.gold.take(pairs.gold), alignment.pred.take(pairs.pred)
    shared = np.minimum(gold.end, pred.end) - np.maximum(gold.start, pred.start)
    union = np.maximum(gold.end, pred.end) - np.minimum(gold.start, pred.start)
    label, span = alignment.same_label(pairs), alignment.same_span(pairs)
    # One unit of a criterion outweighs a component's sum over the next criterion.
    step = float(MAX_COMPONENT_SIZE + 1)
    criteria = [shared / union, label * step, np.full(len(label), step**2), span * step**3]
    if labels_first:
        criteria.append(label * step**4)
    weights: Floats = np.sum(criteria, axis=0)
    return weights


def _assign(pairs: RowPairs, weights: Floats) -> Ints:
    """Return the positions of the chosen pairs.

    The chosen pairs contain each mention at most once and have the largest possible sum of weights.
    """
    isolated = (np.bincount(pairs.gold)[pairs.gold] == 1) & (
        np.bincount(pairs.pred)[pairs.pred] == 1
    )
    chosen = [np.flatnonzero(isolated)]
    competing = np.flatnonzero(~isolated)
    if len(competing):
        chosen += [
            component[_best_assignment(*_renumber(pairs, component), weights[component])]
            for component in _split_components(pairs, competing)
        ]
    return np.sort(np.concatenate(chosen))


def _split_components(pairs: RowPairs, rows: Ints) -> list[Ints]:
    """Return `rows` in sorted groups; pairs of different groups have no mention in common."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - slow to import, not needed for flat data
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    gold, pred = _renumber(pairs, rows)
    nodes = gold.max() + pred.max() + 2
    edges = coo_array((np.ones(len(rows)), (gold, gold.max() + 1 + pred)), shape=(nodes, nodes))
    component = connected_components(edges, directed=False)[1][gold]
    order = np.argsort(component, kind="stable")
    cuts = np.flatnonzero(np.diff(component[order])) + 1
    return [rows[part] for part in np.split(order, cuts)]


def _renumber(pairs: RowPairs, rows: Ints) -> tuple[Ints, Ints]:
    """Return the gold and predicted mentions of some pairs, numbered from 0 in text order."""
    gold, pred = (np.unique(side[rows], return_inverse=True)[1] for side in pairs)
    return gold, pred


def _best_assignment(gold: Ints, pred: Ints, weights: Floats) -> Ints:
    """Return the positions of the chosen pairs of one component."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to import

    shape = (int(gold.max()) + 1, int(pred.max()) + 1)
    if max(shape) > MAX_COMPONENT_SIZE:
        return _greedy_assignment(gold, pred, weights)
    matrix = np.zeros(shape)
    matrix[gold, pred] = weights
    number = np.full(shape, -1)
    number[gold, pred] = np.arange(len(gold))
    assigned = number[linear_sum_assignment(matrix, maximize=True)]
    chosen: Ints = assigned[assigned >= 0]
    return chosen


def _greedy_assignment(gold: Ints, pred: Ints, weights: Floats) -> Ints:
    """Return the positions of pairs chosen by descending weight, with each mention used once."""
    chosen: list[int] = []
    used_gold: set[int] = set()
    used_pred: set[int] = set()
    for row in np.lexsort((pred, gold, -weights)).tolist():
        gold_mention, pred_mention = int(gold[row]), int(pred[row])
        if gold_mention not in used_gold and pred_mention not in used_pred:
            chosen.append(row)
            used_gold.add(gold_mention)
            used_pred.add(pred_mention)
    return np.array(chosen, dtype=np.int64)
