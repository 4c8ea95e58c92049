"""What all commands share: where problems go, and how a run ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from aloi.corpus.problems import Problem

T = TypeVar("T")


def fail(problems: Iterable[Problem]) -> NoReturn:
    """Print every problem to standard error and exit with status 1."""
    count = 0
    for count, problem in enumerate(problems, start=1):  # noqa: B007 - the count is used below
        print(problem, file=sys.stderr)
    print(f"{count} problem{'' if count == 1 else 's'}", file=sys.stderr)
    sys.exit(1)


def must_exist(path: str) -> None:
    """End with status 2 if a path is neither `-` nor there."""
    if path != "-" and not Path(path).exists():
        raise typer.BadParameter(f"no such file or folder: {path}")


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


def table(title: str, frame: pd.DataFrame) -> Table:
    """A data frame as a rich table, its index first."""
    from rich.table import Table

    from aloi.corpus.statistics import cell

    shown = Table("", title=title, title_justify="left")
    for column in frame.columns:
        shown.add_column(str(column), justify="right")
    for name, row in frame.iterrows():
        shown.add_row(str(name), *map(cell, row))
    return shown
