"""Tables in narrow terminals: no cell is cut, and columns are dropped in a stated order."""

from io import StringIO

import pytest
from rich.console import Console

from aloi.eval.reports.sheets import (
    SCORE_COLUMNS,
    Sheet,
    format_difference,
    format_ratio,
    rich_tables,
)
from aloi.eval.statistics.intervals import Interval

RATIO = "0.812 [0.79, 0.84]"
ROWS = (("NEGOTIATES_WITH", "1204", "978", "226", "226", RATIO, RATIO, RATIO),)
SCORES = Sheet("scores", ROWS)


def draw(sheet: Sheet, width: int) -> str:
    """Return the text of a sheet in a terminal of this width."""
    console = Console(file=StringIO(), width=width)
    for table in rich_tables(sheet, width):
        console.print(table)
    return console.file.getvalue()


def columns(sheet: Sheet, width: int) -> list[list[str]]:
    """Return the column names of each table."""
    return [[str(column.header) for column in table.columns] for table in rich_tables(sheet, width)]


def test_a_wide_terminal_shows_every_column() -> None:
    assert columns(SCORES, 120) == [[*SCORE_COLUMNS]]


def test_counts_are_dropped_first_and_then_intervals_of_precision_and_recall() -> None:
    # 15 + 7 + 3 intervals of 18, and a gap of 2 before each column but the first
    assert columns(SCORES, 84) == [["", "support", "P", "R", "F1"]]
    assert draw(SCORES, 84).count(RATIO) == 3
    assert columns(SCORES, 80) == [["", "support", "P", "R", "F1"]]
    assert draw(SCORES, 80).count(RATIO) == 1
    assert draw(SCORES, 80).count("0.812") == 3


def test_columns_that_do_not_fit_follow_in_a_second_table() -> None:
    names = [f"column {number}" for number in range(9)]
    cells = [f"value {number}" for number in range(9)]
    sheet = Sheet("wide", (("row", *cells),), ("", *names))
    assert columns(sheet, 80) == [["", *names[:7]], ["", *names[7:]]]
    assert all(cell in draw(sheet, 80) for cell in cells)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_cell_is_cut(width: int) -> None:
    label = "a label of sixty characters, which does not fit in one line."
    sheet = Sheet("scores", ((label, *ROWS[0][1:]),))
    text = draw(sheet, width)
    assert "…" not in text
    assert set("".join(label.split())) <= set(text)
    for cell in ("1204", "0.812", "0.812 [0.79, 0.84]"):
        assert cell in text
    assert max(map(len, text.splitlines())) <= width


def test_the_interval_of_a_difference_has_three_decimals() -> None:
    interval = Interval(0.0041, 0.1267, 0)
    assert format_ratio(0.069, interval) == "0.069 [0.00, 0.13]"
    assert format_difference(0.069, interval) == "0.069 [0.004, 0.127]"
    assert format_difference(1, Interval(1, 1, 0)) == "1.000"
    assert format_difference(None) == "–"
