"""Access to dkpro-cassis: its import, its types, and the translation of its errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from aloi.corpus.problems import DataError, Problem

# cassis has no type annotations: these names document which of its objects is meant.
CassisModule: TypeAlias = Any
Cas: TypeAlias = Any
TypeSystem: TypeAlias = Any
AnnotationType: TypeAlias = Any
FeatureStructure: TypeAlias = Any

CASSIS_NAMES = {"self": "self_", "type": "type_"}
"""The features that cassis renames, with their names in cassis."""

FEATURE_NAMES = {cassis_name: name for name, cassis_name in CASSIS_NAMES.items()}
"""The reverse mapping: from the names in cassis to the features."""


def import_cassis() -> CassisModule:
    """Return the module cassis; raise `DataError` if it is not installed."""
    try:
        return import_module("cassis")
    except ImportError as error:
        fix = 'Install it: pip install "aloi[formats]"'
        problem = Problem("missing-package", "the xmi format needs dkpro-cassis", fix)
        raise DataError([problem]) from error


@contextmanager
def translate_errors(fix: str, file: str | None = None) -> Iterator[None]:
    """Raise the errors of cassis, and its warnings about invalid offsets, as `DataError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Not mapping")  # an offset outside the text
            yield
    except DataError as error:
        raise DataError(problem.at(file=file) for problem in error.problems) from error
    except Exception as error:  # cassis raises many types of errors
        what = f"cassis cannot process this CAS: {type(error).__name__}: {error}"[:300]
        raise DataError([Problem("bad-xmi", what, fix, file=file)]) from error
