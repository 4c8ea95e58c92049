"""A report as tables: for the terminal, and in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from aloi.corpus.rights import RESTRICTED_TEXT
from aloi.eval.analysis.causes import CAUSES
from aloi.eval.analysis.overview import Analysis
from aloi.eval.analysis.slices import METADATA, Slice
from aloi.eval.counts import Tally
from aloi.eval.reports.report import Report, Result
from aloi.eval.reports.sheets import Sheet, ratio
from aloi.eval.statistics.intervals import Interval

BY_TYPE = ("exact", "outermost", "strict")
"""The schemes shown type by type."""


def sheets(report: Report) -> Iterator[Sheet]:
    """A sheet, type by type, for each main scheme with anything to show; then the others."""
    for what, results in (("entities", report.entities), ("relations", report.relations)):
        for name, result in results.items():
            if name in BY_TYPE and result.scores.types:
                yield Sheet(_title(what, name, result), tuple(_rows(result)))
    yield from _other_schemes(report)
    if report.analysis is not None:
        yield from _analysis(report.analysis)


def _analysis(analysis: Analysis) -> Iterator[Sheet]:
    """Kinds of error, causes of missed relations, and slices."""
    rows = [
        (kind, *(str(sum(row[side] for row in types.values())) for side in ("fn", "fp")))
        for kind, types in analysis.errors.table().items()
        if types
    ]
    if rows:
        yield Sheet("errors by kind", tuple(rows), ("", "fn", "fp"))
    missed = sum(analysis.causes.values(), Counter())
    if missed:
        causes = tuple((cause, str(missed[cause])) for cause in CAUSES if missed[cause])
        yield Sheet("missed relations by cause", causes, ("", "fn"))
    yield from _slices("entities", analysis.entity_slices)
    yield from _slices("relations", analysis.relation_slices)


def _slices(what: str, slices: tuple[Slice, ...]) -> Iterator[Sheet]:
    """What the items are like, then, aside, what their documents are like."""
    for aside in (False, True):
        rows = [
            (f"{each.name}: {group}", str(tally.support), *map(ratio, each.ratios(group).values()))
            for each in slices
            if (each.name in METADATA) == aside
            for group, tally in each.groups.items()
        ]
        if rows:
            title = f"{what}, {'by metadata' if aside else 'slices'}"
            yield Sheet(title, tuple(rows), ("", "support", "P", "R", "F1"), aside)


def _other_schemes(report: Report) -> Iterator[Sheet]:
    """The micro averages of the schemes not shown type by type."""
    rows = [
        (f"{what}, {name}", str(result.scores.micro.support), *_ratios(result))
        for what, results in (("entities", report.entities), ("relations", report.relations))
        for name, result in results.items()
        if name not in BY_TYPE and result.scores.types
    ]
    if rows:
        yield Sheet("other schemes, micro averages", tuple(rows), ("", "support", "P", "R", "F1"))


def restriction_note(reports: Iterable[Report]) -> list[str]:
    """Return the head of a Markdown report that contains restricted text; nothing for others."""
    if not any(report.has_restricted_text for report in reports):
        return []
    return [
        f"<!-- {RESTRICTED_TEXT}: true -->\n",
        "**This report contains text that must not be redistributed. Keep it on this machine.**\n",
    ]


def _title(what: str, scheme: str, result: Result) -> str:
    twice = result.scores.duplicates
    extra = (
        f"; duplicates: gold {twice['gold']}, pred {twice['pred']}" if any(twice.values()) else ""
    )
    return f"{what}, {scheme}{extra}"


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    spread = result.intervals
    for label, counts in result.scores.types.items():
        yield (label, *_cells(counts, spread.types[label] if spread else None))
    yield ("micro", *_cells(result.scores.micro, spread.micro if spread else None))
    means = result.scores.macro
    mean = [ratio(means[name], spread.macro[name] if spread else None) for name in means]
    yield ("macro", "", "", "", "", *mean)


def _cells(counts: Tally, spread: dict[str, Interval] | None) -> list[str]:
    numbers = [str(counts.support), *map(str, counts.plain().values())]
    return numbers + [
        ratio(value, spread[name] if spread else None) for name, value in counts.ratios.items()
    ]


def _ratios(result: Result) -> list[str]:
    spread = result.intervals
    return [
        ratio(value, spread.micro[name] if spread else None)
        for name, value in result.scores.micro.ratios.items()
    ]
