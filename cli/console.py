"""What all commands share: where problems go, and how a run ends."""

from __future__ import annotations

import sys
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


def progress(items: Iterable[T], what: str) -> Iterable[T]:
    """The items, counted on standard error as they pass if it is a terminal."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, what, total=None, console=Console(stderr=True), transient=True)


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
