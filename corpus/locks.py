"""Locks on outputs, so that two runs never write one file or folder at the same time.

The operating system holds the lock (flock, or its counterpart on Windows) and drops it when the
process dies, however it dies. A lock file that a killed run left behind is therefore free, and the
next run takes it over. filelock closes the lock in forked processes, which neither keep nor
release it.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from aloi.corpus.problems import DataError, Problem

TIMEOUT = 0.5
"""Seconds to wait for a run that is just ending."""


@contextmanager
def locked(*outputs: Path) -> Iterator[None]:
    """Lock files or folders, existing or not, until the block ends.

    Parent folders are created. Devices and pipes are not locked. Raises `DataError` if another
    process writes one of the outputs, or if the file system has no locks.
    """
    with ExitStack() as stack:
        for path in sorted(set(outputs)):  # in one order, so that one of two runs gets all
            if path.is_file() or path.is_dir() or not path.exists():
                stack.enter_context(_locked(path))
        yield


def lock_file(output: Path) -> Path:
    """The hidden file that is locked: beside the output, or in it where its parent is read-only."""
    path = output.resolve() if output.is_dir() else output.parent.resolve() / output.name
    inside = path.is_dir() and not os.access(path.parent, os.W_OK)
    return (path if inside else path.parent) / f".{path.name}.lock"


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    file = lock_file(output)
    lock = FileLock(file, timeout=TIMEOUT, fallback_to_soft=False, on_acquired=_write_holder)
    try:
        lock.acquire()
    except Timeout as error:
        raise DataError([_busy(output, file)]) from error
    except OSError as error:
        if error.filename is not None:  # of opening the file; locking it names none
            raise
        what = f"this file system cannot lock files: {error.strerror}"
        fix = "Write to a local disk, or mount the network file system with locks"
        raise DataError([Problem("no-locks", what, fix, file=str(output))]) from error
    try:
        yield
    finally:
        # Before the release: whoever has opened the file by now finds it unlinked once it holds
        # the lock, and opens a new one. Later, the file could be the lock of the next run.
        with suppress(OSError):  # Windows removes no open file; there filelock removes it
            file.unlink()
        lock.release()


def _write_holder(descriptor: int) -> None:
    """Write who holds the lock into the lock file."""
    started = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    holder = f"pid {os.getpid()}, started {started} on {platform.node()}"
    with suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder.encode())


def _busy(output: Path, file: Path) -> Problem:
    holder = ""
    with suppress(OSError):  # just removed, or unreadable
        holder = file.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    what = "is being written by another aloi process" + (f" ({holder})" if holder else "")
    return Problem("busy-output", what, "Wait for it, or stop it", file=str(output))
