"""Tables of text: for the terminal, and in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from rich.table import Table

from aloi.eval.statistics.intervals import Interval

COLUMNS = ("", "support", "tp", "fp", "fn", "P", "R", "F1")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A titled table of text cells, such as one scheme's scores.

    `aside`: shown in files, not in the terminal.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = COLUMNS
    aside: bool = False


def terminal(sheet: Sheet) -> Table:
    """Return a sheet as a rich table."""
    table = Table(title=sheet.title, title_justify="left")
    for column in sheet.columns:
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for row, following in zip_longest(sheet.rows, sheet.rows[1:], fillvalue=("",)):
        table.add_row(*row, end_section=following[0] == "micro")
    return table


def markdown(sheet: Sheet) -> str:
    """Return a sheet as a Markdown table under its title."""
    head = f"| {' | '.join(sheet.columns)} |"
    rule = "|".join(["", "---", *["---:"] * (len(sheet.columns) - 1), ""])
    body = "\n".join(f"| {' | '.join(row)} |" for row in sheet.rows)
    return f"**{sheet.title}**\n\n{head}\n{rule}\n{body}\n"


def ratio(value: float | None, interval: Interval | None = None) -> str:
    """Return a ratio with three decimals, `–` if undefined, followed by its interval if given.

    An interval of zero width, as a single document yields, is omitted.
    """
    shown = "–" if value is None else f"{value:.3f}"
    if interval is None or interval.low is None or interval.high is None:
        return shown
    if interval.low == interval.high:
        return shown
    return f"{shown} [{interval.low:.2f}, {interval.high:.2f}]"
