"""Write CAS JSON: one `.json` file per document, with its types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.xmi.cassis_library import Cas, TypeSystem
from aloi.corpus.formats.xmi.options import WriteOptions
from aloi.corpus.formats.xmi.writer import Serialization, write_files


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one file per document; return the number of documents."""
    return write_files(documents, path, options, _CAS_JSON)


def _save(cas: Cas, file: Path) -> None:
    cas.to_json(file, pretty_print=True, ensure_ascii=False)


def _save_types(types: TypeSystem, folder: Path) -> None:
    """Write nothing: each file contains its types."""


_CAS_JSON = Serialization(
    suffix=".json",
    illegal=re.compile("[\ud800-\udfff]"),
    rule="UTF-8 does not allow",
    save=_save,
    save_types=_save_types,
)
