"""Output of the commands: problems, progress, tables and JSON files."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from aloi.corpus.problems import count_noun, printable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pandas as pd
    from rich.console import Console

    from aloi.corpus.problems import Problem
    from aloi.eval.reports.sheets import Sheet

Item = TypeVar("Item")

STEP_INTERVAL = 10.0
"""Seconds between two steps on standard error, if standard error is not a terminal."""


MAX_PROBLEMS_PER_KIND = 50
"""The number of problems of one kind that are printed; the rest are counted."""


def fail(problems: Iterable[Problem]) -> NoReturn:
    """Print the problems to standard error and exit with status 1."""
    print(count_noun(print_problems(problems), "problem"), file=sys.stderr)
    sys.exit(1)


def print_problems(problems: Iterable[Problem]) -> int:
    """Print the problems to standard error, grouped by kind; return the number of problems.

    Of each kind, at most `MAX_PROBLEMS_PER_KIND` problems are printed and the others are counted.
    """
    by_kind: dict[str, list[Problem]] = {}
    for problem in problems:
        by_kind.setdefault(problem.kind, []).append(problem)
    for kind, group in by_kind.items():
        for problem in group[:MAX_PROBLEMS_PER_KIND]:
            print(problem, file=sys.stderr)
        if (more := len(group) - MAX_PROBLEMS_PER_KIND) > 0:
            print(f"{count_noun(more, 'more problem')} [{kind}]", file=sys.stderr)
    return sum(map(len, by_kind.values()))


def print_notes(notes: Iterable[str]) -> None:
    """Print notes to standard error, one per line."""
    for note in notes:
        print(printable(note), file=sys.stderr)


def output_lock(target: str) -> AbstractContextManager[None]:
    """Lock an output until the `with` block ends (see `corpus.locks`); `-` is not locked."""
    from aloi.corpus.locks import lock_output

    return lock_output(target)


def progress(
    items: Iterable[Item], what: str, *, total: int | None = None, done: int = 0
) -> Iterable[Item]:
    """Return the items, and show a progress bar on standard error while they are consumed.

    The bar is shown only if standard error is a terminal. `done` is the number of items that an
    earlier run processed; `total` includes these items.
    """
    return _with_progress_bar(items, what, total, done) if sys.stderr.isatty() else items


def _with_progress_bar(
    items: Iterable[Item], what: str, total: int | None, done: int
) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    name, rate = (
        TextColumn(field, markup=False) for field in ("{task.description}", "{task.fields[rate]}")
    )
    columns = (name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.monotonic()
    with Progress(*columns, rate, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done, rate="")
        for count, item in enumerate(items, start=1):
            yield item
            speed = count / max(time.monotonic() - started, 1e-9)
            bar.update(task, advance=1, rate=f"{speed:.1f}/s")


@contextmanager
def steps() -> Iterator[Callable[[str], object]]:
    """Yield a function that shows the current step on standard error.

    On a terminal, each step replaces the previous one. Otherwise, a step is printed as a line, at
    most one every `STEP_INTERVAL` seconds, so that short commands print nothing.
    """
    if not sys.stderr.isatty():
        yield _print_steps(STEP_INTERVAL)
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("") as status:
        yield lambda step: status.update(Text(step))


def _print_steps(interval: float) -> Callable[[str], None]:
    """Return a function that prints a step if `interval` seconds have passed since the last one."""
    last = time.monotonic()

    def show(step: str) -> None:
        nonlocal last
        if time.monotonic() - last >= interval:
            last = time.monotonic()
            print(step, file=sys.stderr, flush=True)

    return show


def stdout_console(*, width: int = 120) -> Console:
    """Return a rich console on standard output.

    The console is as wide as the terminal. If standard output is not a terminal, the console is
    `width` columns wide.
    """
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else width)


def print_sheets(sheets: Iterable[Sheet], *, width: int = 120) -> None:
    """Print sheets as tables to standard output."""
    from aloi.eval.reports.sheets import rich_tables

    console = stdout_console(width=width)
    for sheet in sheets:
        for part in rich_tables(sheet, console.width):
            console.print(part)
            console.print()


def print_frames(frames: Mapping[str, pd.DataFrame]) -> None:
    """Print data frames as tables to standard output, each under its title."""
    print_sheets(frame_sheet(title, frame) for title, frame in frames.items())


def write_json(path: Path | None, content: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write indented JSON to a file atomically; do nothing if `path` is None."""
    from aloi.corpus.atomic_files import atomic_text_file

    if path is not None:
        with atomic_text_file(path) as stream:
            json.dump(content, stream, ensure_ascii=False, indent=1)


def frame_sheet(title: str, frame: pd.DataFrame) -> Sheet:
    """Return a data frame as a sheet; the first column contains the index."""
    from aloi.corpus.statistics.corpus_counts import format_cell
    from aloi.eval.reports.sheets import Sheet

    rows = (
        (str(name), *(format_cell(value) or "–" for value in row)) for name, row in frame.iterrows()
    )
    return Sheet(title, tuple(rows), ("", *map(str, frame.columns)))
