"""Several reports together: runs of systems on splits, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aloi.eval.analysis.slices import SEEN
from aloi.eval.counts import Counts, Tally
from aloi.eval.reports.comparison import Comparison
from aloi.eval.reports.report import Report, Result
from aloi.eval.reports.sheets import Sheet, markdown, ratio
from aloi.eval.reports.tables import restriction_note, sheets
from aloi.eval.statistics.intervals import Interval

SHOWN = {"entities": ("outermost", "exact"), "relations": ("strict", "boundaries")}
"""The schemes a task is summed up by; the first of them is shown type by type."""


@dataclass(frozen=True, slots=True)
class SystemReport:
    """One system's report on one split for one task."""

    split: str
    system: str
    task: str
    report: Report

    def to_json(self) -> dict[str, Any]:
        """The run as plain values."""
        report = self.report.to_json()
        return {"split": self.split, "system": self.system, "task": self.task, "report": report}

    def results(self) -> dict[str, Result]:
        """What the task is about: the results for entities, or for relations."""
        return self.report.entities if self.task == "entities" else self.report.relations

    def schemes(self) -> tuple[str, ...]:
        """The schemes shown, the main one first."""
        return SHOWN[self.task.partition("-")[0]]


def overview(runs: Iterable[SystemReport]) -> Sheet:
    """A row for each run and scheme: precision, recall and F1 over all types."""
    rows = tuple(
        (f"{run.split}: {run.system}", _told(run, scheme), *_micro(run.results()[scheme]))
        for run in runs
        for scheme in run.schemes()
    )
    return Sheet("micro averages", rows, ("", "scheme", "support", "P", "R", "F1", "macro F1"))


def by_type(runs: Iterable[SystemReport]) -> Iterator[Sheet]:
    """A sheet for each system and task: its types down, the splits across."""
    grouped: dict[tuple[str, str], list[SystemReport]] = {}
    for run in runs:
        grouped.setdefault((run.task, run.system), []).append(run)
    for (task, system), group in grouped.items():
        scheme = group[0].schemes()[0]
        results = [run.results()[scheme] for run in group]
        labels = sorted({label for each in results for label in each.scores.types})
        rows = [
            (label, *(cell for each in results for cell in _of_type(each, label)))
            for label in labels
        ]
        rows.append(("micro", *(cell for each in results for cell in _of_all(each))))
        columns = [f"{run.split} {name}" for run in group for name in ("n", "P", "R", "F1")]
        yield Sheet(f"{task}, {system}: {scheme}", tuple(rows), ("", *columns))


def nesting(run: SystemReport) -> str:
    """How the mentions inside others fare: their number, and recall with them and without."""
    scores = {name: run.results()[name].scores.micro for name in SHOWN["entities"]}
    recall = {name: ratio(tally.ratios["recall"]) for name, tally in scores.items()}
    every = scores["exact"].support
    return (
        f"{run.split}: {every - scores['outermost'].support} of {every} mentions stand inside "
        f"others; recall {recall['exact']} over all, {recall['outermost']} over the outermost"
    )


def unseen(run: SystemReport) -> str:
    """How the system fares on mentions whose surface training has, and on the others."""
    analysis = run.report.analysis
    slices = {each.name: each.groups for each in analysis.entity_slices} if analysis else {}
    told = [
        f"{group} {ratio(tally.ratios['f1'])} ({tally.support})"
        for group, tally in slices.get(SEEN, {}).items()
    ]
    return f"{run.split}: F1 over all mentions by surface in training: {', '.join(told) or 'none'}"


def whole_markdown(
    runs: list[SystemReport], significance: Mapping[str, Comparison], notes: Iterable[str]
) -> str:
    """The report of an experiment in Markdown, every run in full."""
    marked = restriction_note(run.report for run in runs)
    parts = [*marked, "# Evaluation\n", *(f"- {note}" for note in notes), ""]
    parts += [markdown(overview(runs)), *map(markdown, by_type(runs)), "## Significance\n"]
    for split, found in significance.items():
        parts += [f"### {split}\n", *map(markdown, found.sheets()), f"`{found.signature}`\n"]
    parts.append("## Every run in full\n")
    for run in runs:
        parts.append(f"### {run.split}: {run.system}, {run.task}\n")
        parts += map(markdown, sheets(run.report))
        parts.append(f"`{run.report.signature}`\n")
    return "\n".join(parts)


def _told(run: SystemReport, scheme: str) -> str:
    task = run.task.removeprefix("relations-")
    return f"{task}, {scheme}"


def _micro(result: Result) -> list[str]:
    counts, spread = result.scores.micro, result.intervals
    cells = [
        ratio(value, spread.micro[name] if spread else None)
        for name, value in counts.ratios.items()
    ]
    return [str(counts.support), *cells, ratio(result.scores.macro["f1"])]


def _of_type(result: Result, label: str) -> list[str]:
    tally = result.scores.types.get(label, Counts())
    spread = result.intervals
    return _cells(tally, spread.types.get(label, {}).get("f1") if spread else None)


def _of_all(result: Result) -> list[str]:
    spread = result.intervals
    return _cells(result.scores.micro, spread.micro["f1"] if spread else None)


def _cells(tally: Tally, interval: Interval | None) -> list[str]:
    """Support, precision, recall, and F1 with its interval."""
    precision, recall, f1 = tally.ratios.values()
    return [str(tally.support), ratio(precision), ratio(recall), ratio(f1, interval)]
