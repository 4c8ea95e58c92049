"""Tables of text cells, for the terminal and for Markdown files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from rich.table import Table

from aloi.eval.statistics.intervals import Interval

SCORE_COLUMNS = ("", "support", "tp", "fp", "fn", "P", "R", "F1")
"""The columns of a table of scores by type."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A titled table of text cells, such as the scores under one scheme.

    If `aside` is true, the sheet is shown in files, but not in the terminal.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = SCORE_COLUMNS
    aside: bool = False


def rich_table(sheet: Sheet) -> Table:
    """Return a sheet as a table of the `rich` library."""
    table = Table(title=sheet.title, title_justify="left")
    for column in sheet.columns:
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for row, following in zip_longest(sheet.rows, sheet.rows[1:], fillvalue=("",)):
        table.add_row(*row, end_section=following[0] == "micro")
    return table


def markdown_table(sheet: Sheet) -> str:
    """Return a sheet as a Markdown table under its title."""
    head = f"| {' | '.join(sheet.columns)} |"
    rule = "|".join(["", "---", *["---:"] * (len(sheet.columns) - 1), ""])
    body = "\n".join(f"| {' | '.join(row)} |" for row in sheet.rows)
    return f"**{sheet.title}**\n\n{head}\n{rule}\n{body}\n"


def format_ratio(value: float | None, interval: Interval | None = None) -> str:
    """Return a ratio with three decimals (`–` if undefined), followed by the interval, if any.

    An interval of zero width, such as that of a single document, is omitted.
    """
    text = "–" if value is None else f"{value:.3f}"
    if interval is None or interval.low is None or interval.high is None:
        return text
    if interval.low == interval.high:
        return text
    return f"{text} [{interval.low:.2f}, {interval.high:.2f}]"


def format_ratios(
    ratios: Mapping[str, float | None], intervals: Mapping[str, Interval] | None = None
) -> list[str]:
    """Return the text of each ratio; `ratios` and `intervals` are keyed by ratio name."""
    return [
        format_ratio(value, intervals[name] if intervals else None)
        for name, value in ratios.items()
    ]
