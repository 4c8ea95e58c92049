"""A first pass over a large input: check, count and hash all documents.

Before a long run starts its work, it reads the complete input once, so that an error in the input
does not stop the run late. The hash identifies the input when the run is resumed.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import is_corpus
from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.problems import DataError, Problem

DocumentCheck = Callable[[Document], Iterable[Problem]]
"""A function that returns the problems of a valid document."""


@dataclass(frozen=True, slots=True)
class InputSummary:
    """A file or folder of documents: path, number of documents, and SHA-256 of their JSON."""

    path: str
    documents: int
    sha256: str

    def read(self, *, skip: int = 0) -> Iterator[Document]:
        """Yield the documents after the first `skip` documents."""
        for record in islice(_read_records(self.path), skip, None):
            if record.document is None:
                raise DataError(record.problems)
            yield record.document


def summarize_input(path: str, check: DocumentCheck) -> InputSummary:
    """Read all documents and return their summary; raise `DataError` with all problems.

    `check` returns the problems of a document, for example that the run cannot process the
    document. This function uses 8 bytes of memory per document.
    """
    problems: list[Problem] = []
    ids, content = array("q"), hashlib.sha256()
    count = 0
    for count, record in enumerate(_read_records(path), start=1):  # noqa: B007 - used below
        content.update(record.raw + b"\n")
        problems += record.problems
        if record.draft is not None:
            ids.append(hash(record.draft.id))
        if record.document is not None:
            problems += map(record.place, check(record.document))
    problems += _duplicate_id_problems(path, ids)
    if problems:
        raise DataError(problems)
    return InputSummary(path, count, content.hexdigest())


def _read_records(path: str) -> Iterator[document_files.DocumentRecord]:
    """Yield one record per document; documents in other formats are converted to native records."""
    if not is_corpus(Path(path)) and detect_format(Path(path)) == "native":
        yield from document_files.read_records(path)
        return
    encoder = msgspec.json.Encoder()
    for document in registry.read(path):
        yield document_files.DocumentRecord(encoder.encode(document), path, 1, document)


def _duplicate_id_problems(path: str, hashes: array[int]) -> Iterator[Problem]:
    """Yield a problem for each duplicate id.

    The input is read again only if several ids have the same hash.
    """
    values, counts = np.unique(np.asarray(hashes, dtype=np.int64), return_counts=True)
    repeated = set(values[counts > 1].tolist())
    ids = DocumentIds()
    for record in _read_records(path) if repeated else ():
        if record.draft is not None and hash(record.draft.id) in repeated:
            yield from document_files.duplicate_id_problems(record, ids)
