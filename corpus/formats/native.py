"""native: the JSON format of this project, as JSON Lines or as a folder of JSON files.

Source: `aloi.corpus.document_files`. The format represents everything in a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.capabilities import EVERYTHING
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.json_records import JSON_SUFFIXES
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options

CAPABILITIES = EVERYTHING
ReadOptions = WriteOptions = Options


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file or folder."""
    if path.is_dir():
        find_files(path, JSON_SUFFIXES)  # raises if there are none
    return document_files.valid_documents(document_files.read_records(path))


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write JSON Lines, or a folder if the path has no suffix; return the number of documents."""
    return document_files.write(documents, path)
