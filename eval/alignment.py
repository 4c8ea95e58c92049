"""One-to-one alignment of gold and predicted mentions.

Mentions with the same start, end and label match exactly and are aligned first. Each remaining
gold mention is aligned with at most one overlapping predicted mention, and vice versa. These
criteria, in this order, determine the best alignment:

1. the largest number of pairs with the same span;
2. the largest number of pairs;
3. the largest number of pairs with the same label;
4. the largest sum of overlaps. The overlap of a pair is the number of shared characters divided by
   the number of characters in the union of the two spans.

Ties are broken by position in the text, so the order of the mentions in the input has no effect.

The SemEval-2013 scorers match mentions from left to right. If only spans are compared and mentions
are flat, matching from left to right finds the same number of pairs as this alignment, so the
counts of the strict, exact and partial schemes are equal. If labels must be equal too, as in the
type scheme, matching from left to right can find fewer pairs even for flat mentions: an earlier
gold mention may take the prediction that a later one needs. `aloi.eval.hipe_fuzzy` matches in this
way. For nested and crossing mentions, the result of matching from left to right depends on the
order of the mentions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from aloi.corpus.problems import DataError, Problem
from aloi.eval.columns import Bools, Floats, Ints, MentionColumns
from aloi.eval.items import pack_keys
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.scores import is_member

MAX_COMPONENT_SIZE = 300
"""Larger components are aligned greedily, not optimally.

A component is a group of mentions that overlaps connect. Its size is the number of gold mentions or
of predicted mentions, whichever is larger.
"""

MAX_OVERLAPS = 1_000_000
"""The largest number of overlapping pairs of a gold and a predicted mention in one document."""


SelectedMentions = tuple[MentionColumns, Ints]
"""A table of mentions and the selected row numbers, in ascending order."""


class RowPairs(NamedTuple):
    """Pairs of row numbers: `gold[i]` is paired with `pred[i]`."""

    gold: Ints
    pred: Ints


@dataclass(frozen=True)
class Alignment:
    """The distinct gold and predicted mentions of `pair` in text order, and the pairs of mentions.

    `exact` contains the pairs that match exactly. `overlapping` contains all overlapping pairs of
    the remaining mentions. `paired` contains the pairs that were chosen from `overlapping`. Each
    pair is a row number of `gold` and a row number of `pred`.
    """

    pair: PairedAnnotations = field(repr=False)
    gold: MentionColumns = field(repr=False)
    pred: MentionColumns = field(repr=False)
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


def align_pair(
    pair: PairedAnnotations, *, labels_first: bool = False, min_overlap: float = 0.0
) -> Alignment:
    """Return the best alignment of gold and predicted mentions.

    If `labels_first` is true, the first criterion is the largest number of pairs with the same
    label. The type scheme of SemEval-2013 requires this. `min_overlap`: the smallest overlap (0 to
    1, see above) of an aligned pair. Raises `DataError` if a document contains
    more than `MAX_OVERLAPS` overlapping pairs of mentions.
    """
    gold, pred = deduplicate_mentions(pair.gold.mentions), deduplicate_mentions(pair.pred.mentions)
    exact = _exact_matches(gold, pred)
    overlapping = find_overlaps(
        pair,
        (gold, _other_rows(len(gold), exact.gold)),
        (pred, _other_rows(len(pred), exact.pred)),
    )
    alignment = Alignment(pair, gold, pred, exact, overlapping, overlapping)
    if min_overlap > 0:
        enough = _overlap_shares(alignment) >= min_overlap
        overlapping = RowPairs(*(side[enough] for side in overlapping))
        alignment = replace(alignment, overlapping=overlapping)
    chosen = _assign(overlapping, _pair_weights(alignment, labels_first=labels_first))
    return replace(alignment, paired=RowPairs(overlapping.gold[chosen], overlapping.pred[chosen]))


def find_overlaps(
    pair: PairedAnnotations, gold: SelectedMentions, pred: SelectedMentions
) -> RowPairs:
    """Return every overlapping pair of a selected gold and predicted mention, sorted by gold row.

    If two mentions overlap, one mention starts within the other mention. The function therefore
    searches for predicted mentions that start within a gold mention, and for gold mentions that
    start within a predicted mention. Raises `DataError` if a document contains more than
    `MAX_OVERLAPS` overlapping pairs.
    """
    gold_rows, pred_rows = gold[1], pred[1]
    gold_start, gold_end = _positions(gold, pair.width)
    pred_start, pred_end = _positions(pred, pair.width)
    in_gold = np.searchsorted(pred_start, gold_start), np.searchsorted(pred_start, gold_end)
    in_pred = (
        np.searchsorted(gold_start, pred_start, side="right"),
        np.searchsorted(gold_start, pred_end),
    )
    _check_overlaps(
        pair.ids,
        np.concatenate([gold[0].document[gold_rows], pred[0].document[pred_rows]]),
        np.concatenate([np.maximum(high - low, 0) for low, high in (in_gold, in_pred)]),
    )
    containing_gold, inner_pred = _expand_ranges(*in_gold)
    containing_pred, inner_gold = _expand_ranges(*in_pred)
    rows = np.concatenate([containing_gold, inner_gold])
    columns = np.concatenate([inner_pred, containing_pred])
    order = np.lexsort((columns, rows))
    return RowPairs(gold_rows[rows[order]], pred_rows[columns[order]])


def _positions(selected: SelectedMentions, width: int) -> tuple[Ints, Ints]:
    """Return the start and end of each selected mention, in the concatenation of all texts."""
    mentions, rows = selected
    offset = mentions.document[rows] * width
    return offset + mentions.start[rows], offset + mentions.end[rows]


def _check_overlaps(ids: tuple[str, ...], document: Ints, overlaps: Ints) -> None:
    """Raise `DataError` if the `overlaps` of a document add up to more than `MAX_OVERLAPS`."""
    totals = np.bincount(document, weights=overlaps, minlength=len(ids))
    fix = (
        "Remove overlapping mentions, or score only schemes without alignment, such as "
        "--scheme exact"
    )
    problems = [
        Problem(
            "too-many-overlaps",
            f"{int(totals[number]):,} pairs of a gold and a predicted mention overlap; the limit "
            f"is {MAX_OVERLAPS:,} per document",
            fix,
            ids[number],
        )
        for number in np.flatnonzero(totals > MAX_OVERLAPS).tolist()
    ]
    if problems:
        raise DataError(problems)


def _expand_ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return all pairs (i, n) with low[i] <= n < high[i], as an array of i and an array of n."""
    size = np.maximum(high - low, 0)
    owner = np.repeat(np.arange(len(low)), size)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    return owner, low[owner] + within


def deduplicate_mentions(mentions: MentionColumns) -> MentionColumns:
    """Return the mentions without duplicates; equal mentions must be in adjacent rows."""
    return mentions.take(np.flatnonzero(_is_first(mentions)))


def distinct_numbers(mentions: MentionColumns) -> Ints:
    """Return the row of each mention in `deduplicate_mentions(mentions)`."""
    return np.cumsum(_is_first(mentions)) - 1


def _is_first(mentions: MentionColumns) -> Bools:
    """Return, for each mention, whether it differs from the mention in the row before."""
    columns = np.stack([mentions.document, mentions.start, mentions.end, mentions.label])
    first = np.ones(len(mentions), dtype=np.bool_)
    first[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    return first


def _exact_matches(gold: MentionColumns, pred: MentionColumns) -> RowPairs:
    gold_keys, pred_keys = pack_keys(*([m.document, m.start, m.end, m.label] for m in (gold, pred)))
    order = np.argsort(pred_keys, kind="stable")
    rows = np.flatnonzero(is_member(gold_keys, pred_keys[order]))
    return RowPairs(rows, order[np.searchsorted(pred_keys[order], gold_keys[rows])])


def _other_rows(length: int, rows: Ints) -> Ints:
    """Return the row numbers from 0 to `length - 1` that are not in `rows`."""
    others = np.ones(length, dtype=np.bool_)
    others[rows] = False
    return np.flatnonzero(others)


def _pair_weights(alignment: Alignment, *, labels_first: bool) -> Floats:
    """Return the weight of each overlapping pair.

    The best alignment is the alignment with the largest sum of weights.
    """
    pairs = alignment.overlapping
    label, span = alignment.same_label(pairs), alignment.same_span(pairs)
    # One unit of a criterion outweighs the sum of the next criterion over a whole component.
    step = float(MAX_COMPONENT_SIZE + 1)
    criteria = [
        _overlap_shares(alignment),
        label * step,
        np.full(len(label), step**2),
        span * step**3,
    ]
    if labels_first:
        criteria.append(label * step**4)
    weights: Floats = np.sum(criteria, axis=0)
    return weights


def _overlap_shares(alignment: Alignment) -> Floats:
    """Return the overlap of each overlapping pair: shared characters divided by all characters."""
    pairs = alignment.overlapping
    gold_start, gold_end = (getattr(alignment.gold, name)[pairs.gold] for name in ("start", "end"))
    pred_start, pred_end = (getattr(alignment.pred, name)[pairs.pred] for name in ("start", "end"))
    shared = np.minimum(gold_end, pred_end) - np.maximum(gold_start, pred_start)
    union = np.maximum(gold_end, pred_end) - np.minimum(gold_start, pred_start)
    shares: Floats = shared / union
    return shares


def _assign(pairs: RowPairs, weights: Floats) -> Ints:
    """Return the positions in `pairs` of the pairs with the largest sum of weights.

    No two of these pairs contain the same mention.
    """
    degrees = [np.bincount(side)[side] for side in pairs]
    isolated = (degrees[0] == 1) & (degrees[1] == 1)
    chosen = [np.flatnonzero(isolated)]
    competing = ~isolated
    for centre, spokes in ((pairs.gold, degrees[1]), (pairs.pred, degrees[0])):
        rows = np.flatnonzero(competing & ~np.isin(centre, centre[spokes > 1]))
        chosen.append(_best_of_centre(centre[rows], rows, weights[rows]))
        competing[rows] = False
    others = np.flatnonzero(competing)
    if len(others):
        chosen += [
            component[_best_assignment(*_renumber(pairs, component), weights[component])]
            for component in _split_components(pairs, others)
        ]
    return np.sort(np.concatenate(chosen))


def _best_of_centre(centre: Ints, rows: Ints, weights: Floats) -> Ints:
    """Return, for each mention in `centre`, the row with the largest weight, or the first of these.

    All pairs of such a mention are with mentions that overlap no other mention, so this is the best
    assignment.
    """
    order = np.lexsort((rows, -weights, centre))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = np.diff(centre[order]) != 0
    best: Ints = rows[order[first]]
    return best


def _split_components(pairs: RowPairs, rows: Ints) -> list[Ints]:
    """Return `rows` split into components; no mention occurs in two components."""
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
    """Return the gold and the predicted mention of each pair in `rows`, renumbered from 0."""
    gold, pred = (np.unique(side[rows], return_inverse=True)[1] for side in pairs)
    return gold, pred


def _best_assignment(gold: Ints, pred: Ints, weights: Floats) -> Ints:
    """Return the positions of the pairs with the largest sum of weights in one component."""
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
    """Return the positions of pairs chosen by descending weight; no mention is used twice."""
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
