"""The fuzzy scheme of the HIPE campaigns (Ehrmann et al. 2020): spans overlap, labels are equal.

Mentions are paired from left to right. Each gold mention, in text order, is paired with the first
predicted mention that overlaps it, has its label and is not yet used, even if a later gold mention
matches this predicted mention exactly. Pairs are true positives.

The official scorer counts a predicted mention with a wrong label under the gold label. Here, it is
a false positive under its own label; micro averages are equal.
"""

from __future__ import annotations

import numpy as np

from aloi.eval.alignment import RowPairs, deduplicate_mentions, find_overlaps
from aloi.eval.columns import Ints, MentionColumns
from aloi.eval.items import Items
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, count_cells


def score_hipe_fuzzy(pair: PairedAnnotations) -> Scores[Counts]:
    """Return the scores of mentions that are paired from left to right.

    Raises `DataError` if a document contains more than `MAX_OVERLAPS` overlapping pairs.
    """
    gold, pred = (deduplicate_mentions(side.mentions) for side in (pair.gold, pair.pred))
    shape = (len(pair), len(pair.labels))
    tp = _count(gold.take(_pair_left_to_right(pair, gold, pred).gold), shape)
    fp, fn = _count(pred, shape) - tp, _count(gold, shape) - tp
    duplicates = {
        "gold": len(pair.gold.mentions) - len(gold),
        "pred": len(pair.pred.mentions) - len(pred),
    }
    counts = np.stack([tp, fp, fn], axis=-1)
    return Scores.without_empty_types(Counts, pair.labels, counts, duplicates)


def _count(mentions: MentionColumns, shape: tuple[int, int]) -> Ints:
    """Return the number of mentions per document and label."""
    return count_cells(Items(mentions.document, mentions.label, mentions.start), shape)


def _pair_left_to_right(
    pair: PairedAnnotations, gold: MentionColumns, pred: MentionColumns
) -> RowPairs:
    """Return the pairs of mentions; both tables must be in text order."""
    overlapping = find_overlaps(pair, (gold, np.arange(len(gold))), (pred, np.arange(len(pred))))
    same = gold.label[overlapping.gold] == pred.label[overlapping.pred]
    rows, columns = overlapping.gold[same], overlapping.pred[same]
    used_gold: set[int] = set()
    used_pred: set[int] = set()
    chosen = []
    for number, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        if row not in used_gold and column not in used_pred:
            used_gold.add(row)
            used_pred.add(column)
            chosen.append(number)
    kept = np.array(chosen, dtype=np.int64)
    return RowPairs(rows[kept], columns[kept])
