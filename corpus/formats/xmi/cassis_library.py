"""Access to dkpro-cassis: its import, its type names, and `DataError` for cassis errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from aloi.corpus.problems import DataError, Problem

# cassis has no type annotations; these aliases name its types for the reader.
CassisModule: TypeAlias = Any
Cas: TypeAlias = Any
TypeSystem: TypeAlias = Any
AnnotationType: TypeAlias = Any
FeatureStructure: TypeAlias = Any

CASSIS_NAMES = {"self": "self_", "type": "type_"}
"""The features that cassis renames, mapped to their names in cassis."""

FEATURE_NAMES = {cassis_name: name for name, cassis_name in CASSIS_NAMES.items()}
"""The reverse of `CASSIS_NAMES`: names in cassis, mapped to the original feature names."""


def import_cassis() -> CassisModule:
    """Return the module cassis; raise `DataError` if it is not installed."""
    try:
        return import_module("cassis")
    except ImportError as error:
        fix = 'Run: pip install "aloi[formats]"'
        problem = Problem("missing-package", "dkpro-cassis is not installed", fix)
        raise DataError([problem]) from error


@contextmanager
def translate_errors(fix: str, file: str | None = None, kind: str = "bad-xmi") -> Iterator[None]:
    """Raise `DataError` for cassis errors, and for cassis warnings about invalid offsets."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Not mapping")  # an offset outside the text
            yield
    except DataError as error:
        raise DataError(problem.at(file=file) for problem in error.problems) from error
    except Exception as error:  # cassis raises many types of errors
        what = f"cassis cannot process this CAS: {type(error).__name__}: {error}"[:300]
        raise DataError([Problem(kind, what, fix, file=file)]) from error
