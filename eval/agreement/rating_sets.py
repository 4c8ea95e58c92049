"""Coefficients over the three item sets, for two annotators or for all annotators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aloi.eval.agreement import coefficients
from aloi.eval.agreement.coefficients import Coefficient
from aloi.eval.agreement.ratings import Ratings
from aloi.eval.columns import Floats
from aloi.eval.statistics.intervals import Interval

ITEM_SETS = ("all", "someone", "both")
"""The names of the item sets over which a coefficient is computed."""

PairCounts = tuple[Floats, Floats, Floats]
"""The counts of two annotators (see `coefficients.count_pairs`) for each of `ITEM_SETS`."""

Measured = tuple[dict[str, Coefficient], dict[str, Coefficient], dict[str, Coefficient]]
"""Two coefficients by item set, and the first coefficient by label."""


@dataclass(frozen=True)
class RatingSets:
    """The ratings from which coefficients are computed, and the bootstrap of their intervals."""

    tokens: Ratings
    spans: Ratings
    labels: list[str]
    bootstrap: int
    seed: int

    def count_pair(self, annotators: Sequence[int]) -> PairCounts:
        """Return the counts of two annotators over all documents."""
        tokens, spans = (
            coefficients.count_pairs(
                each.values[list(annotators)], each.document, (each.documents, size)
            )
            for each, size in ((self.tokens, len(self.labels) + 1), (self.spans, self._sets()))
        )
        return tokens, coefficients.without_empty_agreement(tokens), spans

    def pair_coefficients(self, pair: PairCounts, documents: Sequence[int]) -> Measured:
        """Return kappa and AC1 by item set, and kappa by label, of two annotators.

        `documents` are the indices of the documents that both annotators have annotated.
        """
        counts = [each[documents] for each in pair]
        raters = "both annotators"
        kappa = [self._measure(coefficients.kappa, each, raters) for each in counts]
        ac1 = [self._measure(coefficients.pair_ac1, each, raters) for each in counts]
        by_label = self._by_label(
            lambda each: coefficients.kappa(coefficients.pairs_by_category(each)),
            counts[0],
            raters,
        )
        return self._by_set(kappa), self._by_set(ac1), by_label

    def mean_intervals(
        self, pairs: Sequence[PairCounts], documents: Sequence[int]
    ) -> dict[str, dict[str, Interval]]:
        """Return the intervals of the means of kappa and AC1 over the pairs, by item set.

        `documents` are the indices of the documents that at least two annotators have annotated.
        """
        return {
            name: {
                item_set: coefficients.mean_interval(
                    function,
                    [pair[number][documents] for pair in pairs],
                    bootstrap=self.bootstrap,
                    seed=self.seed,
                )
                for number, item_set in enumerate(ITEM_SETS)
            }
            for name, function in (("kappa", coefficients.kappa), ("ac1", coefficients.pair_ac1))
        }

    def group_coefficients(self, documents: Sequence[int]) -> Measured:
        """Return alpha and AC1 by item set, and alpha by label, of all annotators.

        `documents` are the indices of the documents that two annotators have annotated.
        """
        values = self.tokens.values
        rows = list(range(len(values)))
        someone = self.tokens.select(rows, np.flatnonzero((values > 0).any(axis=0)))
        tokens, marked, spans = (
            coefficients.count_units(each.values, each.document, (each.documents, size))[documents]
            for each, size in (
                (self.tokens, len(self.labels) + 1),
                (someone, len(self.labels) + 1),
                (self.spans, self._sets()),
            )
        )
        raters = "two annotators"
        counts = (tokens, marked, spans)
        alpha = [self._measure(coefficients.alpha, each, raters) for each in counts]
        ac1 = [self._measure(coefficients.ac1, each, raters) for each in counts]
        by_label = self._by_label(
            lambda each: coefficients.alpha(coefficients.units_by_category(each)), tokens, raters
        )
        return self._by_set(alpha), self._by_set(ac1), by_label

    def _sets(self) -> int:
        """Return the number of categories of spans."""
        return int(self.spans.values.max(initial=0)) + 1

    def _measure(self, function: coefficients.Measure, counts: Floats, raters: str) -> Coefficient:
        return coefficients.measure(
            function, counts, raters, bootstrap=self.bootstrap, seed=self.seed
        )

    def _by_label(
        self, function: coefficients.Measure, counts: Floats, raters: str
    ) -> dict[str, Coefficient]:
        measured = coefficients.measure_categories(
            function, counts, raters, bootstrap=self.bootstrap, seed=self.seed
        )
        return dict(zip(self.labels, measured[1:], strict=True))

    @staticmethod
    def _by_set(measured: Sequence[Coefficient]) -> dict[str, Coefficient]:
        return dict(zip(ITEM_SETS, measured, strict=True))
