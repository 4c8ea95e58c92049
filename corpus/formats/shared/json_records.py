"""Reading and writing of JSON formats with one record per document.

A file contains one JSON array if its first character is `[`, one record if it is a JSON object on
several lines, and JSON Lines otherwise. JSON Lines are read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.problems import DataError, Problem

T = TypeVar("T")
_DECODING_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_BYTE_POSITION = re.compile(r"\(byte (\d+)\)")
_BOM = b"\xef\xbb\xbf"
JSON_SUFFIXES = (".json", ".jsonl")

_HEAD_BYTES = 1024
"""The first character other than white space must be in the first `_HEAD_BYTES` of the file."""


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """The JSON of one record, with its file and line.

    `number` is the position of the record in the file, from 1. `key` is the key of the record if
    the file is a JSON object whose values are the records.
    """

    raw: bytes
    file: Path
    line: int
    number: int
    key: str | None = None

    @property
    def place(self) -> str:
        """File and line, for notes and error messages."""
        return f"{self.file}:{self.line}"

    def document_id(self, *candidates: str | int | None) -> str:
        """Return the first candidate that is neither None nor empty (default: `FILE-NUMBER`)."""
        ids = (str(id_) for id_ in candidates if id_ is not None)
        return next(filter(None, ids), f"{self.file.stem}-{self.number}")


def read_documents(
    path: Path,
    type_: type[T],
    build: Callable[[T, JsonRecord], Document | None],
    *,
    find: Callable[[Path], Iterator[JsonRecord | Problem]] | None = None,
) -> Iterator[Document]:
    """Yield a document for each record of a file, or of the `.json` and `.jsonl` files of a folder.

    Records are decoded as `type_`. `build` returns the document of a record, or None to skip the
    record. `find` yields the records of a path (default: `read_records`). Raises `DataError` after
    the last document, with the file and line of each problem.
    """
    problems: list[Problem] = []
    ids = DocumentIds()
    for record in (find or read_records)(path):
        if isinstance(record, Problem):
            problems.append(record)
            continue
        document, found = _build_document(record, type_, build)
        if document is not None:
            found += ids.add(document.id, record.place)
            if not found:
                yield document
        problems += [problem.at(file=str(record.file), line=record.line) for problem in found]
    if problems:
        raise DataError(problems)


def _build_document(
    record: JsonRecord, type_: type[T], build: Callable[[T, JsonRecord], Document | None]
) -> tuple[Document | None, list[Problem]]:
    """Return the document of a record and no problems, or None and the problems of the record."""
    try:
        return build(decode_json(record.raw, type_), record), []
    except DataError as error:
        return None, list(error.problems)


def read_records(path: Path) -> Iterator[JsonRecord | Problem]:
    """Yield the records of a file, or of the JSON files in a folder and its subfolders.

    For a file that begins with `[` but is not a valid JSON array, yield a problem instead.
    """
    for file in find_files(path, JSON_SUFFIXES):
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).removeprefix(_BOM).lstrip()
            stream.seek(0)
            if not head.startswith(b"["):
                yield from _indented_record(stream, file) or _split_lines(stream, file)
                continue
            content = stream.read().removeprefix(_BOM)
        try:
            elements = decode_json(content, list[msgspec.Raw])
        except DataError as error:
            yield from (problem.at(file=str(file)) for problem in error.problems)
        else:
            yield from split_array(content, elements, file)


def decode_json(raw: bytes, type_: type[T]) -> T:
    """Decode JSON as a value of `type_`.

    Raises `DataError`, with the line of the error if it is known.
    """
    try:
        return msgspec.json.decode(raw, type=type_)
    except _DECODING_ERRORS as error:
        position = _BYTE_POSITION.search(str(error))
        line = 1 + raw.count(b"\n", 0, int(position[1])) if position else None
        fix = "Correct the JSON; the documentation of the format describes the expected structure"
        problem = Problem("bad-json", f"the JSON is invalid: {error}", fix, line=line)
        raise DataError([problem]) from error


def _indented_record(stream: IO[bytes], file: Path) -> list[JsonRecord]:
    """Return the record of a file that contains one JSON object on several lines.

    For all other files, return an empty list, and leave the stream at its beginning.
    """
    first = next((line for line in stream if line.removeprefix(_BOM).strip()), b"")
    record: list[JsonRecord] = []
    if not first.rstrip().endswith(b"}"):
        stream.seek(0)
        content = stream.read().removeprefix(_BOM)
        with suppress(DataError):
            decode_json(content, dict[str, msgspec.Raw])
            line = 1 + content[: content.index(b"{")].count(b"\n")
            record.append(JsonRecord(content.strip(), file, line, 1))
    stream.seek(0)
    return record


def _split_lines(stream: Iterable[bytes], file: Path) -> Iterator[JsonRecord]:
    number = 0
    for line, raw in enumerate(stream, start=1):
        content = (raw.removeprefix(_BOM) if line == 1 else raw).strip()
        if content:
            number += 1
            yield JsonRecord(content, file, line, number)


def split_array(
    content: bytes, elements: Iterable[msgspec.Raw], file: Path
) -> Iterator[JsonRecord]:
    """Yield a record for each element of a JSON array, or for each value of a JSON object.

    `elements` are the elements or values; `content` is the whole file.
    """
    position, line = 0, 1
    for number, element in enumerate(elements, start=1):
        raw = bytes(element)
        start = content.index(raw, position)
        line += content.count(b"\n", position, start)
        yield JsonRecord(raw, file, line, number)
        line += raw.count(b"\n")
        position = start + len(raw)


def write_lines(records: Iterable[Any], path: Path) -> int:
    """Write JSON Lines; return the number of records. If an error occurs, no file is written."""
    count = 0
    with atomic_text_file(path) as stream:
        for count, record in enumerate(records, start=1):  # noqa: B007 - the count is the result
            stream.write(msgspec.json.encode(record).decode() + "\n")
    return count


def write_array(records: Iterable[Any], path: Path) -> int:
    """Write one JSON array with one record per line; return the number of records.

    If an error occurs, no file is written.
    """
    count = 0
    with atomic_text_file(path) as stream:
        stream.write("[")
        for count, record in enumerate(records, start=1):
            stream.write(("\n" if count == 1 else ",\n") + msgspec.json.encode(record).decode())
        stream.write("\n]\n")
    return count
