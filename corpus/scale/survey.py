"""A look through a large input before the work on it begins.

Long work should not fail at its end for an error in the input, so all of it is read first:
everything wrong is told, the documents are counted, and their hash says what they are.
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
from aloi.corpus.collection import is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect
from aloi.corpus.problems import DataError, Problem

Check = Callable[[Document], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file or folder of documents holds: how many, and the SHA-256 of their JSON."""

    path: str
    documents: int
    sha256: str

    def read(self, *, skip: int = 0) -> Iterator[Document]:
        """The documents, one by one, but for so many at the start."""
        for record in islice(_records(self.path), skip, None):
            if record.document is None:
                raise DataError(record.problems)
            yield record.document


def survey(path: str, check: Check) -> Survey:
    """Read all documents once; raises `DataError` with everything wrong.

    `check` tells what is wrong with a valid document for the work ahead. An id takes eight bytes.
    """
    problems: list[Problem] = []
    ids, content = array("q"), hashlib.sha256()
    count = 0
    for count, record in enumerate(_records(path), start=1):  # noqa: B007 - the count is used below
        content.update(record.raw + b"\n")
        problems += record.problems
        if record.draft is not None:
            ids.append(hash(record.draft.id))
        if record.document is not None:
            problems += map(record.place, check(record.document))
    problems += _repeated(path, ids)
    if problems:
        raise DataError(problems)
    return Survey(path, count, content.hexdigest())


def _records(path: str) -> Iterator[document_files.DocumentRecord]:
    """The records of a native file or folder; those of another format are as if native."""
    if not is_corpus(Path(path)) and detect(Path(path)) == "native":
        yield from document_files.records(path)
        return
    encoder = msgspec.json.Encoder()
    for document in registry.read(path):
        yield document_files.DocumentRecord(encoder.encode(document), path, 1, document)


def _repeated(path: str, ids: array[int]) -> Iterator[Problem]:
    """The ids given twice, read again only where the hashes say that there may be some."""
    values, counts = np.unique(np.asarray(ids, dtype=np.int64), return_counts=True)
    suspects = set(values[counts > 1].tolist())
    seen: dict[str, str] = {}
    for record in _records(path) if suspects else ():
        if record.draft is not None and hash(record.draft.id) in suspects:
            yield from document_files.repeated_id(record, seen)
