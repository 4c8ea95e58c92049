"""The formats by name, and how a path or stream is read and written in one of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from aloi.corpus import native
from aloi.corpus.collection import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.files import whole_file, write_bytes
from aloi.corpus.formats import inline
from aloi.corpus.problems import DataError, Problem

SUFFIXES = {".jsonl": "native", ".json": "native", ".inline": "inline"}
"""The format that a file name's ending tells; folders are native unless said otherwise."""

READABLE = ("native", "inline")
WRITABLE = (*READABLE, "spacy")

STANDARD = "-"
"""The path that means standard input or standard output."""


def read(path: str, *, format_: str | None = None) -> Iterator[Document]:
    """The documents of a file, folder, corpus folder or `-`.

    Raises `DataError` with everything wrong, at the latest after the last document.
    """
    if path == STANDARD:
        if format_ == "inline":
            return _read_stream(sys.stdin.buffer.read(), "standard input")
        return native.documents(native.line_records(sys.stdin.buffer, file="standard input"))
    where = Path(path)
    if not where.exists():
        raise DataError(
            [Problem("no-such-file", "no such file or folder", "Check the path", file=path)]
        )
    if is_corpus(where):
        return iter(Corpus.open(where).documents)
    if (format_ or guess(where)) == "inline":
        return _read_inline(where)
    return native.documents(native.records(where))


def guess(path: Path) -> str:
    """The format a path's name or content tells; native where nothing speaks against it."""
    if path.is_dir():
        has_inline = any(path.rglob("*.inline"))
        return "inline" if has_inline and not any(path.rglob("*.json*")) else "native"
    return SUFFIXES.get(path.suffix, "native")


def write(documents: Iterable[Document], path: str, *, format_: str) -> int:
    """Write documents whole or not at all; returns how many."""
    if format_ == "native":
        if path == STANDARD:
            return native.write_lines(documents, sys.stdout)
        return native.write(documents, Path(path))
    if format_ == "spacy":
        return _write_spacy(documents, path)
    pieces = inline.write(documents)
    if path == STANDARD:
        return sum(bool(sys.stdout.write(piece)) for piece in pieces)
    with whole_file(Path(path)) as stream:
        return sum(bool(stream.write(piece)) for piece in pieces)


def _write_spacy(documents: Iterable[Document], path: str) -> int:
    from aloi.corpus.formats.spacy_docs import to_doc_bin  # noqa: PLC0415 - spaCy loads slowly

    content, count = to_doc_bin(documents)
    if path == STANDARD:
        sys.stdout.buffer.write(content)
    else:
        write_bytes(Path(path), content)
    return count


def _read_inline(where: Path) -> Iterator[Document]:
    problems: list[Problem] = []
    for file in sorted(where.rglob("*.inline")) if where.is_dir() else [where]:
        try:
            yield from _read_stream(file.read_bytes(), str(file))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


def _read_stream(content: bytes, file: str) -> Iterator[Document]:
    try:
        yield from inline.read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        what = f"not UTF-8: {error}"
        raise DataError([Problem("bad-inline", what, "Save it as UTF-8", file=file)]) from error
    except DataError as error:
        raise DataError(problem.at(file=file) for problem in error.problems) from error
