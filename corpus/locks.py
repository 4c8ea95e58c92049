"""Locks on outputs, so that two processes never write the same file or folder at once.

The lock is flock, or its counterpart on Windows: the operating system releases it when the process
ends, even if the process is killed. The lock file of a killed process is therefore unlocked, and
the next process reuses it. filelock closes the lock file in forked processes, so a forked process
neither keeps nor releases the lock.
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
from aloi.corpus.streams import STANDARD_STREAM, is_stream

LOCK_TIMEOUT = 0.5
"""Seconds to wait for a lock before `DataError` is raised."""


@contextmanager
def locked(*outputs: Path) -> Iterator[None]:
    """Lock files or folders until the block ends.

    The outputs need not exist; their parent folders are created. Devices, pipes and open
    descriptors (`/dev/stdout`) are not locked.
    Raises `DataError` if another process is writing one of the outputs, or if the file system does
    not support locks.
    """
    with ExitStack() as stack:
        for path in sorted(set(outputs)):  # the same order in all processes, to avoid deadlocks
            if not is_stream(path):
                stack.enter_context(_locked(path))
        yield


def lock_output(target: str) -> AbstractContextManager[None]:
    """Lock an output path given on the command line; standard output (`-`) is not locked."""
    return locked(*([] if target == STANDARD_STREAM else [Path(target)]))


def lock_file(output: Path) -> Path:
    """Return the path of the hidden lock file of an output.

    The lock file is beside the output, or inside the output folder if the parent is read-only.
    """
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
        if error.filename is not None:  # the file was not opened; locking gives no filename
            raise
        what = f"this file system cannot lock files: {error.strerror}"
        fix = "Write to a local disk, or mount the network file system with lock support"
        raise DataError([Problem("no-locks", what, fix, file=str(output))]) from error
    try:
        yield
    finally:
        # Remove the file before the lock is released: after the release, another process may lock
        # the file. A process that has already opened the removed file notices this and creates a
        # new file.
        with suppress(OSError):  # on Windows, where open files cannot be removed, filelock does it
            file.unlink()
        lock.release()


def _write_holder(descriptor: int) -> None:
    """Write this process's id, start time and host into the lock file."""
    started = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    holder = f"pid {os.getpid()}, started {started} on {platform.node()}"
    with suppress(OSError):  # for example if the disk is full; the lock is held anyway
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder.encode())


def _busy(output: Path, file: Path) -> Problem:
    holder = ""
    with suppress(OSError):  # the file was removed in the meantime, or cannot be read
        holder = file.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    what = "another aloi process is writing this output" + (f" ({holder})" if holder else "")
    fix = "Wait until that process ends, or stop it"
    return Problem("busy-output", what, fix, file=str(output))
