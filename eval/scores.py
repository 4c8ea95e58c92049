"""Scores: gold and predictions of the same documents, compared under one scheme.

The counts of every document and type are kept, as an integer array of shape
(documents, types, 3) with tp, fp, fn on the last axis: totals are its sums, and a document
bootstrap is a matrix product with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aloi.corpus.document import Document
from aloi.eval.counts import Counts, macro
from aloi.eval.matching import Scheme

Pair = tuple[Document, Document]


@dataclass(frozen=True)
class Scores:
    """The counts under one scheme; `duplicates` are items that collapsed, and score nothing."""

    labels: tuple[str, ...]
    by_document: npt.NDArray[np.int64] = field(repr=False)
    duplicates: dict[str, int]

    @cached_property
    def types(self) -> dict[str, Counts]:
        """The counts of each type found in gold or predictions, in sorted order."""
        totals = self.by_document.sum(axis=0).tolist()
        return {label: Counts(*row) for label, row in zip(self.labels, totals, strict=True)}

    @property
    def micro(self) -> Counts:
        """The counts of all types together."""
        return sum(self.types.values(), Counts())

    @property
    def macro(self) -> dict[str, float | None]:
        """The mean of the types' ratios."""
        return macro(self.types.values())


def score(pairs: Sequence[Pair], scheme: Scheme) -> Scores:
    """Compare each (gold, prediction) pair of documents under a scheme."""
    found = [_compare(gold, pred, scheme) for gold, pred in pairs]
    labels = tuple(sorted({label for counts, _ in found for label, _ in counts}))
    column = {label: number for number, label in enumerate(labels)}
    by_document = np.zeros((len(found), len(labels), 3), dtype=np.int64)
    for row, (counts, _) in enumerate(found):
        for (label, outcome), count in counts.items():
            by_document[row, column[label], outcome] = count
    gold, pred = (sum(duplicates[side] for _, duplicates in found) for side in (0, 1))
    return Scores(labels, by_document, {"gold": gold, "pred": pred})


TP, FP, FN = range(3)


def _compare(
    gold: Document, pred: Document, scheme: Scheme
) -> tuple[Counter[tuple[str, int]], tuple[int, int]]:
    """One document's counts by (label, outcome), and its duplicates in gold and prediction."""
    sides = [list(scheme(document)) for document in (gold, pred)]
    wanted, given = map(set, sides)
    outcomes = ((wanted & given, TP), (given - wanted, FP), (wanted - given, FN))
    counts = Counter((item.label, outcome) for items, outcome in outcomes for item in items)
    return counts, (len(sides[0]) - len(wanted), len(sides[1]) - len(given))
