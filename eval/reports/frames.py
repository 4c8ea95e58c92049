"""Conversion of a report to a pandas data frame and to CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from aloi.eval.reports.report import Report, SchemeResult
from aloi.eval.score_counts import RATIOS
from aloi.eval.statistics.intervals import Interval

Row = dict[str, float | int | None]
"""Cells of a row by column name."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")

INDEX = ["task", "scheme", "type"]
"""The index of the data frame; the task is `entities` or `relations`."""


def report_frame(report: Report) -> pd.DataFrame:
    """Return a data frame with one row per task, scheme and type.

    The averages are rows with the types `micro`, `macro` and `weighted`. The columns
    are support, the counts of all schemes, precision, recall and F1. A count that a scheme does not
    define is missing. If intervals were computed, columns such as `f1_low` contain their bounds.
    """
    rows = [
        {"task": str(kind), "scheme": str(scheme), "type": label, **row}
        for kind, results in report.by_kind().items()
        for scheme, result in results.items()
        for label, row in _rows(result)
    ]
    columns = None if rows else [*INDEX, "support", *RATIOS]
    table = pd.DataFrame(rows, columns=columns).set_index(INDEX)
    floats = {*RATIOS, *(f"{ratio}_{bound}" for ratio in RATIOS for bound in ("low", "high"))}
    integers = [name for name in table.columns if name not in floats]
    return table.astype(dict.fromkeys(integers, "Int64"))


def _rows(result: SchemeResult) -> Iterator[tuple[str, Row]]:
    """Yield the name and cells of each type and average of a scheme."""
    for each in (*result.types(), result.micro()):
        counts = {"support": each.counts.support, **each.counts.as_dict()}
        yield each.label, {**counts, **each.counts.ratios, **_bounds(each.intervals)}
    support = {"support": result.scores.micro.support}
    macro = result.intervals.macro if result.intervals else None
    yield "macro", {**support, **result.scores.macro, **_bounds(macro)}
    yield "weighted", {**support, **result.scores.weighted}


def _bounds(intervals: Mapping[str, Interval] | None) -> Row:
    """Return the bounds of intervals by column name."""
    return {
        f"{name}_{bound}": getattr(each, bound)
        for name, each in (intervals or {}).items()
        for bound in ("low", "high")
    }


def report_csv(report: Report) -> str:
    """Return the data frame of a report as CSV; see `escape_formula` for the types."""
    text: str = report_frame(report).rename(index=escape_formula, level="type").to_csv()
    return text


def escape_formula(cell: str) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula.

    If the text begins with `=`, `+`, `-`, `@`, a tab or a carriage return, perhaps after
    apostrophes, it gets another apostrophe in front. `unescape_formula` removes it.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` escaped."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
