"""Atomic writes: a file or folder is written completely or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def atomic_text_file(path: Path) -> Iterator[IO[str]]:
    """Open `path` for writing UTF-8 text; the file changes only if the block succeeds.

    Line ends are written unchanged.
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
    """Yield the path of a temporary file; rename the file to `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        _replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `path` if the block succeeds.

    Files in subfolders are moved too. Files that `path` already contains are kept, unless a new
    file has the same name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
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
    """Yield an empty folder, which replaces the folder `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    new, old = temporary / "new", temporary / "old"
    new.mkdir()
    try:
        yield new
        if path.exists():
            os.replace(path, old)
        os.replace(new, path)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(temporary: Path, path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)  # the mode of a new file; mkstemp sets 0600
    os.replace(temporary, path)
