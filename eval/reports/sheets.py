"""Tables of text cells, for the terminal and for Markdown files.

In the terminal, a table that is too wide first drops the columns of `DROPPED_COLUMNS`, one after
the other, then the intervals of precision and recall. The columns that still do not fit follow in
further tables with the same rows. Cells of more than `FOLD_WIDTH` characters may continue on the
next line, so no cell is cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from aloi.corpus.problems import printable
from aloi.eval.statistics.intervals import Interval

SCORE_COLUMNS = ("", "support", "tp", "fp", "fn", "P", "R", "F1")
"""The columns of a table of scores by type."""

_MARKDOWN_SYNTAX = re.compile(r"[\\`*<>&~|]|(?<!\w)_|_(?!\w)|\](?=[(\[])")
"""Characters with a meaning in Markdown; `_` inside words and most brackets have none."""


DROPPED_COLUMNS = ("tp", "fp", "fn")
"""The columns that a terminal table drops if it is too wide, in this order."""

SHORTENED_COLUMNS = ("P", "R")
"""The columns in which a terminal table then drops intervals."""

COLUMN_GAP = 2
"""Characters between two columns of a terminal table."""

FOLD_WIDTH = 24
"""Columns with longer cells may be as narrow as this; the text continues on the next line."""

_INTERVAL = re.compile(r" \[-?\d\.\d+, -?\d\.\d+\]$")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A titled table of text cells, such as the scores under one scheme."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = SCORE_COLUMNS

    def select(self, numbers: Iterable[int]) -> Sheet:
        """Return the sheet with only the columns with these numbers."""
        kept = list(numbers)
        head, *rows = (tuple(row[i] for i in kept) for row in (self.columns, *self.rows))
        return replace(self, columns=head, rows=tuple(rows))

    def printable(self) -> Sheet:
        """Return the sheet with escaped control characters (see `problems.printable`)."""
        head, *rows = (tuple(map(printable, row)) for row in (self.columns, *self.rows))
        return replace(self, title=printable(self.title), columns=head, rows=tuple(rows))

    def widths(self) -> list[int]:
        """Return the number of characters of the longest cell of each column."""
        rows = (self.columns, *self.rows)
        return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def rich_tables(sheet: Sheet, width: int) -> Iterator[Table]:
    """Yield a sheet as one or more tables of the `rich` library that are at most `width` wide.

    Cells that look like markup stay text; control characters are escaped.
    """
    for part in _split(_shorten(sheet.printable(), width), width):
        table = Table(
            title=Text(part.title, style="table.title"),
            title_justify="left",
            box=SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, COLUMN_GAP - 1, 0, 0),
        )
        for column, longest in zip(part.columns, part.widths(), strict=True):
            justify: Literal["left", "right"] = "right" if column else "left"
            keep = longest <= FOLD_WIDTH
            table.add_column(Text(column), justify=justify, overflow="fold", no_wrap=keep)
        for row, following in zip_longest(part.rows, part.rows[1:], fillvalue=("",)):
            table.add_row(*map(Text, row), end_section=following[0] == "micro")
        yield table


def _fits(sheet: Sheet, width: int) -> bool:
    columns = [min(each, FOLD_WIDTH) for each in sheet.widths()]
    return sum(columns) + COLUMN_GAP * (len(columns) - 1) <= width


def _shorten(sheet: Sheet, width: int) -> Sheet:
    """Return the sheet without the columns and intervals that are dropped to fit the width."""
    for dropped in DROPPED_COLUMNS:
        if _fits(sheet, width):
            return sheet
        sheet = sheet.select(i for i, name in enumerate(sheet.columns) if name != dropped)
    return sheet if _fits(sheet, width) else _without_intervals(sheet)


def _without_intervals(sheet: Sheet) -> Sheet:
    shortened = [name in SHORTENED_COLUMNS for name in sheet.columns]
    rows = (
        tuple(
            _INTERVAL.sub("", cell) if short else cell
            for cell, short in zip(row, shortened, strict=True)
        )
        for row in sheet.rows
    )
    return replace(sheet, rows=tuple(rows))


def _split(sheet: Sheet, width: int) -> Iterator[Sheet]:
    """Yield sheets with as many columns as fit; each begins with the first column."""
    kept = [0]
    for number in range(1, len(sheet.columns)):
        if len(kept) > 1 and not _fits(sheet.select([*kept, number]), width):
            yield sheet.select(kept)
            kept = [0]
        kept.append(number)
    yield sheet.select(kept)


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
    return _format_value(value, interval, digits=2)


def format_difference(value: float | None, interval: Interval | None = None) -> str:
    """Return a difference as `format_ratio` does, but with three decimals also in the interval.

    With fewer decimals, a bound close to 0 would not show whether the difference is significant.
    """
    return _format_value(value, interval, digits=3)


def _format_value(value: float | None, interval: Interval | None, *, digits: int) -> str:
    text = "–" if value is None else f"{value:.3f}"
    if interval is None or interval.low is None or interval.high is None:
        return text
    if interval.low == interval.high:
        return text
    return f"{text} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def format_ratios(
    ratios: Mapping[str, float | None], intervals: Mapping[str, Interval] | None = None
) -> list[str]:
    """Return the text of each ratio; `ratios` and `intervals` are keyed by ratio name."""
    return [
        format_ratio(value, intervals[name] if intervals else None)
        for name, value in ratios.items()
    ]
