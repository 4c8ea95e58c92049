"""Conversion of one scheme's scores to a LaTeX table for a paper, with booktabs rules."""

from __future__ import annotations

from collections.abc import Iterator

from aloi.eval.reports.report import Report, SchemeResult
from aloi.eval.reports.report_tables import RATIO_COLUMNS, average_rows, headline_result, ratio_row

_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",  # at the start of a row, it would be an option of the line break
        "*": "{*}",
        "–": "--",
        "\N{MINUS SIGN}": "$-$",
    }
)


def report_latex(report: Report) -> str:
    """Return a table with types and averages as rows, and ratios with intervals as columns.

    The table contains one scheme (see `headline_result`); the signature is in the caption.
    """
    title, result = headline_result(report)
    caption = f"{title}. {report.signature}"
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape_latex(caption)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(RATIO_COLUMNS) - 1)}}}",
        r"\toprule",
        _line(RATIO_COLUMNS),
        *_body(result),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _body(result: SchemeResult | None) -> Iterator[str]:
    if result is None:
        return
    yield r"\midrule"
    yield from (_line(ratio_row(each)) for each in result.types())
    yield r"\midrule"
    yield from map(_line, average_rows(result))


def _line(cells: tuple[str, ...]) -> str:
    return " & ".join(map(escape_latex, cells)) + r" \\"


def escape_latex(text: str) -> str:
    """Return text that LaTeX displays unchanged, on one line."""
    return " ".join(text.splitlines()).translate(_ESCAPES)
