"""TOML files, read into typed structs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import read_text

StructT = TypeVar("StructT")


def load_toml(path: Path, type_: type[StructT], *, fix: str) -> StructT:
    """Read a TOML file and convert it to a struct or another type that msgspec supports.

    Raises `DataError` of the kind "bad-toml", with the file and `fix`, if the file cannot be read,
    is not UTF-8 or TOML, or has unknown, missing or invalid keys.
    """
    try:
        return msgspec.convert(tomllib.loads(read_text(path)), type_)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except tomllib.TOMLDecodeError as error:
        what = f"not valid TOML: {error}"
    except msgspec.ValidationError as error:
        what = str(error)
    raise DataError([Problem("bad-toml", what, fix, file=str(path))])
