"""The parts that all comparisons of systems share: counts, ratios and Holm's correction.

The macro average is the mean over the types in gold, so it is the same for all comparisons of a
system; labels that only a system predicts lower the micro average alone. An undefined ratio counts
as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar, cast

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints
from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import Scores

RatioFunction = Callable[[Floats], Floats]
"""A function that computes ratios of shape (…, 3) from counts of shape (…, n)."""


class TestedDifference(Protocol):
    """A difference with a p-value that can be corrected for multiple tests."""

    @property
    def p(self) -> float | None:
        """The p-value, or None if there is no test."""

    def corrected(self, p_holm: float | None) -> Self:
        """Return the difference with the corrected p-value."""


D = TypeVar("D", bound=TestedDifference | None)


class DifferenceTable(NamedTuple, Generic[D]):
    """The differences by ratio name, for each type, the micro average and the macro average."""

    types: dict[str, dict[str, D]]
    micro: dict[str, D]
    macro: dict[str, D]


@dataclass(frozen=True, slots=True)
class ComparedCounts:
    """The counts of several systems or runs under one scheme, with the same labels.

    `support` is the number of gold items by label. The arrays in `counts` have the shape
    (documents, types, n). `compute` returns the ratios of all types, then those of the micro and
    macro averages.
    """

    support: dict[str, int]
    counts: list[Ints]
    compute: RatioFunction

    @classmethod
    def of(cls, scores: Sequence[Scores[Any]]) -> Self:
        """Return the counts of these scores, which must be under one scheme."""
        labels = sorted({label for each in scores for label in each.labels})
        support = _gold_supports(labels, scores)
        in_gold = np.array([support[label] > 0 for label in labels], dtype=np.bool_)
        compute = _with_averages(scores[0].kind.compute_ratios, in_gold)
        return cls(support, [_expand_labels(each, labels) for each in scores], compute)

    def observed(self) -> Floats:
        """Return the ratios over all documents; shape: (systems, types + 2, ratios)."""
        return np.stack([self.compute(each.sum(axis=0).astype(float)) for each in self.counts])

    def differences(self, measure: Callable[[int, int], D]) -> DifferenceTable[D]:
        """Return `measure(row, ratio)` by type and average, with Holm's correction over the types.

        `row` and `ratio` are indices into the arrays that `compute` returns.
        """
        rows = [
            {name: measure(row, ratio) for ratio, name in enumerate(RATIOS)}
            for row in range(len(self.support) + 2)
        ]
        types = _apply_holm(dict(zip(self.support, rows, strict=False)))
        return DifferenceTable(types, *rows[-2:])


def _apply_holm(types: Mapping[str, Mapping[str, D]]) -> dict[str, dict[str, D]]:
    """Return the differences with Holm's correction over the types, separately for each ratio."""
    corrected: dict[str, dict[str, D]] = {label: {} for label in types}
    for name in RATIOS:
        column = [ratios[name] for ratios in types.values()]
        p_values = holm([None if each is None else each.p for each in column])
        for label, each, p in zip(types, column, p_values, strict=True):
            corrected[label][name] = each if each is None else cast("D", each.corrected(p))
    return corrected


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for multiple tests (Holm 1979).

    A value of None stays None and does not count as a test.
    """
    ranked = sorted((value, place) for place, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, place) in enumerate(ranked):
        highest = max(highest, min(1.0, (len(ranked) - rank) * value))
        corrected[place] = highest
    return corrected


def _gold_supports(labels: Sequence[str], sides: Sequence[Scores[Any]]) -> dict[str, int]:
    """Return the number of gold items by label; all `sides` have the same gold items."""
    types = [side.types for side in sides]
    return {
        label: next(counts[label].support for counts in types if label in counts)
        for label in labels
    }


def _expand_labels(scores: Scores[Any], labels: Sequence[str]) -> Ints:
    """Return the counts for all `labels`, with 0 for labels that the scores do not contain."""
    shape = scores.by_document.shape
    dtype = np.result_type(scores.by_document.dtype, np.int64)
    counts = np.zeros((shape[0], len(labels), shape[2]), dtype=dtype)
    counts[:, [labels.index(label) for label in scores.labels]] = scores.by_document
    return counts


def _with_averages(compute_ratios: RatioFunction, in_gold: Bools) -> RatioFunction:
    """Return a function that computes the ratios of all types, then micro, then macro averages.

    The function takes counts of shape (…, types, n) and returns ratios of shape (…, types + 2, 3).
    The macro average is the mean over the types for which `in_gold` is true.
    """

    def compute(counts: Floats) -> Floats:
        types, micro = compute_ratios(counts), compute_ratios(counts.sum(axis=-2, keepdims=True))
        if in_gold.any():
            macro = np.nan_to_num(types[..., in_gold, :]).mean(axis=-2, keepdims=True)
        else:
            macro = np.full_like(micro, np.nan)
        return np.concatenate([types, micro, macro], axis=-2)

    return compute
