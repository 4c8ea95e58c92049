"""The four schemes of SemEval-2013 task 9 (Segura-Bedmar et al. 2013), over all mentions.

Each gold mention is correct, incorrect, partial or missed; each predicted mention is correct,
incorrect, partial or spurious. Exact matches are correct under every scheme. The outcome of any
other aligned pair depends on the scheme:

| scheme  | same span | different span |
|---------|-----------|----------------|
| strict  | incorrect | incorrect      |
| exact   | correct   | incorrect      |
| partial | correct   | partial        |
| type    | correct if the labels are equal, otherwise incorrect |

With a minimum overlap, pairs with a smaller overlap are not aligned under partial and type.

precision = (correct + partial / 2) / predicted, recall = (correct + partial / 2) / gold. In a table
of scores by type, each gold or predicted mention counts in the row of its own label. The rows of
this table therefore add up to the total. In other scorers, the rows do not add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from aloi.eval.alignment import Alignment, align_pair
from aloi.eval.columns import Floats, Ints
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.schemes import EntityScheme
from aloi.eval.score_counts import ScoreCounts, name_ratios
from aloi.eval.scores import Scores

CORRECT, INCORRECT, PARTIAL, UNALIGNED = range(4)
"""The outcomes of a mention.

An unaligned gold mention is missed, and an unaligned predicted mention is spurious.
"""


@dataclass(frozen=True, slots=True)
class Outcomes(ScoreCounts):
    """The number of gold mentions and the number of predicted mentions with each outcome."""

    gold: tuple[int, ...]
    pred: tuple[int, ...]

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """Return the outcomes for eight numbers: four for gold, then four for the predictions."""
        return cls(tuple(numbers[:4]), tuple(numbers[4:]))

    @staticmethod
    def compute_ratios(numbers: Floats) -> Floats:
        """Return precision, recall and F1; the last axis contains eight numbers as in `of`."""
        gold, pred = numbers[..., :4], numbers[..., 4:]
        credit = [side[..., CORRECT] + side[..., PARTIAL] / 2 for side in (pred, gold)]
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall = credit[0] / pred.sum(axis=-1), credit[1] / gold.sum(axis=-1)
            f1 = 2 * precision * recall / (precision + recall)
        nothing_correct = (credit[0] == 0) & (credit[1] == 0)
        f1 = np.where(nothing_correct & (numbers.sum(axis=-1) > 0), 0.0, f1)
        return np.stack([precision, recall, f1], axis=-1)

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name.

        `possible` is the number of gold mentions, and `actual` the number of predicted mentions.
        """
        names = ("correct", "incorrect", "partial", "missed")
        return {
            **dict(zip(names, self.gold, strict=True)),
            "spurious": self.pred[UNALIGNED],
            "possible": sum(self.gold),
            "actual": sum(self.pred),
        }

    @property
    def support(self) -> int:
        """The number of gold mentions."""
        return sum(self.gold)

    @property
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name."""
        return name_ratios(self.compute_ratios(np.array([*self.gold, *self.pred], dtype=float)))


def score_semeval(
    pair: PairedAnnotations, alignment: Alignment, *, min_overlap: float = 0.0
) -> dict[EntityScheme, Scores[Outcomes]]:
    """Return the scores by SemEval scheme; `alignment` must be the result of `align_pair(pair)`.

    `min_overlap`: the smallest overlap of a pair under the partial and type schemes.
    """
    by_label = align_pair(pair, labels_first=True, min_overlap=min_overlap)
    by_span = align_pair(pair, min_overlap=min_overlap) if min_overlap > 0 else alignment
    same_span = alignment.same_span(alignment.paired)
    near_span = by_span.same_span(by_span.paired)
    same_label = by_label.same_label(by_label.paired)
    outcomes = {
        EntityScheme.SEMEVAL_STRICT: (alignment, np.full(len(same_span), INCORRECT)),
        EntityScheme.SEMEVAL_EXACT: (alignment, np.where(same_span, CORRECT, INCORRECT)),
        EntityScheme.SEMEVAL_PARTIAL: (by_span, np.where(near_span, CORRECT, PARTIAL)),
        EntityScheme.SEMEVAL_TYPE: (by_label, np.where(same_label, CORRECT, INCORRECT)),
    }
    return {scheme: _score(pair, *each) for scheme, each in outcomes.items()}


def _score(pair: PairedAnnotations, alignment: Alignment, pair_outcomes: Ints) -> Scores[Outcomes]:
    """Return the scores of one scheme.

    `pair_outcomes` contains the outcome of each pair in `alignment.paired`.
    """
    shape = (len(pair), len(pair.labels))
    sides = []
    for mentions, exact, paired in zip(
        (alignment.gold, alignment.pred), alignment.exact, alignment.paired, strict=True
    ):
        outcome = np.full(len(mentions), UNALIGNED)
        outcome[exact] = CORRECT
        outcome[paired] = pair_outcomes
        cell = (mentions.document * shape[1] + mentions.label) * 4 + outcome
        sides.append(np.bincount(cell, minlength=shape[0] * shape[1] * 4).reshape(*shape, 4))
    duplicates = {
        "gold": len(pair.gold.mentions) - len(alignment.gold),
        "pred": len(pair.pred.mentions) - len(alignment.pred),
    }
    counts = np.concatenate(sides, axis=-1)
    return Scores.without_empty_types(Outcomes, pair.labels, counts, duplicates)
