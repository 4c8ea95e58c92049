"""Comparison of systems with a baseline on the same documents, with significance tests.

See `aloi.eval.statistics.significance` for the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from aloi.corpus.document import Document
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import Report, evaluate_annotations
from aloi.eval.reports.sheets import Sheet, format_difference, format_ratio
from aloi.eval.reports.signature import Signature
from aloi.eval.schemes import ALL_SCHEMES, MAIN_SCHEMES, TRAIN_SCHEMES
from aloi.eval.scoring_choices import EvaluationOptions
from aloi.eval.statistics.intervals import MIN_INSTANCES, few_documents_note
from aloi.eval.statistics.significance import (
    RatioDifference,
    RatioDifferences,
    ScoreDifferences,
    compare_scores,
)

COMPARABLE_SCHEMES = tuple(name for name in ALL_SCHEMES if name not in TRAIN_SCHEMES)
"""The schemes under which systems can be compared: those that need no training documents."""

DEFAULT_SCHEMES = tuple(MAIN_SCHEMES.values())

DEFAULT_OPTIONS = EvaluationOptions()

MIN_SUPPORT = 30
"""If a type has fewer gold items, its differences are marked as unreliable."""

COMPARISON_COLUMNS = (
    "",
    "support",
    "base",
    "other",
    "difference",
    "p",
    "p Holm",
)

SHORT_NAMES = {"precision": "P", "recall": "R"}
"""The names of the ratios besides F1 in the rows of a table."""


@dataclass(frozen=True, slots=True)
class SystemComparison:
    """The differences between one system and the baseline under one scheme.

    Holm's correction is applied over the types, separately for precision, recall and F1. The
    correction does not cover micro averages, macro averages or the comparisons of other systems.
    """

    system: str
    task: str
    scheme: str
    differences: ScoreDifferences

    @property
    def unreliable_types(self) -> tuple[str, ...]:
        """The types with a support below `MIN_SUPPORT`."""
        support = self.differences.support
        return tuple(label for label, number in support.items() if number < MIN_SUPPORT)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        support = self.differences.support
        return {
            "system": self.system,
            "task": self.task,
            "scheme": self.scheme,
            "types": {
                label: {
                    "support": support[label],
                    "few": label in self.unreliable_types,
                    **_ratios_to_json(each),
                }
                for label, each in self.differences.types.items()
            },
            "micro": {
                "support": sum(support.values()),
                **_ratios_to_json(self.differences.micro),
            },
            "macro": _ratios_to_json(self.differences.macro),
        }

    def sheet(self, baseline: str) -> Sheet:
        """Return a table of F1 by type, followed by micro and macro averages of all ratios."""
        title = f"{self.task}, {self.scheme}: {self.system} − {baseline}; F1 unless noted"
        return Sheet(title, tuple(_rows(self)), COMPARISON_COLUMNS)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparisons of several systems with a baseline on the same documents."""

    signature: Signature
    baseline: str
    systems: tuple[SystemComparison, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the differences must know."""
        support = {k: n for each in self.systems for k, n in each.differences.support.items()}
        return tuple(few_notes(self.signature.documents, support))

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {
            "signature": str(self.signature),
            "warnings": list(self.warnings),
            "baseline": self.baseline,
            "macro_types": "the types in gold",
            "holm_family": "the types of one contrast, separately for each ratio",
            "contrasts": [each.to_json() for each in self.systems],
        }

    def sheets(self) -> Iterator[Sheet]:
        """Yield a table for each system and scheme under which anything was scored."""
        return (each.sheet(self.baseline) for each in self.systems if each.differences.types)


def compare_systems(
    gold: Iterable[Document] | Annotations,
    systems: Mapping[str, Iterable[Document] | Annotations],
    options: EvaluationOptions = DEFAULT_OPTIONS,
    *,
    replicates: int = 10_000,
) -> Comparison:
    """Compare each system with the baseline under each scheme.

    `systems` contains predictions by system name, for at least two systems. The first system is the
    baseline. The schemes of the options must be from `COMPARABLE_SCHEMES` (default:
    `DEFAULT_SCHEMES`). `replicates` and the seed of the options apply to the bootstrap and to the
    randomisation test. Raises `DataError` if gold and predictions do not contain the same documents
    with the same texts.
    """
    reports = score_systems(gold, systems, options)
    (baseline, first), *others = reports.items()
    comparisons = tuple(
        comparison
        for name, report in others
        for comparison in _compare_reports(name, first, report, replicates)
    )
    return Comparison(_signature(first, replicates), baseline, comparisons)


def score_systems(
    gold: Iterable[Document] | Annotations,
    systems: Mapping[str, Iterable[Document] | Annotations],
    options: EvaluationOptions,
) -> dict[str, Report]:
    """Return the report of each system, without intervals."""
    options = replace(options, schemes=options.schemes or DEFAULT_SCHEMES, bootstrap=0)
    columns = Annotations.of(gold)
    return {
        name: evaluate_annotations(columns, Annotations.of(pred), options)
        for name, pred in systems.items()
    }


def few_notes(documents: int, support: Mapping[str, int]) -> Iterator[str]:
    """Yield what makes differences doubtful: no types, few documents, types with few gold items."""
    if not support:
        kinds = " or ".join(MAIN_SCHEMES)
        yield f"nothing to compare: neither gold nor the predictions contain {kinds}"
        return
    yield from few_documents_note(documents)
    rare = [f"{label} ({number})" for label, number in support.items() if number < MIN_INSTANCES]
    if rare:
        what = f"types with under {MIN_INSTANCES} in gold, so their p and intervals are doubtful"
        yield f"{what}: {', '.join(rare)}"


def mark_support(number: int) -> str:
    """Return the support of a type as a table cell; few gold items are marked."""
    return f"few: {number}" if number < MIN_SUPPORT else str(number)


def _compare_reports(
    name: str, baseline: Report, report: Report, replicates: int
) -> Iterator[SystemComparison]:
    baseline_results = baseline.by_kind()
    for kind, results in report.by_kind().items():
        for scheme, result in results.items():
            differences = compare_scores(
                baseline_results[kind][scheme].scores,
                result.scores,
                replicates=replicates,
                seed=report.signature.seed,
                method=report.signature.interval,
            )
            yield SystemComparison(name, kind, scheme, differences)


def _signature(report: Report, replicates: int) -> Signature:
    signature = report.signature
    return replace(signature, bootstrap=None).with_notes(
        f"paired bootstrap and approximate randomisation {replicates} seed {signature.seed} "
        f"interval {signature.interval}",
        "Holm over the types",
        "macro over the types in gold",
        f"numpy {version('numpy')}",
    )


def _ratios_to_json(differences: RatioDifferences) -> dict[str, Any]:
    return {name: difference.to_json() for name, difference in differences.items()}


def _rows(comparison: SystemComparison) -> Iterator[tuple[str, ...]]:
    differences = comparison.differences
    for label, each in differences.types.items():
        yield (label, mark_support(differences.support[label]), *_cells(each["f1"]))
    total = str(sum(differences.support.values()))
    yield ("micro", total, *_cells(differences.micro["f1"]))
    yield ("macro", total, *_cells(differences.macro["f1"]))
    for name, short in SHORT_NAMES.items():
        yield (f"micro {short}", total, *_cells(differences.micro[name]))
        yield (f"macro {short}", total, *_cells(differences.macro[name]))


def _cells(each: RatioDifference) -> list[str]:
    difference = format_difference(each.difference, each.interval)
    p_values = ["–" if p is None else f"{p:.4f}" for p in (each.p, each.p_holm)]
    return [format_ratio(each.baseline), format_ratio(each.other), difference, *p_values]
