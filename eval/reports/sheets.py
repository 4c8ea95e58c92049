"""Tables of text cells, for the terminal and for Markdown files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from rich.table import Table
from rich.text import Text

from aloi.eval.statistics.intervals import Interval

SCORE_COLUMNS = ("", "support", "tp", "fp", "fn", "P", "R", "F1")
"""The columns of a table of scores by type."""

_MARKDOWN_SYNTAX = re.compile(r"[\\`*<>&~|]|(?<!\w)_|_(?!\w)|\](?=[(\[])")
"""Characters with a meaning in Markdown; `_` inside words and most brackets have none."""


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
    """Return a sheet as a table of the `rich` library; cells that look like markup stay text."""
    table = Table(title=Text(sheet.title, style="table.title"), title_justify="left")
    for column in sheet.columns:
        table.add_column(Text(column), justify="right" if column else "left", no_wrap=True)
    for row, following in zip_longest(sheet.rows, sheet.rows[1:], fillvalue=("",)):
        table.add_row(*map(Text, row), end_section=following[0] == "micro")
    return table


def markdown_table(sheet: Sheet) -> str:
    """Return a sheet as a Markdown table under its title."""
    head, *body = (
        f"| {' | '.join(map(escape_markdown, row))} |" for row in (sheet.columns, *sheet.rows)
    )
    rule = "|".join(["", "---", *["---:"] * (len(sheet.columns) - 1), ""])
    lines = "\n".join((head, rule, *body))
    return f"**{escape_markdown(sheet.title)}**\n\n{lines}\n"


def escape_markdown(text: str) -> str:
    """Return text that Markdown displays unchanged, on one line and in one table cell."""
    return _MARKDOWN_SYNTAX.sub(r"\\\g<0>", " ".join(text.splitlines()))


def markdown_code(text: str) -> str:
    """Return text as an inline code span of Markdown."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"


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
