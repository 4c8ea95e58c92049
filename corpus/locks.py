"""Locks on outputs: two processes never write the same file or folder at the same time.

The operating system holds the lock (flock, or its counterpart on Windows) and releases it when the
process ends, even if it is killed. A lock file left by a killed process is therefore not locked,
and the next process uses it again. filelock closes the lock in forked processes, so they neither
keep nor release it.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.streams import STANDARD_STREAM

LOCK_TIMEOUT = 0.5
"""Seconds to wait for a process that is about to end."""


@contextmanager
def locked(*outputs: Path) -> Iterator[None]:
    """Lock files or folders, existing or not, until the block ends.

    Parent folders are created. Devices and pipes are not locked. Raises `DataError` if another
    process is writing one of the outputs, or if the file system does not support locks.
    """
    with ExitStack() as stack:
        for path in sorted(set(outputs)):  # the same order in all processes: no deadlock
            if path.is_file() or path.is_dir() or not path.exists():
                stack.enter_context(_locked(path))
        yield


def lock_output(target: str) -> AbstractContextManager[None]:
    """Lock an output as named on the command line; standard output, `-`, is not locked."""
    return locked(*([] if target == STANDARD_STREAM else [Path(target)]))


def lock_file(output: Path) -> Path:
    """Return the hidden file to lock: beside the output, or in it if its parent is read-only."""
    path = output.resolve() if output.is_dir() else output.parent.resolve() / output.name
    inside = path.is_dir() and not os.access(path.parent, os.W_OK)
    return (path if inside else path.parent) / f".{path.name}.lock"


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    file = lock_file(output)
    lock = FileLock(file, timeout=LOCK_TIMEOUT, fallback_to_soft=False, on_acquired=_write_holder)
    try:
        lock.acquire()
    except Timeout as error:
        raise DataError([_busy(output, file)]) from error
    except OSError as error:
        if error.filename is not None:  # from opening the file; errors of locking have no file name
            raise
        what = f"this file system cannot lock files: {error.strerror}"
        fix = "Write to a local disk, or mount the network file system with lock support"
        raise DataError([Problem("no-locks", what, fix, file=str(output))]) from error
    try:
        yield
    finally:
        # Remove the file before releasing the lock: a process that has already opened it notices
        # that it is gone and opens a new one. After the release, the next process may hold it.
        with suppress(OSError):  # Windows cannot remove an open file; filelock removes it there
            file.unlink()
        lock.release()


def _write_holder(descriptor: int) -> None:
    """Write process id, start time and host into the lock file."""
    started = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    holder = f"pid {os.getpid()}, started {started} on {platform.node()}"
    with suppress(OSError):  # for example, a full disk; the lock is held anyway
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder.encode())


def _busy(output: Path, file: Path) -> Problem:
    holder = ""
    with suppress(OSError):  # it was removed in the meantime, or cannot be read
        holder = file.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    what = "is being written by another aloi process" + (f" ({holder})" if holder else "")
    return Problem("busy-output", what, "Wait until it ends, or stop it", file=str(output))
