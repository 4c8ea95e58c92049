"""Files and folders that are written completely or not at all."""

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
    """Open `path` for UTF-8 text; the file appears only if the block succeeds.

    Line ends are written unchanged.
    """
    with (
        _temporary_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream


@contextmanager
def atomic_binary_file(path: Path) -> Iterator[IO[bytes]]:
    """Open `path` for bytes; the file appears only if the block succeeds."""
    with _temporary_file(path) as temporary, temporary.open("wb") as stream:
        yield stream


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    with _temporary_file(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def _temporary_file(path: Path) -> Iterator[Path]:
    """Yield a file in the same folder that is renamed to `path` if the block succeeds."""
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
    """Yield a temporary folder; if the block succeeds, its files are moved into `path`.

    Files at any depth are moved. Other files in `path` are kept.
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
    """Yield an empty folder that replaces `path` and all its content if the block succeeds."""
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
    temporary.chmod(0o666 & ~mask)  # the mode of an ordinary new file; mkstemp makes it 0600
    os.replace(temporary, path)
