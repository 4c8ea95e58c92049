"""Error analysis: error kinds, confusion matrix, causes, slices and frequent errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aloi.eval.alignment import Alignment
from aloi.eval.analysis.causes import find_causes
from aloi.eval.analysis.error_cases import FrequentError, list_cases, most_frequent
from aloi.eval.analysis.errors import ClassifiedErrors, Confusion, classify_errors
from aloi.eval.analysis.fact_causes import find_fact_causes
from aloi.eval.analysis.relation_confusion import relation_confusion
from aloi.eval.analysis.slices import Slice, entity_slices, relation_slices
from aloi.eval.analysis.spurious_relations import (
    SpuriousCause,
    count_spurious,
    explain_spurious,
)
from aloi.eval.columns import Annotations
from aloi.eval.pairing import PairedAnnotations

MAX_FREQUENT_ERRORS = 100
"""The largest number of frequent errors in a report."""


@dataclass(frozen=True)
class Analysis:
    """The error analysis of one set of predictions.

    `causes` contains the number of missed relations by relation label, then by cause; `fact_causes`
    the same for missed facts. The scheme of
    `entity_slices` is exact, and the scheme of `relation_slices` is strict. `symmetric` contains
    the labels of relations with interchangeable head and tail.
    """

    errors: ClassifiedErrors = field(repr=False)
    causes: dict[str, Counter[str]]
    fact_causes: dict[str, Counter[str]]
    entity_slices: tuple[Slice, ...]
    relation_slices: tuple[Slice, ...]
    symmetric: frozenset[str]

    @cached_property
    def spurious(self) -> dict[int, SpuriousCause]:
        """The cause of each spurious relation, by its row number; computed when it is needed."""
        return explain_spurious(self.errors.pair, symmetric=self.symmetric)

    def spurious_relations(self) -> dict[str, Counter[str]]:
        """Return the number of spurious relations by relation label, then by cause."""
        return count_spurious(self.errors.pair, self.spurious)

    def relation_confusion(self) -> Confusion:
        """Return the confusion matrix of the relations."""
        return relation_confusion(self.errors.pair, symmetric=self.symmetric)

    def frequent_errors(self) -> list[FrequentError]:
        """Return the most frequent errors, without the text of withheld documents."""
        cases = list_cases(self.errors)
        withheld = self.errors.pair.withheld
        return most_frequent(cases, limit=MAX_FREQUENT_ERRORS, withheld=withheld)

    def to_json(self) -> dict[str, Any]:
        """Return the analysis as JSON values."""
        return {
            "errors": self.errors.table(),
            "confusion": self.errors.confusion().to_json(),
            "frequent_errors": [
                {"count": each.frequency, **each.example.to_json()}
                for each in self.frequent_errors()
            ],
            "relation_confusion": self.relation_confusion().to_json(),
            "missed_relations": {label: dict(causes) for label, causes in self.causes.items()},
            "missed_facts": {label: dict(causes) for label, causes in self.fact_causes.items()},
            "spurious_relations": {
                label: dict(causes) for label, causes in self.spurious_relations().items()
            },
            "slices": {
                "entities": _slices_to_json(self.entity_slices),
                "relations": _slices_to_json(self.relation_slices),
            },
        }


def analyse(
    pair: PairedAnnotations,
    alignment: Alignment,
    *,
    symmetric: frozenset[str],
    train: Annotations | None = None,
    shared_refs: bool = False,
) -> Analysis:
    """Return the error analysis; `alignment` must be the result of `align_pair(pair)`.

    If the training documents are given as `train`, the analysis contains an additional slice
    that compares mentions with seen and with unseen surfaces. `shared_refs`: facts compare
    predicted refs with gold's refs by name.
    """
    return Analysis(
        classify_errors(alignment),
        find_causes(pair, symmetric=symmetric),
        find_fact_causes(pair, symmetric=symmetric, shared_refs=shared_refs),
        tuple(entity_slices(pair, train=train)),
        tuple(relation_slices(pair, symmetric=symmetric)),
        symmetric,
    )


def _slices_to_json(slices: tuple[Slice, ...]) -> dict[str, Any]:
    return {
        each.name: {
            group: {**counts.as_dict(), **each.ratios(group)}
            for group, counts in each.groups.items()
        }
        for each in slices
    }
