"""The four schemes of SemEval-2013 task 9 (Segura-Bedmar et al. 2013), over all mentions.

Each gold mention is correct, incorrect, partial or missed; each predicted one correct, incorrect,
partial or spurious. Exact matches are correct everywhere; a pair of the alignment is

| scheme  | same stretch | another stretch |
|---------|--------------|-----------------|
| strict  | incorrect    | incorrect       |
| exact   | correct      | incorrect       |
| partial | correct      | partial         |
| type    | correct if the labels agree, else incorrect    |

precision = (correct + partial / 2) / predicted, recall = (correct + partial / 2) / gold. A gold
mention counts in the row of its own label, a predicted one in that of its own, so the rows add up
to the whole, which those of other scorers do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from aloi.eval.alignment import Alignment, align
from aloi.eval.columns import Ints
from aloi.eval.counts import Numbers, Tally, named_ratios
from aloi.eval.pairing import Pair
from aloi.eval.scores import Scores

CORRECT, INCORRECT, PARTIAL, LEFT = range(4)
"""The outcomes of a mention; what is left over is missed in gold, spurious in predictions."""

SCHEMES = ("strict", "exact", "partial", "type")


@dataclass(frozen=True, slots=True)
class Outcomes(Tally):
    """How many gold and how many predicted mentions had each outcome."""

    gold: tuple[int, ...]
    pred: tuple[int, ...]

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """From gold's correct, incorrect, partial, missed, then the same of the predictions."""
        return cls(tuple(numbers[:4]), tuple(numbers[4:]))

    @staticmethod
    def rates(numbers: Numbers) -> Numbers:
        """From the eight numbers on the last axis."""
        gold, pred = numbers[..., :4], numbers[..., 4:]
        credit = [side[..., CORRECT] + side[..., PARTIAL] / 2 for side in (pred, gold)]
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall = credit[0] / pred.sum(axis=-1), credit[1] / gold.sum(axis=-1)
            f1 = 2 * precision * recall / (precision + recall)
        nothing_right = (credit[0] == 0) & (credit[1] == 0)
        f1 = np.where(nothing_right & (numbers.sum(axis=-1) > 0), 0.0, f1)
        return np.stack([precision, recall, f1], axis=-1)

    def plain(self) -> dict[str, int]:
        """The counts by name: of gold mentions, and how many were predicted and are spurious."""
        names = ("correct", "incorrect", "partial", "missed")
        return {
            **dict(zip(names, self.gold, strict=True)),
            "spurious": self.pred[LEFT],
            "possible": sum(self.gold),
            "actual": sum(self.pred),
        }

    @property
    def support(self) -> int:
        """How many mentions gold has."""
        return sum(self.gold)

    @property
    def ratios(self) -> dict[str, float | None]:
        """Precision, recall and F1 by name."""
        return named_ratios(self.rates(np.array([*self.gold, *self.pred], dtype=float)))


def outcomes(pair: Pair, alignment: Alignment) -> dict[str, Scores[Outcomes]]:
    """The scores under each of the four schemes; `alignment` is `align(pair)`."""
    by_label = align(pair, labels_first=True)
    stretch = alignment.same_stretch(alignment.paired)
    label = by_label.same_label(by_label.paired)
    judged = {
        "strict": (alignment, np.full(len(stretch), INCORRECT)),
        "exact": (alignment, np.where(stretch, CORRECT, INCORRECT)),
        "partial": (alignment, np.where(stretch, CORRECT, PARTIAL)),
        "type": (by_label, np.where(label, CORRECT, INCORRECT)),
    }
    return {name: _scores(pair, *judged[name]) for name in SCHEMES}


def _scores(pair: Pair, alignment: Alignment, judgement: Ints) -> Scores[Outcomes]:
    shape = (len(pair), len(pair.labels))
    sides = []
    for mentions, exact, paired in zip(
        (alignment.gold, alignment.pred), alignment.exact, alignment.paired, strict=True
    ):
        outcome = np.full(len(mentions), LEFT)
        outcome[exact] = CORRECT
        outcome[paired] = judgement
        cell = (mentions.document * shape[1] + mentions.label) * 4 + outcome
        sides.append(np.bincount(cell, minlength=shape[0] * shape[1] * 4).reshape(*shape, 4))
    twice = {
        "gold": len(pair.gold.mentions) - len(alignment.gold),
        "pred": len(pair.pred.mentions) - len(alignment.pred),
    }
    return Scores.found(Outcomes, pair.labels, np.concatenate(sides, axis=-1), twice)
