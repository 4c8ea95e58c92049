"""A case of `fuzz.py`: a call of `aloi` in a prepared folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

GROUPS = ("annotate", "corpus", "release")
"""Commands that have subcommands."""


@dataclass(frozen=True)
class Case:
    """A call of `aloi`; `prepare` writes its inputs to the folder in which it runs.

    `secrets`: strings that the command must not print.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], object]
    stdin: str = "/dev/null"
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether the first argument is the name of a group of commands."""
        return self.arguments[0] in GROUPS


def copy_of(source: Path, name: str, damage: Callable[[Path], object]) -> Callable[[Path], None]:
    """Return a function that copies a folder into the folder of a case and damages the copy."""
    return partial(_copy, source, name, damage)


def _copy(source: Path, name: str, damage: Callable[[Path], object], folder: Path) -> None:
    shutil.copytree(source, folder / name, dirs_exist_ok=True)
    damage(folder / name)


def damages(file: str, other: bytes) -> dict[str, Callable[[Path], object]]:
    """Return ways to damage a file of a folder, by name; `other` is the content of another file."""
    return {
        f"{file} removed": lambda folder: (folder / file).unlink(),
        f"{file} empty": lambda folder: (folder / file).write_bytes(b""),
        f"{file} truncated": lambda folder: (folder / file).write_bytes(
            (content := (folder / file).read_bytes())[: len(content) // 2]
        ),
        f"{file} garbage": lambda folder: (folder / file).write_bytes(bytes(range(256)) * 4),
        f"{file} not UTF-8": lambda folder: (folder / file).write_bytes(
            (folder / file).read_bytes() + "é".encode("latin-1")
        ),
        f"{file} swapped": lambda folder: (folder / file).write_bytes(other),
        f"{file} a folder": lambda folder: ((folder / file).unlink(), (folder / file).mkdir()),
    }
