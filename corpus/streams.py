"""Input that can be read only once: standard input, named pipes, process substitution.

Readers open a file several times: to detect its format, to check it, to read it. `on_disk` copies
a stream to a temporary file, so that each of them reads all of it.
"""

from __future__ import annotations

import errno
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

from aloi.corpus.problems import DataError, Problem

STANDARD = "-"
"""The path that means standard input or standard output."""

_STANDARD_INPUT = (STANDARD, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_DESCRIPTORS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Paths of open files. Another process finds another file there, even if it is a regular one."""

_UNNAMED = "stream"
"""File name of the copy of a stream that has no name of its own."""


@dataclass(frozen=True, slots=True)
class Input:
    """A path that can be read more than once, and the name that the user gave it."""

    name: str
    path: Path

    def restore(self, text: str) -> str:
        """Return a message or place with the user's name instead of the copy's path."""
        return text.replace(str(self.path), self.name)

    def restore_problem(self, problem: Problem) -> Problem:
        """Return a problem that names the input as the user did."""
        values: dict[str, Any] = {f.name: getattr(problem, f.name) for f in fields(problem)}
        texts = {key: value for key, value in values.items() if isinstance(value, str)}
        restored: dict[str, Any] = {key: self.restore(text) for key, text in texts.items()}
        return replace(problem, **restored)


def is_stream(path: str | Path) -> bool:
    """Return whether a path is `-`, an open descriptor, or neither a regular file nor a folder."""
    where = Path(path)
    if str(path) != STANDARD and where.is_dir():
        return False
    return is_unnamed(path) or (where.exists() and not where.is_file())


def is_unnamed(path: str | Path) -> bool:
    """Return whether a path is `-` or an open descriptor, which has no file name or suffix."""
    return str(path) == STANDARD or str(path).startswith(_DESCRIPTORS)


def identity(path: str | Path) -> object | None:
    """Return what two names of one pipe have in common; None for what can be read twice."""
    if str(path) in _STANDARD_INPUT:
        return STANDARD
    if not is_stream(path) or not Path(path).is_fifo():
        return None
    status = Path(path).stat()
    return status.st_dev, status.st_ino


@contextmanager
def on_disk(path: str | Path) -> Iterator[Input]:
    """Yield a path that can be read more than once: the same path, or a copy of a stream.

    The copy is removed at the end of the block. A `DataError` raised in the block names the
    stream as `path` does. Raises `DataError` if the stream cannot be read or copied.
    """
    if not is_stream(path):
        yield Input(str(Path(path)), Path(path))
        return
    name = _UNNAMED if is_unnamed(path) else Path(path).name
    with tempfile.TemporaryDirectory(prefix="aloi-") as folder:
        given = Input(str(path), Path(folder) / name)
        _copy(given)
        try:
            yield given
        except DataError as error:
            raise DataError(map(given.restore_problem, error.problems)) from error


def _copy(given: Input) -> None:
    """Copy a stream to its temporary file."""
    try:
        with _open(given.name) as stream, given.path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
    except OSError as error:
        what = f"cannot be copied to {tempfile.gettempdir()}: {error.strerror}"
        fix = "Check that the input is open and that the folder has space; TMPDIR sets another one"
        raise DataError([Problem("bad-stream", what, fix, file=given.name)]) from error


def _open(name: str) -> AbstractContextManager[IO[bytes]]:
    if name not in _STANDARD_INPUT:
        return open(name, "rb")
    if sys.stdin is None:  # the caller closed it, and its number may be another file's by now
        raise OSError(errno.EBADF, "standard input is closed")
    return nullcontext(sys.stdin.buffer)
