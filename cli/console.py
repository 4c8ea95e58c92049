"""Output of the commands: problems, progress, tables, JSON files."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from aloi.corpus.problems import Problem
    from aloi.eval.reports.sheets import Sheet

T = TypeVar("T")


def fail(problems: Iterable[Problem]) -> NoReturn:
    """Print every problem to standard error and exit with status 1."""
    count = 0
    for count, problem in enumerate(problems, start=1):  # noqa: B007 - the count is used below
        print(problem, file=sys.stderr)
    print(f"{count} problem{'' if count == 1 else 's'}", file=sys.stderr)
    sys.exit(1)


def output_lock(target: str) -> AbstractContextManager[None]:
    """Return the lock of an output (see `corpus.locks`); standard output, `-`, has none."""
    from aloi.corpus.locks import locked
    from aloi.corpus.streams import STANDARD

    return locked(*([] if target == STANDARD else [Path(target)]))


def progress(
    items: Iterable[T], what: str, *, total: int | None = None, done: int = 0
) -> Iterable[T]:
    """The items, counted on standard error as they pass if it is a terminal.

    `done`: how many of the `total` were dealt with before.
    """
    return _counted(items, what, total, done) if sys.stderr.isatty() else items


def _counted(items: Iterable[T], what: str, total: int | None, done: int) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    rate, started = TextColumn("{task.fields[rate]}"), time.monotonic()
    with Progress(*columns, rate, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done, rate="")
        for count, item in enumerate(items, start=1):
            yield item
            speed = count / max(time.monotonic() - started, 1e-9)
            bar.update(task, advance=1, rate=f"{speed:.1f}/s")


@contextmanager
def steps() -> Iterator[Callable[[str], object]]:
    """A function that shows on standard error what is being done, if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield status.update


def stdout_console(*, width: int = 120) -> Console:
    """Return a rich console on standard output, `width` columns wide unless it is a terminal."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else width)


def print_sheets(sheets: Iterable[Sheet], *, width: int = 120) -> None:
    """Print tables of text to standard output."""
    from aloi.eval.reports.sheets import rich_table

    console = stdout_console(width=width)
    for sheet in sheets:
        console.print(rich_table(sheet))


def print_frames(frames: Mapping[str, pd.DataFrame]) -> None:
    """Print data frames to standard output, each under its title."""
    console = stdout_console()
    for title, frame in frames.items():
        console.print(table(title, frame))


def write_json(path: Path | None, content: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write indented JSON to a file, whole or not at all; do nothing without a path."""
    from aloi.corpus.files import whole_file

    if path is not None:
        with whole_file(path) as stream:
            json.dump(content, stream, ensure_ascii=False, indent=1)


def table(title: str, frame: pd.DataFrame) -> Table:
    """Return a data frame as a rich table, with its index as the first column."""
    from rich.table import Table

    from aloi.corpus.statistics.counts import cell

    shown = Table("", title=title, title_justify="left")
    for column in frame.columns:
        shown.add_column(str(column), justify="right")
    for name, row in frame.iterrows():
        shown.add_row(str(name), *map(cell, row))
    return shown
