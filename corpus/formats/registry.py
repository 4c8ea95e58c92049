"""The formats by name, and how a path or stream is read and written in one of them.

Each format is a module of this package, imported when it is asked for, that has

- `CAPABILITIES`: what it can keep of a document (`fitting.Holds`);
- `ReadOptions` and `WriteOptions`: its options (`options.Options`);
- `read(path, options, notes)`: the documents one by one, then `DataError` with everything wrong;
- `write(documents, path, options, notes)`: writes fitted documents whole or not at all, taking
  them one by one, and returns how many.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from aloi.corpus import document_files
from aloi.corpus.collection import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import detect, documents_of
from aloi.corpus.formats.shared.capabilities import Capabilities, reduced_to
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.streams import STANDARD, is_stream, on_disk

MODULES = {
    "native": "native",
    "inline": "inline",
    "brat": "brat",
    "spacy": "doc_bin",
    "parquet": "parquet",
    "spert": "spert",
    "crossre": "crossre",
    "labelstudio": "labelstudio",
    "doccano": "doccano",
    "docred": "docred",
    "popcorn": "popcorn",
    "prodigy": "prodigy",
    "conll": "conll",
    "conllu": "conllu",
    "hipe": "hipe",
    "webanno": "webanno",
    "xmi": "xmi",
}
"""The module of each format; a name may differ where a library already bears it."""


class Format(Protocol):
    """What a format's module offers."""

    CAPABILITIES: Capabilities
    ReadOptions: type[Options]
    WriteOptions: type[Options]

    def read(self, path: Path, options: Options, notes: Notes) -> Iterator[Document]:
        """The documents of a file or folder."""

    def write(
        self, documents: Iterable[Document], path: Path, options: Options, notes: Notes
    ) -> int:
        """Write a file or folder."""


def format_named(name: str) -> Format:
    """The module of a format; raises `KeyError` for a name not in `MODULES`."""
    module: Format = import_module(f"aloi.corpus.formats.{MODULES[name]}")
    return module


def read(
    path: str,
    *,
    format_: str | None = None,
    options: Options | None = None,
    notes: Notes | None = None,
) -> Iterator[Document]:
    """Return the documents of a file, folder, corpus, release or stream (`aloi.corpus.streams`).

    The format is detected unless it is given. Raises `DataError` with everything wrong, at the
    latest after the last document. Anything repaired or dropped is counted in `notes`.
    """
    notes = Notes() if notes is None else notes
    if is_stream(path):
        return _read_stream(path, format_, options, notes)
    where = Path(path)
    if not where.exists():
        raise DataError(
            [Problem("no-such-file", "no such file or folder", "Check the path", file=path)]
        )
    if is_corpus(where):
        return iter(Corpus.open(where).documents)
    where = documents_of(where)
    format_module = format_named(format_ or detect(where))
    return format_module.read(where, options or format_module.ReadOptions(), notes)


def write(
    documents: Iterable[Document],
    path: str,
    *,
    format_: str,
    options: Options | None = None,
    notes: Notes | None = None,
    strict: bool = False,
) -> int:
    """Write documents whole or not at all; returns how many.

    What the format cannot hold is left out and counted in `notes`; under `strict` it is a
    `DataError`, and nothing is written.
    """
    notes = Notes() if notes is None else notes
    format_module = format_named(format_)
    fitting = reduced_to(documents, format_module.CAPABILITIES, notes)
    if strict:
        fitting = notes.require_lossless(fitting)
    if path == STANDARD and format_ == "native":
        return document_files.write_lines(fitting, sys.stdout)
    options = options or format_module.WriteOptions()
    if path != STANDARD:
        return format_module.write(fitting, Path(path), options, notes)
    with _scratch() as file:
        count = format_module.write(fitting, file, options, notes)
        _print(file)
    return count


def _read_stream(
    path: str, format_: str | None, options: Options | None, notes: Notes
) -> Iterator[Document]:
    """Yield the documents of a stream's copy; problems and notes name the stream."""
    with on_disk(path) as given:
        try:
            yield from read(str(given.path), format_=format_, options=options, notes=notes)
        finally:
            notes.first = {what: given.restore(place) for what, place in notes.first.items()}


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "standard-stream"


def _print(file: Path) -> None:
    """Send a written file to standard output."""
    if file.is_dir():
        fix = "Give a folder's path as OUT"
        raise DataError([Problem("folder-format", "this format is a folder of files", fix)])
    with file.open("rb") as stream:
        shutil.copyfileobj(stream, sys.stdout.buffer)
