"""The tables of an evaluation report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from aloi.corpus.rights import RESTRICTED_TEXT
from aloi.eval.reports.report import Report, SchemeResult, TypeResult
from aloi.eval.reports.sheets import (
    Sheet,
    escape_markdown,
    format_ratios,
    markdown_code,
    markdown_table,
)
from aloi.eval.schemes import (
    ALL_SCHEMES,
    COREFERENCE_SCHEMES,
    HEADLINE_SCHEMES,
    TYPE_SCHEMES,
    VALUE_SCHEMES,
    EntityScheme,
    ItemKind,
)

if TYPE_CHECKING:
    from aloi.eval.analysis.overview import Analysis
    from aloi.eval.analysis.slices import Slice

RATIO_COLUMNS = ("", "support", "P", "R", "F1")
"""The columns of a table of ratios without counts."""

ERROR_COLUMNS = ("", "gold", "predicted", "count", "example")
"""The columns of the table of frequent errors."""


def summary_sheets(report: Report, schemes: Collection[str] | None = None) -> list[Sheet]:
    """Return the tables that the terminal shows: scores by type and coreference measures.

    `schemes`: the schemes to show (default: `HEADLINE_SCHEMES`, and the coreference measures if the
    predictions link mentions by their refs).
    """
    by_type = HEADLINE_SCHEMES if schemes is None else {*schemes} - {*COREFERENCE_SCHEMES}
    clusters = coreference_sheets(report) if schemes or _has_predicted_links(report) else ()
    return [*([headline_sheet(report, by_type)] if by_type else ()), *clusters]


def headline_sheet(report: Report, schemes: Collection[str] | None = None) -> Sheet:
    """Return one table of scores by type, with the averages below.

    The table contains the given schemes (default: `HEADLINE_SCHEMES`), one after the other.
    """
    shown = list(_chosen_results(report, HEADLINE_SCHEMES if schemes is None else schemes))
    if len(shown) == 1:
        ((title, result),) = shown
        return Sheet(title, tuple(_ratio_rows(result)), RATIO_COLUMNS)
    rows = [
        row
        for title, result in shown
        for row in ((title, "", "", "", ""), *_ratio_rows(result, indent="  "))
    ]
    return Sheet("scores by type", tuple(rows), RATIO_COLUMNS)


def headline_result(report: Report) -> tuple[str, SchemeResult | None]:
    """Return the title and result of the most important scheme: the first of `HEADLINE_SCHEMES`.

    If the report contains none of these, it is the first scheme. If nothing was scored, the result
    is None.
    """
    for schemes in (HEADLINE_SCHEMES, ALL_SCHEMES):
        for title, result in _chosen_results(report, schemes):
            return title, result
    return "nothing to score", None


def _chosen_results(report: Report, schemes: Collection[str]) -> Iterator[tuple[str, SchemeResult]]:
    """Yield the title and result of each of the schemes under which anything was scored."""
    for kind, results in report.by_kind().items():
        for scheme, result in results.items():
            if scheme in schemes and result.scores.types:
                yield f"{kind}, {scheme}{_duplicates_note(result)}", result


def _ratio_rows(result: SchemeResult, *, indent: str = "") -> Iterator[tuple[str, ...]]:
    """Yield the rows of a scheme without counts; labels begin with `indent`."""
    for label, *cells in (*map(ratio_row, result.types()), *average_rows(result)):
        yield (indent + label, *cells)


def ratio_row(result: TypeResult) -> tuple[str, ...]:
    """Return the cells of a type: label, support and ratios."""
    counts = result.counts
    return (result.label, str(counts.support), *format_ratios(counts.ratios, result.intervals))


def average_rows(result: SchemeResult) -> list[tuple[str, ...]]:
    """Return the rows of the micro, macro and weighted averages, with support and ratios."""
    support = str(result.scores.micro.support)
    intervals = result.intervals.macro if result.intervals else None
    return [
        ratio_row(result.micro()),
        ("macro", support, *format_ratios(result.scores.macro, intervals)),
        ("weighted", support, *format_ratios(result.scores.weighted)),
    ]


def report_sheets(report: Report) -> Iterator[Sheet]:
    """Yield all tables of a report: scores by type, other micro averages, error analysis."""
    for kind, scheme, result in results_by_type(report):
        rows = tuple(_type_rows(result))
        yield Sheet(f"{kind}, {scheme}{_duplicates_note(result)}", rows)
    yield from detail_sheets(report)


def detail_sheets(report: Report) -> Iterator[Sheet]:
    """Yield all tables of a report except the scores by type."""
    yield from coreference_sheets(report)
    for kind, scheme, result in _results(report, VALUE_SCHEMES):
        yield Sheet(f"{kind}, {scheme}{_duplicates_note(result)}", tuple(_type_rows(result)))
    yield from _micro_averages(report)
    yield from _document_macro(report)
    if report.analysis is not None:
        yield from _analysis_sheets(report.analysis)


def results_by_type(report: Report) -> Iterator[tuple[ItemKind, str, SchemeResult]]:
    """Yield the item kind, scheme and result of each scheme in `TYPE_SCHEMES`."""
    return _results(report, TYPE_SCHEMES)


def _results(
    report: Report, schemes: Collection[str]
) -> Iterator[tuple[ItemKind, str, SchemeResult]]:
    """Yield the item kind, scheme and result of each of the schemes that scored anything."""
    for kind, results in report.by_kind().items():
        for scheme, result in results.items():
            if scheme in schemes and result.scores.types:
                yield kind, scheme, result


def report_markdown(report: Report) -> str:
    """Return a report as Markdown tables, followed by its warnings and signature."""
    errors = _error_sheets(report.analysis) if report.analysis else ()
    tables = map(markdown_table, (*report_sheets(report), *errors))
    warnings = [f"Warning: {escape_markdown(each)}\n" for each in report.warnings]
    signature = markdown_code(str(report.signature))
    return "\n".join([*restriction_note([report]), *tables, *warnings, f"{signature}\n"])


def restriction_note(reports: Iterable[Report]) -> list[str]:
    """Return the Markdown lines that mark restricted text, if a report contains such text."""
    if not any(report.has_restricted_text for report in reports):
        return []
    return [
        f"<!-- {RESTRICTED_TEXT}: true -->\n",
        "**This report contains text that must not be redistributed. Keep it on this machine.**\n",
    ]


def _analysis_sheets(analysis: Analysis) -> Iterator[Sheet]:
    """Yield tables of error kinds, of causes of missed relations and facts, and of slices."""
    from aloi.eval.analysis.causes import Cause  # noqa: PLC0415 - not needed for scores alone
    from aloi.eval.analysis.fact_causes import FactCause  # noqa: PLC0415 - see above

    rows = [
        (kind, *(str(sum(row[side] for row in types.values())) for side in ("fn", "fp")))
        for kind, types in analysis.errors.table().items()
        if types
    ]
    if rows:
        yield Sheet("errors by kind", tuple(rows), ("", "fn", "fp"))
    for title, kinds, counts in (
        ("missed relations by cause", Cause, analysis.causes),
        ("missed facts by cause", FactCause, analysis.fact_causes),
    ):
        missed = sum(counts.values(), Counter())
        if missed:
            causes = tuple((cause, str(missed[cause])) for cause in kinds if missed[cause])
            yield Sheet(title, causes, ("", "fn"))
    yield from slice_sheets(ItemKind.ENTITIES, analysis.entity_slices)
    yield from slice_sheets(ItemKind.RELATIONS, analysis.relation_slices)


def slice_sheets(kind: ItemKind, slices: tuple[Slice, ...]) -> Iterator[Sheet]:
    """Yield a table of slices by item properties, then a table of slices by document metadata."""
    from aloi.eval.analysis.slices import METADATA_KEYS  # noqa: PLC0415 - see above

    for by_metadata in (False, True):
        rows = [
            (f"{each.name}: {group}", str(counts.support), *format_ratios(each.ratios(group)))
            for each in slices
            if (each.name in METADATA_KEYS) == by_metadata
            for group, counts in each.groups.items()
        ]
        if rows:
            title = f"{kind}, {'by metadata' if by_metadata else 'slices'}"
            yield Sheet(title, tuple(rows), RATIO_COLUMNS)


def coreference_sheets(report: Report) -> Iterator[Sheet]:
    """Yield a table of the coreference measures, if gold has refs."""
    rows = [
        (scheme, str(result.scores.micro.support), *_micro_ratios(result))
        for _, scheme, result in _results(report, COREFERENCE_SCHEMES)
    ]
    if rows:
        title = "coreference (support: gold links, mentions or clusters)"
        yield Sheet(title, tuple(rows), RATIO_COLUMNS)


def _has_predicted_links(report: Report) -> bool:
    """Return whether the predictions give one ref to several mentions of a document."""
    muc = report.entities.get(EntityScheme.MUC)
    return muc is not None and muc.scores.micro.as_dict()["pred"] > 0


def _micro_averages(report: Report) -> Iterator[Sheet]:
    """Yield a table of micro averages for the schemes that are not in `TYPE_SCHEMES`."""
    rows = [
        (f"{kind}, {scheme}", str(result.scores.micro.support), *_micro_ratios(result))
        for kind, results in report.by_kind().items()
        for scheme, result in results.items()
        if scheme not in (*TYPE_SCHEMES, *COREFERENCE_SCHEMES, *VALUE_SCHEMES)
        and result.scores.types
    ]
    if rows:
        yield Sheet("other schemes, micro averages", tuple(rows), RATIO_COLUMNS)


def _document_macro(report: Report) -> Iterator[Sheet]:
    """Yield a table of the averages over documents, with standard deviations."""
    rows = [
        (f"{kind}, {scheme}", str(averages["f1"].documents), *map(str, averages.values()))
        for kind, results in report.by_kind().items()
        for scheme, averages in report.document_macro.items()
        if scheme in results and results[scheme].scores.types
    ]
    if rows:
        title = "document macro: mean ± standard deviation over documents"
        yield Sheet(title, tuple(rows), ("", "documents", *RATIO_COLUMNS[2:]))


def _error_sheets(analysis: Analysis) -> Iterator[Sheet]:
    """Yield the confusion matrix and the most frequent errors."""
    confusion = analysis.errors.confusion()
    rows = tuple((name, *map(str, counts)) for name, counts in confusion.rows())
    if confusion.labels:
        yield Sheet(
            "confusion: gold types as rows, predicted types as columns",
            rows,
            ("", *confusion.columns),
        )
    errors = [
        (
            each.example.kind,
            *(side[0] if side else "–" for side in (each.example.gold, each.example.pred)),
            str(each.frequency),
            f"{each.example.document}: {each.example.context}",
        )
        for each in analysis.frequent_errors()
    ]
    if errors:
        yield Sheet("errors that occur more than once", tuple(errors), ERROR_COLUMNS)


def _micro_ratios(result: SchemeResult) -> list[str]:
    micro = result.micro()
    return format_ratios(micro.counts.ratios, micro.intervals)


def _duplicates_note(result: SchemeResult) -> str:
    duplicates = result.scores.duplicates
    if not any(duplicates.values()):
        return ""
    return f"; duplicates: gold {duplicates['gold']}, pred {duplicates['pred']}"


def _type_rows(result: SchemeResult) -> Iterator[tuple[str, ...]]:
    for each in (*result.types(), result.micro()):
        yield (each.label, *_count_cells(each))
    counts = ["–"] * len(result.micro().counts.as_dict())
    for label, support, *ratios in average_rows(result)[1:]:
        yield (label, support, *counts, *ratios)


def _count_cells(result: TypeResult) -> list[str]:
    counts = result.counts
    numbers = [str(counts.support), *map(str, counts.as_dict().values())]
    return numbers + format_ratios(counts.ratios, result.intervals)
