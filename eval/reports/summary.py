"""The reports of several systems on several splits, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aloi.eval.analysis.training_slices import SEEN_SLICE
from aloi.eval.reports.report import Report, SchemeResult, TypeResult
from aloi.eval.reports.report_tables import report_sheets, restriction_note
from aloi.eval.reports.sheets import (
    Sheet,
    escape_markdown,
    format_ratio,
    format_ratios,
    markdown_code,
    markdown_table,
)
from aloi.eval.reports.system_comparison import Comparison
from aloi.eval.schemes import (
    ATTRIBUTE_SCHEMES,
    SCHEMES,
    EntityScheme,
    EvaluationTask,
    ItemKind,
    RelationScheme,
)
from aloi.eval.score_counts import Counts

SUMMARY_SCHEMES: dict[ItemKind, tuple[str, ...]] = {
    task: tuple(
        each.name
        for each in sorted(SCHEMES, key=lambda each: not each.main)
        if each.summary and each.task is task
    )
    for task in ItemKind
}
"""The schemes of a summary, the main scheme first; only this one is also shown by type."""

REF_SCHEMES = (EntityScheme.CONLL, EntityScheme.REF_NAMES, RelationScheme.FACTS)
"""The schemes that a summary adds for predictions end to end, if gold has refs."""


@dataclass(frozen=True, slots=True)
class SystemReport:
    """The report of one system on one split; `task` is a value of `EvaluationTask`."""

    split: str
    system: str
    task: str
    report: Report

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        report = self.report.to_json()
        return {"split": self.split, "system": self.system, "task": self.task, "report": report}

    def results(self) -> dict[str, SchemeResult]:
        """Return the results by scheme: for entities or for relations, depending on the task.

        The results of attributes and of predictions end to end are for both.
        """
        if self.task in (EvaluationTask.ATTRIBUTES, EvaluationTask.RELATIONS_END_TO_END):
            return {**self.report.relations, **self.report.entities}
        return self.report.by_kind()[EvaluationTask(self.task).item_kind]

    def schemes(self) -> tuple[str, ...]:
        """Return the schemes of the summary for this task; the main scheme comes first.

        The schemes of attributes are left out if there are no attributes, and those of refs if
        there are no refs.
        """
        if self.task == EvaluationTask.ATTRIBUTES:
            return tuple(name for name in self.results() if name in ATTRIBUTE_SCHEMES)
        schemes = SUMMARY_SCHEMES[EvaluationTask(self.task).item_kind]
        if self.task != EvaluationTask.RELATIONS_END_TO_END:
            return schemes
        has_refs = EntityScheme.CONLL in self.results()
        return (*schemes, *(REF_SCHEMES if has_refs else ()))

    def type_schemes(self) -> tuple[str, ...]:
        """Return the schemes that are shown by type: the main scheme, or those of attributes."""
        return self.schemes() if self.task == EvaluationTask.ATTRIBUTES else self.schemes()[:1]


def micro_sheet(runs: Iterable[SystemReport]) -> Sheet:
    """Return a table of micro averages, with one row per run and scheme."""
    rows = tuple(
        (
            f"{run.split}: {run.system}",
            f"{EvaluationTask(run.task).short_name}, {scheme}",
            *_micro_cells(run.results()[scheme]),
        )
        for run in runs
        for scheme in run.schemes()
    )
    return Sheet("micro averages", rows, ("", "scheme", "support", "P", "R", "F1", "macro F1"))


def type_sheets(runs: Iterable[SystemReport]) -> Iterator[Sheet]:
    """Yield a table for each system and task, with types as rows and splits as columns."""
    grouped: dict[tuple[str, str], list[SystemReport]] = {}
    for run in runs:
        grouped.setdefault((run.task, run.system), []).append(run)
    for (task, system), group in grouped.items():
        for scheme in dict.fromkeys(name for run in group for name in run.type_schemes()):
            scored = [run for run in group if scheme in run.schemes()]
            yield _type_sheet(f"{task}, {system}: {scheme}", scheme, scored)


def _type_sheet(title: str, scheme: str, group: list[SystemReport]) -> Sheet:
    """Return a table of one scheme, with types as rows and splits as columns."""
    results = [run.results()[scheme] for run in group]
    labels = sorted({label for each in results for label in each.scores.types})
    rows = [
        (label, *(cell for each in results for cell in _cells(_type_result(each, label))))
        for label in labels
    ]
    rows.append(("micro", *(cell for each in results for cell in _cells(each.micro()))))
    columns = [f"{run.split} {name}" for run in group for name in ("n", "P", "R", "F1")]
    return Sheet(title, tuple(rows), ("", *columns))


def nesting_note(run: SystemReport) -> str:
    """Return a note with the number of nested mentions, and recall with and without them."""
    counts = {name: run.results()[name].scores.micro for name in SUMMARY_SCHEMES[ItemKind.ENTITIES]}
    recall = {name: format_ratio(each.ratios["recall"]) for name, each in counts.items()}
    total = counts[EntityScheme.EXACT].support
    nested = total - counts[EntityScheme.OUTERMOST].support
    return (
        f"{run.split}: {nested} of {total} mentions are inside other mentions; recall is "
        f"{recall[EntityScheme.EXACT]} over all mentions and "
        f"{recall[EntityScheme.OUTERMOST]} over outermost mentions only"
    )


def seen_surfaces_note(run: SystemReport) -> str:
    """Return a note with F1 of mentions with seen and with unseen surfaces."""
    analysis = run.report.analysis
    slices = {each.name: each.groups for each in analysis.entity_slices} if analysis else {}
    scores = [
        f"{group} {format_ratio(counts.ratios['f1'])} ({counts.support})"
        for group, counts in slices.get(SEEN_SLICE, {}).items()
    ]
    return (
        f"{run.split}: F1 of mentions, by whether the training documents contain their surface: "
        f"{', '.join(scores) or 'none'}"
    )


def experiment_markdown(
    runs: list[SystemReport], significance: Mapping[str, Comparison], notes: Iterable[str]
) -> str:
    """Return the report of an experiment as Markdown.

    `significance` contains the comparison of the systems by split.
    """
    restriction = restriction_note(run.report for run in runs)
    parts = [*restriction, "# Evaluation\n", *(f"- {note}" for note in notes), ""]
    parts += map(markdown_table, [micro_sheet(runs), *type_sheets(runs)])
    parts.append("## Significance\n")
    for split, comparison in significance.items():
        tables = map(markdown_table, comparison.sheets())
        parts += [
            f"### {escape_markdown(split)}\n",
            *tables,
            f"{markdown_code(str(comparison.signature))}\n",
        ]
    parts.append("## Full reports\n")
    for run in runs:
        parts.append(f"### {escape_markdown(f'{run.split}: {run.system}, {run.task}')}\n")
        parts += map(markdown_table, report_sheets(run.report))
        parts.append(f"{markdown_code(str(run.report.signature))}\n")
    return "\n".join(parts)


def _micro_cells(result: SchemeResult) -> list[str]:
    micro = result.micro()
    ratios = format_ratios(micro.counts.ratios, micro.intervals)
    return [str(micro.counts.support), *ratios, format_ratio(result.scores.macro["f1"])]


def _type_result(result: SchemeResult, label: str) -> TypeResult:
    """Return the result of a type; the counts are 0 if the type does not occur."""
    types = {each.label: each for each in result.types()}
    return types.get(label, TypeResult(label, Counts(), None))


def _cells(result: TypeResult) -> list[str]:
    """Return table cells: support, precision, recall, and F1 with its interval."""
    precision, recall, f1 = result.counts.ratios.values()
    return [
        str(result.counts.support),
        format_ratio(precision),
        format_ratio(recall),
        format_ratio(f1, result.interval("f1")),
    ]
