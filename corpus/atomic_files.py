"""Atomic writes: a file or folder is written completely or not at all.

Everything is first written to a hidden scratch file or folder beside the output, and then renamed.
The name of the scratch contains the process that writes it. If that process is killed, its scratch
stays until the next write of the same output, which removes it. Readers of folders skip hidden
files and folders (`visible_files`).
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import platform
import re
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.streams import is_stream, open_descriptor, temporary_folder

_MAX_NAME_LENGTH = 60
"""The number of characters of an output's name in the name of its scratch."""

_SCRATCH = re.compile(r"\.(?P<name>.*)\.(?P<host>[0-9a-f]{8})-(?P<process>\d+)-\w+\.aloi", re.S)

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

_AT_FDCWD, _EXCHANGE = -100, 2
"""Arguments of renameat2: relative to the working folder, and exchange both paths."""


@contextmanager
def atomic_text_file(path: Path) -> Iterator[IO[str]]:
    """Open `path` for writing UTF-8 text; the file changes only if the block succeeds.

    Line ends are written unchanged. See `_temporary_file` for links, pipes and devices.
    """
    with (
        _temporary_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream


@contextmanager
def atomic_binary_file(path: Path) -> Iterator[IO[bytes]]:
    """Open `path` for writing bytes; the file changes only if the block succeeds."""
    with _temporary_file(path) as temporary, temporary.open("wb") as stream:
        yield stream


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes to a file: all bytes, or none if an error occurs."""
    with _temporary_file(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def _temporary_file(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file; rename the file to `path` if the block succeeds.

    If `path` is a symbolic link, the file that it refers to is replaced. Mode and owner of an
    existing file are kept. A device, a pipe or an open descriptor (`/dev/stdout`) is not replaced:
    the content is copied to it. Raises `IsADirectoryError` for a folder.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if is_stream(path):
        with temporary_folder() as folder:
            yield folder / "content"
            _copy_to_stream(folder / "content", path)
        return
    target = _link_target(path)
    temporary = _new_scratch(target)
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield temporary
        _copy_mode(target, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `path` if the block succeeds.

    Files in subfolders are moved too. Files that `path` already contains are kept, unless a new
    file has the same name.
    """
    path = _link_target(path)
    temporary = _new_scratch(path)
    try:
        temporary.mkdir()
        yield temporary
        for folder, _, names in os.walk(temporary):
            target = path / os.path.relpath(folder, temporary)
            target.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                os.replace(os.path.join(folder, name), target / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def replacement_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder, which replaces the folder `path` if the block succeeds.

    Check first that `path` contains nothing of the user: all its files are deleted. The two folders
    are exchanged in one step. Where the file system cannot do this, a killed process may leave only
    the old folder in its scratch, from which the next call restores it. Raises `DataError` if
    `path` cannot be replaced (see `require_replaceable`).
    """
    path = _link_target(path)
    _require_movable(path)
    temporary = _new_scratch(path)
    new, old = temporary / "new", temporary / "old"
    try:
        new.mkdir(parents=True)
        yield new
        if path.exists() and not _exchange(new, path):
            os.replace(path, old)
        if not path.exists():
            os.replace(new, path)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(temporary, ignore_errors=True)


def require_replaceable(path: Path) -> None:
    """Raise an error unless `replacement_folder` can replace `path`; its parents are created.

    `DataError`: `path` is a mount point, or the current folder or a parent of it. `OSError`: no new
    files can be created beside `path`.
    """
    path = _link_target(path)
    _require_movable(path)
    scratch = _new_scratch(path)
    scratch.mkdir()
    scratch.rmdir()


def _require_movable(path: Path) -> None:
    """Raise `DataError` if a folder is in use as a mount point or as the current folder."""
    if os.path.ismount(path):
        use = "a mount point"
    elif path.is_dir() and Path.cwd().is_relative_to(path.resolve()):
        use = "the current folder, or contains it"
    else:
        return
    what = f"the output folder cannot be replaced: it is {use}"
    raise DataError([Problem("bad-out", what, "Name a new folder inside it", file=str(path))])


def is_disk_full(error: OSError) -> bool:
    """Return whether an error means that a disk is full, or that a quota is used up."""
    # numpy gives no error number: "4096 requested and 0 written"
    return error.errno in _DISK_FULL or " requested and " in str(error)


def disk_full_problem(error: OSError) -> Problem:
    """Return the problem of a full disk, which can be the disk of the temporary folder."""
    what = f"the disk is full: {error.strerror or error}"
    folder = os.environ.get("TMPDIR", "/tmp")  # gettempdir() fails if the disk is full
    fix = (
        "Free space on the disk of the output or of the temporary folder "
        f"{folder}; TMPDIR selects another temporary folder"
    )
    file = None if error.filename is None else str(error.filename)
    return Problem("disk-full", what, fix, file=file)


def visible_files(folder: Path, *suffixes: str) -> list[Path]:
    """Return the files in a folder and its subfolders with one of the suffixes, sorted by path.

    Hidden files and folders are left out: they belong to the system, to version control or to a
    write that was interrupted.
    """
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        visible = (name for name in names if not name.startswith("."))
        found += [Path(parent, name) for name in visible if Path(name).suffix in suffixes]
    return sorted(found)


def _new_scratch(output: Path) -> Path:
    """Return the path of new scratch of an output, whose parent folder exists then.

    Scratch that a killed process left for the same output is removed.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    remove_stale_scratch(output)
    name = f".{output.name[:_MAX_NAME_LENGTH]}.{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.aloi"
    return output.parent / name


def remove_stale_scratch(output: Path) -> None:
    """Remove the scratch that killed processes of this machine left for an output.

    If the output is a folder that was moved to its scratch and not yet replaced, it is restored.
    """
    prefix = f".{output.name[:_MAX_NAME_LENGTH]}."
    for name in os.listdir(output.parent):
        match = _SCRATCH.fullmatch(name) if name.startswith(prefix) else None
        if match is None or match["host"] != _host() or _is_running(int(match["process"])):
            continue
        scratch = output.parent / name
        if (scratch / "old").is_dir() and not output.exists():
            os.replace(scratch / "old", output)
        if scratch.is_dir():
            shutil.rmtree(scratch, ignore_errors=True)
        else:
            scratch.unlink(missing_ok=True)


def _host() -> str:
    """Return a short name of this machine, since the processes of another machine are unknown."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user
        return True
    return True


def _link_target(path: Path) -> Path:
    """Return the path to which a symbolic link refers, which may not exist yet."""
    try:
        return path.resolve() if path.is_symlink() else path
    except RuntimeError as error:  # a loop, until Python 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error


def _copy_to_stream(content: Path, stream: Path) -> None:
    """Write a file to a pipe, a device or an open descriptor, after what was printed before."""
    sys.stdout.flush()
    descriptor = open_descriptor(stream)
    target = stream.open("wb") if descriptor is None else os.fdopen(descriptor, "wb")
    with content.open("rb") as source, target:
        shutil.copyfileobj(source, target)


def _copy_mode(existing: Path, temporary: Path) -> None:
    """Give a new file the mode and owner of the file that it replaces, or the mode of new files."""
    try:
        status = existing.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)  # a temporary file has 0600
        return
    with suppress(OSError, AttributeError):  # only root may give files away; not on Windows
        os.chown(temporary, status.st_uid, status.st_gid)
    temporary.chmod(stat.S_IMODE(status.st_mode))


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return False if the system does not support this."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(libc.renamex_np(os.fsencode(one), os.fsencode(other), _EXCHANGE) == 0)
        paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
        return bool(libc.renameat2(*paths, _EXCHANGE) == 0)
    except (AttributeError, OSError, TypeError):
        return False
