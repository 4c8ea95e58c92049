"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Open `path` for UTF-8 text, line ends untouched; it appears only if the block succeeds."""
    with (
        _partial(path) as partial,
        partial.open("w", encoding="utf-8", newline="") as stream,
    ):
        yield stream


@contextmanager
def whole_binary(path: Path) -> Iterator[IO[bytes]]:
    """Open `path` for bytes; it appears only if the block succeeds."""
    with _partial(path) as partial, partial.open("wb") as stream:
        yield stream


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with _partial(path) as partial:
        partial.write_bytes(content)


@contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        _replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A scratch folder; its files, at any depth, move into `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield scratch
        for folder, _, names in os.walk(scratch):
            place = path / os.path.relpath(folder, scratch)
            place.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                os.replace(os.path.join(folder, name), place / name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """A scratch folder that takes the place of `path`, and of all in it, if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    new, old = scratch / "new", scratch / "old"
    new.mkdir()
    try:
        yield new
        if path.exists():
            os.replace(path, old)
        os.replace(new, path)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(scratch, ignore_errors=True)


def _replace(partial: Path, path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    partial.chmod(0o666 & ~mask)
    os.replace(partial, path)
