"""Conversion of a report to a pandas data frame, to CSV and to LaTeX."""

from __future__ import annotations

import pandas as pd

from aloi.eval.reports.report import Report, TypeResult
from aloi.eval.score_counts import RATIOS

INDEX = ["task", "scheme", "type"]
"""The index of the data frame; the task is `entities` or `relations`."""

_LATEX_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
    }
)


def report_frame(report: Report) -> pd.DataFrame:
    """Return a data frame with one row per task, scheme and type.

    The micro averages are rows with the type `micro`. The columns are support, the counts of all
    schemes, precision, recall and F1. A count that a scheme does not define is missing. If
    intervals were computed, columns such as `f1_low` contain the bounds of the intervals.
    """
    rows = [
        {"task": str(kind), "scheme": str(scheme), "type": each.label, **_row(each)}
        for kind, results in report.by_kind().items()
        for scheme, result in results.items()
        for each in (*result.types(), result.micro())
    ]
    columns = None if rows else [*INDEX, "support", *RATIOS]
    table = pd.DataFrame(rows, columns=columns).set_index(INDEX)
    floats = {*RATIOS, *(f"{ratio}_{bound}" for ratio in RATIOS for bound in ("low", "high"))}
    integers = [name for name in table.columns if name not in floats]
    return table.astype(dict.fromkeys(integers, "Int64"))


def _row(result: TypeResult) -> dict[str, float | int | None]:
    counts = result.counts
    row: dict[str, float | int | None] = {
        "support": counts.support,
        **counts.as_dict(),
        **counts.ratios,
    }
    for name, interval in (result.intervals or {}).items():
        row[f"{name}_low"], row[f"{name}_high"] = interval.low, interval.high
    return row


def report_csv(report: Report) -> str:
    """Return the data frame of a report as CSV."""
    text: str = report_frame(report).to_csv()
    return text


def report_latex(report: Report) -> str:
    """Return a LaTeX table of support, precision, recall and F1, with booktabs rules."""
    table = report_frame(report)[["support", *RATIOS]]
    styled = table.style.format(precision=3, na_rep="--", escape="latex")
    styled = styled.format_index(escape="latex")
    text: str = styled.to_latex(hrules=True, caption=escape_latex(str(report.signature)))
    return text


def escape_latex(text: str) -> str:
    """Return text that LaTeX displays unchanged."""
    return text.translate(_LATEX_ESCAPES)
