"""The files of a folder, for formats with one or more files per folder.

Links to folders are followed; a folder that is reachable by several paths is read once.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from aloi.corpus.problems import DataError, Problem

MIN_EXPANSION_LIMIT = 1 << 28
MAX_EXPANSION = 200
"""How much larger than a compressed file its content may be, if it is over the minimum in bytes."""

FileStates: TypeAlias = dict[str, tuple[int, int]]
"""The files in a folder by path, with the inode and modification time of each."""


class Folder(NamedTuple):
    """A folder, and the sorted names of its files.

    `prefix` is the path relative to the folder where the walk began, with `/` at the end; it is
    empty for that folder itself.
    """

    path: str
    prefix: str
    names: list[str]


def walk_folder(top: Path) -> Iterator[Folder]:
    """Yield a folder and its subfolders, in the order of their names; follow links.

    Hidden files and folders are left out: they belong to the system, to version control or to a
    write that was interrupted.
    """
    seen: set[str] = set()
    for path, folders, names in os.walk(top, followlinks=True):
        real = os.path.realpath(path)
        if real in seen:  # a link to a folder that was read already, or that contains the link
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        prefix = os.path.relpath(path, top).replace(os.sep, "/")
        yield Folder(
            path,
            "" if prefix == "." else f"{prefix}/",
            sorted(name for name in names if not name.startswith(".")),
        )


def find_files(path: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the file itself, or the files in a folder with one of `suffixes`, sorted by path.

    Raises `DataError` if the folder contains no such file.
    """
    if not path.is_dir():
        return [path]
    files = [
        Path(folder.path, name)
        for folder in walk_folder(path)
        for name in folder.names
        if os.path.splitext(name)[1] in suffixes
    ]
    if not files:
        raise DataError([no_files(path, suffixes)])
    return sorted(files)


def no_files(path: Path, suffixes: Collection[str]) -> Problem:
    """Return the problem of a folder without files of a format."""
    what = f"the folder contains no {' or '.join(sorted(suffixes))} files"
    fix = "Correct the path, or set --from to the format of the files in the folder"
    return Problem("no-files", what, fix, file=str(path))


def expansion_limit(file: Path) -> int:
    """Return the maximum size of the decompressed content of a file, in bytes."""
    return max(MIN_EXPANSION_LIMIT, MAX_EXPANSION * file.stat().st_size)


def expansion_problem(limit: int) -> Problem:
    """Return the problem of a compressed file whose content exceeds its `expansion_limit`."""
    what = f"the file expands to more than {limit >> 20} MiB, far more than its size"
    fix = "Check where the file comes from; if it is right, split it or convert it to JSON Lines"
    return Problem("expands-too-much", what, fix)


def file_states(path: Path) -> FileStates:
    """Return the states of the files in a folder; for anything else, return an empty dictionary."""
    if not path.is_dir():
        return {}
    files = (os.path.join(folder.path, n) for folder in walk_folder(path) for n in folder.names)
    states = ((file, os.lstat(file)) for file in files)
    return {file: (state.st_ino, state.st_mtime_ns) for file, state in states}


def kept_files(before: FileStates, after: FileStates) -> list[str]:
    """Return the files that a writer left as they were, if it wrote files of the same kind."""
    kept = [file for file, state in after.items() if before.get(file) == state]
    kinds = {os.path.splitext(file)[1] for file in after.keys() - kept}
    return sorted(file for file in kept if os.path.splitext(file)[1] in kinds)
