"""Reading of TOML files into typed structs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import read_text

StructT = TypeVar("StructT")


def load_toml(path: Path, type_: type[StructT], *, fix: str) -> StructT:
    """Read a TOML file and convert it to a struct or another type that msgspec supports.

    Raises `DataError` if the file is not UTF-8. Raises `DataError` with a problem of the kind
    "bad-toml" and with `fix` if the file cannot be opened, is not valid TOML, or contains unknown,
    missing or invalid keys.
    """
    try:
        return msgspec.convert(parse_toml(read_text(path)), type_)
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
    except tomllib.TOMLDecodeError as error:
        what = f"the file is not valid TOML: {error}"
    except msgspec.ValidationError as error:
        what = str(error)
    raise DataError([Problem("bad-toml", what, fix, file=str(path))])


def parse_toml(text: str) -> dict[str, Any]:
    """Return the values of a TOML text; raise `tomllib.TOMLDecodeError` whatever is wrong with it.

    tomllib itself raises other errors for deeply nested values, and for numbers of thousands of
    digits.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("the values are nested too deeply") from error
    except ValueError as error:
        raise tomllib.TOMLDecodeError(str(error)) from error
