"""Inputs that can be read only once: standard input, named pipes, process substitution.

aloi opens an input several times: to detect the format, to check the documents and to read them.
`on_disk` therefore copies a stream to a temporary file, which can be opened repeatedly.
"""

from __future__ import annotations

import atexit
import errno
import os
import re
import shutil
import stat
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from aloi.corpus.problems import DataError, Problem

STANDARD_STREAM = "-"
"""The path of standard input and standard output on the command line."""

_STANDARD_INPUT = (STANDARD_STREAM, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_NAMED_DESCRIPTORS = {
    "/dev/stdin": "/dev/fd/0",
    "/dev/stdout": "/dev/fd/1",
    "/dev/stderr": "/dev/fd/2",
}
_DESCRIPTORS = (*_NAMED_DESCRIPTORS, "/dev/fd/", "/proc/self/fd/")
"""Prefixes of paths of open files. In another process, the same path names a different file."""

_DESCRIPTOR = re.compile(r"(?:/dev|/proc/self)/fd/(\d+)")

MAX_DEVICE_BYTES = 64 << 20
"""The maximum length of the content of a device that is not a terminal, such as `/dev/zero`."""

MAX_DISK_SHARE = 0.5
"""The share of the free disk space that the copy of a stream may take."""

_CHUNK_BYTES = 1 << 20

_UNNAMED = "stream"
"""File name for the temporary copy of a stream that has no file name."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input that can be read more than once; `name` is the path given by the user."""

    name: str
    path: Path

    def restore(self, text: str) -> str:
        """Return a text in which `name` replaces the path of the temporary copy."""
        return text.replace(str(self.path), self.name)

    def restore_problem(self, problem: Problem) -> Problem:
        """Return a problem in which `name` replaces the path of the temporary copy."""
        values: dict[str, Any] = {f.name: getattr(problem, f.name) for f in fields(problem)}
        texts = {key: value for key, value in values.items() if isinstance(value, str)}
        restored: dict[str, Any] = {key: self.restore(text) for key, text in texts.items()}
        return replace(problem, **restored)


def is_stream(path: str | Path) -> bool:
    """Return whether a path is `-`, an open descriptor, a pipe or a device."""
    file = Path(path)
    if str(path) != STANDARD_STREAM and file.is_dir():
        return False
    return is_unnamed(path) or (file.exists() and not file.is_file())


def is_unnamed(path: str | Path) -> bool:
    """Return whether a path is `-` or an open descriptor, which has no file name or suffix."""
    return str(path) == STANDARD_STREAM or str(path).startswith(_DESCRIPTORS)


def open_descriptor(path: str | Path) -> int | None:
    """Return a copy of the descriptor that a path such as `/dev/stdout` or `/dev/fd/3` names.

    Opening the path instead would start at the beginning of a file to which output is redirected,
    and overwrite what was written before. Returns None for other paths; raises `OSError` if the
    descriptor is not open.
    """
    name = str(path)
    match = _DESCRIPTOR.fullmatch(_NAMED_DESCRIPTORS.get(name, name))
    if match is None:
        return None
    try:
        return os.dup(int(match[1]))
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from error


def stream_identity(path: str | Path) -> object | None:
    """Return a key that is the same for all paths of a pipe; None if the path is not a pipe."""
    if str(path) in _STANDARD_INPUT:
        return STANDARD_STREAM
    if not is_stream(path) or not Path(path).is_fifo():
        return None
    status = Path(path).stat()
    return status.st_dev, status.st_ino


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield an empty folder that is deleted when the block ends.

    If Ctrl+C interrupts the creation or deletion, the folder is deleted when the program ends.
    """
    folder = Path(tempfile.gettempdir(), f"aloi-{uuid.uuid4().hex}")
    delete = partial(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(delete)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        delete()
        atexit.unregister(delete)


@contextmanager
def on_disk(path: str | Path) -> Iterator[Input]:
    """Yield an input that can be read more than once: `path`, or a temporary copy of a stream.

    The copy is removed when the block ends. If the block raises a `DataError`, the problems name
    `path` instead of the copy. Raises `DataError` if the stream cannot be copied, or seems not to
    end (`MAX_DEVICE_BYTES`, `MAX_DISK_SHARE`).
    """
    if not is_stream(path):
        yield Input(str(Path(path)), Path(path))
        return
    name = _UNNAMED if is_unnamed(path) else Path(path).name
    with temporary_folder() as folder:
        source = Input(str(path), folder / name)
        _copy(source)
        try:
            yield source
        except DataError as error:
            raise DataError(map(source.restore_problem, error.problems)) from error


def _copy(source: Input) -> None:
    """Copy a stream to the temporary file `source.path`."""
    try:
        with _open(source.name) as stream, source.path.open("wb") as copy:
            limit, reason = _max_length(stream, source.path.parent)
            while chunk := stream.read(_CHUNK_BYTES):
                limit -= len(chunk)
                if limit < 0:
                    raise DataError([_endless(source.name, reason)])
                copy.write(chunk)
    except OSError as error:
        what = f"the stream cannot be copied to {tempfile.gettempdir()}: {error.strerror}"
        fix = "Check that the input can be read, or set TMPDIR to a folder with free disk space"
        raise DataError([Problem("bad-stream", what, fix, file=source.name)]) from error


def _max_length(stream: IO[bytes], folder: Path) -> tuple[int, str]:
    """Return the maximum length of a stream that is copied to a folder, and its description."""
    try:
        is_device = stat.S_ISCHR(os.fstat(stream.fileno()).st_mode) and not stream.isatty()
    except OSError:  # not a stream of the system
        is_device = False
    if is_device:
        return MAX_DEVICE_BYTES, f"{MAX_DEVICE_BYTES >> 20} MiB, the limit for devices"
    free = shutil.disk_usage(folder).free
    space = f"half of the {free >> 20} MiB that are free in {tempfile.gettempdir()}"
    return int(free * MAX_DISK_SHARE), space


def _endless(name: str, limit: str) -> Problem:
    what = f"the stream is longer than {limit}; it may never end"
    fix = "Name a file instead, or set TMPDIR to a folder with more free disk space"
    return Problem("endless-stream", what, fix, file=name)


def _open(name: str) -> AbstractContextManager[IO[bytes]]:
    if name not in _STANDARD_INPUT:
        return open(name, "rb")
    if sys.stdin is None:  # closed by the caller; another file may now use descriptor 0
        raise OSError(errno.EBADF, "standard input is closed")
    return nullcontext(sys.stdin.buffer)
