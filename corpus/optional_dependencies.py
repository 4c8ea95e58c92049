"""A check for optional dependencies; the error states the command that installs the library."""

from __future__ import annotations

from importlib.util import find_spec

from aloi.corpus.problems import DataError, Problem


def need(library: str, *, extra: str) -> None:
    """Raise `DataError` if a library is not installed; call this function before the import.

    `extra` is the optional dependency group of aloi that installs the library.
    """
    if find_spec(library) is None:
        what, fix = f"{library} is not installed", f"Run pip install 'aloi[{extra}]'"
        raise DataError([Problem("no-library", what, fix)])
