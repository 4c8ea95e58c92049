"""What lies behind the scores: kinds of error, confusion, causes, slices, the commonest errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aloi.eval.alignment import Alignment
from aloi.eval.analysis.causes import causes
from aloi.eval.analysis.errors import Errors, cases, errors, frequent
from aloi.eval.analysis.slices import Slice, entity_slices, relation_slices
from aloi.eval.columns import Annotations
from aloi.eval.pairing import Pair

LISTED = 100
"""How many of the most frequent errors are listed."""


@dataclass(frozen=True)
class Analysis:
    """The errors of one comparison, sorted and counted.

    `causes` are by relation label, then cause; slices are exact for entities and strict for
    relations.
    """

    errors: Errors = field(repr=False)
    causes: dict[str, Counter[str]]
    entity_slices: tuple[Slice, ...]
    relation_slices: tuple[Slice, ...]

    def to_json(self) -> dict[str, Any]:
        """The analysis as plain values."""
        withheld = self.errors.pair.withheld
        listed = frequent(cases(self.errors), most=LISTED, withheld=withheld)
        return {
            "errors": self.errors.table(),
            "confusion": self.errors.confusion().to_json(),
            "frequent_errors": [{"count": number, **case._asdict()} for number, case in listed],
            "missed_relations": {label: dict(found) for label, found in self.causes.items()},
            "slices": {
                "entities": _plain(self.entity_slices),
                "relations": _plain(self.relation_slices),
            },
        }


def analyse(
    pair: Pair, alignment: Alignment, *, symmetric: frozenset[str], train: Annotations | None = None
) -> Analysis:
    """Look into a comparison, given `align(pair)`; `train` tells which surfaces were seen."""
    return Analysis(
        errors(pair, alignment),
        causes(pair, symmetric=symmetric),
        tuple(entity_slices(pair, train=train)),
        tuple(relation_slices(pair, symmetric=symmetric)),
    )


def _plain(slices: tuple[Slice, ...]) -> dict[str, Any]:
    return {
        each.name: {
            group: {**tally.plain(), **each.ratios(group)} for group, tally in each.groups.items()
        }
        for each in slices
    }
