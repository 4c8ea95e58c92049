"""Comparison of systems with several runs each, such as one run per training seed.

See `aloi.eval.statistics.run_variance` for the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aloi.eval.columns import Annotations
from aloi.eval.reports.report import Report
from aloi.eval.reports.sheets import Sheet, format_difference
from aloi.eval.reports.signature import Signature
from aloi.eval.reports.system_comparison import (
    COMPARISON_COLUMNS,
    DEFAULT_OPTIONS,
    SHORT_NAMES,
    few_notes,
    mark_support,
    score_systems,
)
from aloi.eval.scores import Scores
from aloi.eval.scoring_choices import EvaluationOptions
from aloi.eval.statistics.run_variance import (
    MIN_RUNS,
    RunDifference,
    RunDifferences,
    RunDifferencesByRatio,
    compare_runs,
)


@dataclass(frozen=True, slots=True)
class SystemRuns:
    """The differences between the runs of one system and of the baseline under one scheme."""

    system: str
    task: str
    scheme: str
    differences: RunDifferences

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        each = self.differences
        return {
            "system": self.system,
            "task": self.task,
            "scheme": self.scheme,
            "types": {
                label: {"support": each.support[label], **_to_json(ratios)}
                for label, ratios in each.types.items()
            },
            "micro": {"support": sum(each.support.values()), **_to_json(each.micro)},
            "macro": _to_json(each.macro),
        }

    def sheet(self, baseline: str) -> Sheet:
        """Return a table of F1 by type, followed by micro and macro averages of all ratios."""
        title = f"{self.task}, {self.scheme}: {self.system} − {baseline}; F1 unless noted"
        return Sheet(title, tuple(self._rows()), COMPARISON_COLUMNS)

    def _rows(self) -> Iterator[tuple[str, ...]]:
        each = self.differences
        for label, ratios in each.types.items():
            yield (label, mark_support(each.support[label]), *_cells(ratios["f1"]))
        total = str(sum(each.support.values()))
        yield ("micro", total, *_cells(each.micro["f1"]))
        yield ("macro", total, *_cells(each.macro["f1"]))
        for name, short in SHORT_NAMES.items():
            yield (f"micro {short}", total, *_cells(each.micro[name]))
            yield (f"macro {short}", total, *_cells(each.macro[name]))


@dataclass(frozen=True, slots=True)
class RunComparison:
    """The comparisons of several systems with a baseline; `runs` are the numbers of runs."""

    signature: Signature
    runs: dict[str, int]
    systems: tuple[SystemRuns, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the differences must know."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        support = {k: n for each in self.systems for k, n in each.differences.support.items()}
        yield from few_notes(self.signature.documents, support)
        for name, number in self.runs.items():
            if number == 1:
                yield f"{name} has one run: the test does not include variation over its seeds"
            elif number < MIN_RUNS:
                yield f"{name} has {number} runs, fewer than {MIN_RUNS}: p and intervals are rough"

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {
            "signature": str(self.signature),
            "warnings": list(self.warnings),
            "baseline": next(iter(self.runs)),
            "runs": self.runs,
            "macro_types": "the types in gold",
            "holm_family": "the types of one contrast, separately for each ratio",
            "contrasts": [each.to_json() for each in self.systems],
        }

    def sheets(self) -> Iterator[Sheet]:
        """Yield a table for each system and scheme under which anything was scored."""
        baseline = next(iter(self.runs))
        return (each.sheet(baseline) for each in self.systems if each.differences.types)


def compare_system_runs(
    gold: Annotations,
    systems: Mapping[str, Sequence[Annotations]],
    options: EvaluationOptions = DEFAULT_OPTIONS,
    *,
    replicates: int = 10_000,
) -> RunComparison:
    """Compare the runs of each system with the runs of the baseline under each scheme.

    `systems` contains the predictions of each run by system name; the first system is the baseline.
    `replicates` and the seed of the options apply to the bootstrap over documents. Options and
    errors are those of `compare_systems`.
    """
    seed = options.seed
    reports = {
        name: list(
            score_systems(gold, {str(n): run for n, run in enumerate(runs)}, options).values()
        )
        for name, runs in systems.items()
    }
    (_, first), *others = reports.items()
    comparisons = tuple(
        SystemRuns(name, kind, scheme, compare_runs(*sides, replicates=replicates, seed=seed))
        for name, each in others
        for kind, results in first[0].by_kind().items()
        for scheme in results
        for sides in [[_scores(side, kind, scheme) for side in (first, each)]]
    )
    signature = replace(first[0].signature, bootstrap=None).with_notes(
        "means over runs",
        f"t test with the variance over documents (bootstrap {replicates} seed {seed}) and runs",
        "Holm over the types",
        "macro over the types in gold",
    )
    return RunComparison(
        signature, {name: len(each) for name, each in systems.items()}, comparisons
    )


def _scores(reports: Sequence[Report], kind: Any, scheme: str) -> list[Scores[Any]]:  # noqa: ANN401
    return [report.by_kind()[kind][scheme].scores for report in reports]


def _to_json(ratios: RunDifferencesByRatio) -> dict[str, Any]:
    return {name: None if each is None else each.to_json() for name, each in ratios.items()}


def _cells(each: RunDifference | None) -> list[str]:
    if each is None:
        return ["–"] * (len(COMPARISON_COLUMNS) - 2)
    difference = format_difference(each.difference, each.interval)
    p_values = ["–" if p is None else f"{p:.4f}" for p in (each.p, each.p_holm)]
    return [str(each.baseline), str(each.other), difference, *p_values]
