"""native: aloi's own JSON, as JSON Lines or as a folder of one file a document.

Source: `aloi.corpus.native`. Holds everything a document has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aloi.corpus import native
from aloi.corpus.document import Document
from aloi.corpus.formats.fitting import EVERYTHING
from aloi.corpus.formats.notes import Notes
from aloi.corpus.formats.options import Options

HOLDS = EVERYTHING
Reading = Writing = Options


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The documents of a file or folder."""
    return native.documents(native.records(path))


def write(
    documents: Iterable[Document],
    path: Path,
    options: Options,
    notes: Notes,
) -> int:
    """Write JSON Lines, or a folder of files where the path has no suffix."""
    return native.write(documents, path)
