"""Read CAS JSON: the mentions and relations of one view of each CAS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.document_files import decode_id
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.json_records import decode_json
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.xmi.cassis_library import import_cassis, translate_errors
from aloi.corpus.formats.xmi.options import ReadOptions
from aloi.corpus.formats.xmi.reader import CasReader
from aloi.corpus.formats.xmi.type_systems import check_cost, check_feature_names
from aloi.corpus.problems import DataError, Problem

_FIX = "Export the document as UIMA CAS JSON 0.4 again"


class _Content(msgspec.Struct, frozen=True):
    """The parts of a file; types and features are checked before cassis reads them."""

    types: dict[str, dict[str, Any]] = msgspec.field(default={}, name="%TYPES")
    structures: list[Any] | dict[str, Any] = msgspec.field(default=[], name="%FEATURE_STRUCTURES")
    views: dict[str, Any] = msgspec.field(default={}, name="%VIEWS")


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.json` files below a folder."""
    cassis = import_cassis()
    problems: list[Problem] = []
    top = path if path.is_dir() else path.parent
    for file in find_files(path, [".json"]):
        try:
            with translate_errors(_FIX, str(file), "bad-casjson"):
                content = _read_content(file)
                cas = cassis.load_cas_from_json(content)
                id_ = decode_id(file.relative_to(top).as_posix().removesuffix(".json"))
                document = CasReader(cas, options, notes, str(file)).document(id_)
            yield document
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


def _read_content(file: Path) -> str:
    """Return the JSON of a file, with the parts that cassis expects.

    Raises `DataError` if the JSON is invalid, or if its types are not safe to load.
    """
    content = decode_json(file.read_bytes(), _Content)
    features = {name: _features(type_) for name, type_ in content.types.items()}
    check_feature_names({key: name for name, keys in features.items() for key in keys})
    own_counts = {name: len(keys) for name, keys in features.items()}
    supertypes = {n: str(type_.get("%SUPER_TYPE", "")) for n, type_ in content.types.items()}
    check_cost(own_counts, supertypes)
    return json.dumps(msgspec.to_builtins(content))


def _features(type_: dict[str, Any]) -> list[str]:
    return [key for key in type_ if not key.startswith("%")]
