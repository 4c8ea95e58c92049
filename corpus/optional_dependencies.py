"""Optional dependencies: an error with the install command instead of an `ImportError`."""

from __future__ import annotations

from importlib.util import find_spec

from aloi.corpus.problems import DataError, Problem


def need(library: str, *, extra: str) -> None:
    """Raise `DataError` if a library is not installed; call this before importing the library.

    `extra` is the optional dependency group that installs it.
    """
    if find_spec(library) is None:
        what, fix = f"{library} is not installed", f"Install it: pip install 'aloi[{extra}]'"
        raise DataError([Problem("no-library", what, fix)])
