"""The registry of formats, with functions that read and write documents in any format.

Each format is a module or package that is imported when it is needed. Other packages add formats
with entry points in the group `aloi.formats`; the value is a module. The module defines

- `CAPABILITIES`: what the format can represent (`shared.capabilities.Capabilities`);
- `ReadOptions` and `WriteOptions`: the options of the format (`shared.options.Options`);
- `read(path, options, notes)`: yields the valid documents; if there are problems, raises one
  `DataError` with all problems after the last document;
- `write(documents, path, options, notes)`: consumes the documents one by one, writes them
  atomically, and returns the number of documents. The documents contain only data that
  `CAPABILITIES` allows.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import IO, Protocol

from aloi.corpus import document_files
from aloi.corpus.atomic_files import atomic_binary_file
from aloi.corpus.corpus_folder import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import detect_format, documents_path, files_of_other_formats
from aloi.corpus.formats.shared.capabilities import Capabilities, reduced_to
from aloi.corpus.formats.shared.files import file_states, kept_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import FlatWriteOptions
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.streams import STANDARD_STREAM, is_stream, on_disk, temporary_folder

FORMAT_MODULES = {
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
    "corefud": "corefud",
    "hipe": "hipe",
    "webanno": "webanno",
    "xmi": "xmi",
    "casjson": "casjson",
    "hf-tokens": "sentences.hf_tokens",
    "gliner": "sentences.gliner",
    "dygie": "sentences.dygie",
}
"""The module name for each format name; a module must not have the same name as a library."""

ENTRY_POINTS = "aloi.formats"
"""The entry point group in which other packages register the modules of their formats."""


class Format(Protocol):
    """The interface of a format module."""

    CAPABILITIES: Capabilities
    ReadOptions: type[Options]
    WriteOptions: type[Options]

    def read(self, path: Path, options: Options, notes: Notes) -> Iterator[Document]:
        """Yield the documents of a file or folder."""

    def write(
        self, documents: Iterable[Document], path: Path, options: Options, notes: Notes
    ) -> int:
        """Write a file or folder; return the number of documents."""


def format_names() -> list[str]:
    """Return the names of all formats: those of aloi, then those of other installed packages."""
    return [*FORMAT_MODULES, *sorted(_other_formats().keys() - FORMAT_MODULES.keys())]


def load_format(name: str) -> Format:
    """Import the module of a format; raise `KeyError` if the name is not in `format_names()`.

    A format of aloi takes precedence over a format of another package with the same name. Raises
    `DataError` if the module of another package cannot be imported or lacks a part of `Format`.
    """
    if name in FORMAT_MODULES:
        module: Format = import_module(f"aloi.corpus.formats.{FORMAT_MODULES[name]}")
        return module
    entry = _other_formats()[name]
    try:
        module = entry.load()
    except Exception as error:
        raise _broken_format(entry, f"{type(error).__name__}: {error}") from error
    parts = (*Format.__annotations__, "read", "write")
    missing = [part for part in parts if not hasattr(module, part)]
    if missing:
        raise _broken_format(entry, f"the module does not define {', '.join(missing)}")
    return module


def _other_formats() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}


def _broken_format(entry: EntryPoint, reason: str) -> DataError:
    package = entry.dist.name if entry.dist else entry.value
    what = f"the format {entry.name} of the package {package} cannot be used: {reason}"
    return DataError([Problem("broken-format", what, f"Update or uninstall {package}")])


def read(
    path: str,
    *,
    format_: str | None = None,
    options: Options | None = None,
    notes: Notes | None = None,
) -> Iterator[Document]:
    """Return the documents of a file, folder, corpus, release or stream (`aloi.corpus.streams`).

    If `format_` is None, the format is detected. Anything that is repaired or dropped is counted in
    `notes`. Raises one `DataError` with all problems, usually after the last document.
    """
    notes = Notes() if notes is None else notes
    if is_stream(path):
        return _read_stream(path, format_, options, notes)
    if not Path(path).exists():
        what, fix = "the file or folder does not exist", "Correct the path"
        raise DataError([Problem("no-such-file", what, fix, file=path)])
    if is_corpus(Path(path)):
        return iter(Corpus.open(Path(path)).documents)
    source = documents_path(Path(path))
    format_ = format_ or detect_format(source)
    others = files_of_other_formats(source, format_) if source.is_dir() else []
    notes.add("files of other formats left out", str(next(iter(others), "")), len(others))
    format_module = load_format(format_)
    return format_module.read(source, options or format_module.ReadOptions(), notes)


def write(
    documents: Iterable[Document],
    path: str,
    *,
    format_: str,
    options: Options | None = None,
    notes: Notes | None = None,
    strict: bool = False,
) -> int:
    """Write documents to a file, a folder or standard output; return the number of documents.

    Files and folders are written atomically. Data that the format cannot represent is dropped and
    counted in `notes`. If `strict` is True, such data raises `DataError`, and no file is written.
    """
    notes = Notes() if notes is None else notes
    format_module = load_format(format_)
    options = options or format_module.WriteOptions()
    keep = options.keep if isinstance(options, FlatWriteOptions) else "outermost"
    reduced = reduced_to(documents, format_module.CAPABILITIES, notes, keep=keep)
    if strict:
        reduced = notes.require_lossless(reduced)
    if path == STANDARD_STREAM and format_ == "native":
        return document_files.write_lines(reduced, sys.stdout)
    if not is_stream(path):
        before = file_states(Path(path))
        count = format_module.write(reduced, Path(path), options, notes)
        kept = kept_files(before, file_states(Path(path)))
        what = "files that were in OUT before are kept (delete only those that are out of date)"
        notes.add(what, kept[0] if kept else "", len(kept))
        return count
    with temporary_folder() as folder:
        file = folder / ("stream.jsonl" if format_ == "native" else "stream")
        count = format_module.write(reduced, file, options, notes)
        _copy_to_stream(file, path)
    return count


def _read_stream(
    path: str, format_: str | None, options: Options | None, notes: Notes
) -> Iterator[Document]:
    """Yield the documents from a copy of a stream; problems and notes refer to the stream."""
    with on_disk(path) as source:
        try:
            yield from read(str(source.path), format_=format_, options=options, notes=notes)
        finally:
            notes.first = {what: source.restore(place) for what, place in notes.first.items()}


def _copy_to_stream(file: Path, target: str) -> None:
    """Copy a file to standard output (`-`), a pipe or a device."""
    if file.is_dir():
        what = "the format writes a folder, which cannot be written to standard output or a pipe"
        raise DataError([Problem("folder-format", what, "Set OUT to the path of a folder")])
    with file.open("rb") as source, ExitStack() as stack:
        stream: IO[bytes] = sys.stdout.buffer
        if target != STANDARD_STREAM:
            stream = stack.enter_context(atomic_binary_file(Path(target)))
        shutil.copyfileobj(source, stream)
