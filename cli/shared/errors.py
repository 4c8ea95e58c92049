"""Problems for exceptions that no reader or writer has converted to a `DataError`."""

from __future__ import annotations

import traceback
from pathlib import Path

from aloi.corpus.atomic_files import disk_full_problem, is_disk_full
from aloi.corpus.problems import Problem


def error_problem(error: Exception) -> Problem:
    """Return a problem that describes any exception in one line."""
    if isinstance(error, OSError) and (error.errno is not None or is_disk_full(error)):
        return _system_problem(error)
    if isinstance(error, MemoryError):
        fix = "Split the input into smaller files, or use a machine with more memory"
        return Problem("out-of-memory", "the memory is not sufficient for this input", fix)
    if isinstance(error, RecursionError):
        what, fix = "the input is nested too deeply", "Remove nested values from the input"
        return Problem("too-deep", what, fix)
    place = traceback.extract_tb(error.__traceback__)[-1]
    message = " ".join(str(error).split())
    what = f"unexpected error: {type(error).__name__}: {message:.300}"
    fix = (
        "This is an error in aloi: run `aloi --debug` with the same arguments, and report the "
        "traceback"
    )
    return Problem("internal-error", f"{what} ({Path(place.filename).name}:{place.lineno})", fix)


def _system_problem(error: OSError) -> Problem:
    """Return the problem of a failed system call; the file is stated if it is known."""
    file = None if error.filename is None else str(error.filename)
    if is_disk_full(error):
        return disk_full_problem(error)
    if "temporary directory" in str(error.strerror):  # tempfile found no writable folder
        what = f"temporary files cannot be written: {error.strerror}"
        fix = "Free space on that disk, or set TMPDIR to a folder with free disk space"
        return Problem("no-temporary-folder", what, fix)
    fix = "Check the path, its type (file or folder) and its permissions"
    return Problem("bad-path", error.strerror or str(error), fix, file=file)
