"""starts: mentions are correct if they begin at the right place; labels are ignored."""

import numpy as np

from aloi.eval.columns import MentionColumns
from aloi.eval.items import Items, pack_keys
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.schemes import Scheme, ScoredItems
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, score_items


def score(pair: PairedAnnotations) -> Scores[Counts]:
    """Return the scores over the starts of mentions, all with one label."""
    gold, pred = pair.gold.mentions, pair.pred.mentions
    keys = pack_keys((gold.document, gold.start), (pred.document, pred.start))
    sides = (_items(side, key) for side, key in zip((gold, pred), keys, strict=True))
    return score_items(*sides, documents=len(pair), labels=("start",))


def _items(side: MentionColumns, key: np.ndarray) -> Items:
    return Items(side.document, np.zeros(len(key), dtype=np.int64), key)


STARTS = Scheme(
    name="starts",
    items=ScoredItems.MENTIONS,
    explanation="Start of a mention is equal.",
    score=score,
)
