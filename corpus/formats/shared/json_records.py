"""JSON records, one document each: how the formats made of them find, decode, place and write them.

A file is JSON Lines, read line by line, or one array, told apart by the first character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.files import atomic_text_file
from aloi.corpus.problems import DataError, Problem

T = TypeVar("T")
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_BYTE = re.compile(r"\(byte (\d+)\)")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """One record's JSON, and where it stands.

    `number` counts the records of its file from 1; `key` is its name in a file that has names.
    """

    raw: bytes
    file: Path
    line: int
    number: int
    key: str | None = None

    @property
    def place(self) -> str:
        """Where it stands, for notes."""
        return f"{self.file}:{self.line}"

    def name(self, *given: str | int | None) -> str:
        """The first id given that is none and not empty, else one of file name and number."""
        ids = (str(id_) for id_ in given if id_ is not None)
        return next(filter(None, ids), f"{self.file.stem}-{self.number}")


def records(path: Path, problems: list[Problem]) -> Iterator[JsonRecord]:
    """The records of all files; a file that is no JSON at all becomes a problem."""
    for file in files(path):
        with file.open("rb") as stream:
            head = stream.read(1024).removeprefix(_BOM).lstrip()
            stream.seek(0)
            if not head.startswith(b"["):
                yield from _lines(stream, file)
                continue
            content = stream.read().removeprefix(_BOM)
        try:
            parts = decode(content, list[msgspec.Raw])
        except DataError as error:
            problems += [problem.at(file=str(file)) for problem in error.problems]
        else:
            yield from elements(content, parts, file)


def read_documents(
    path: Path,
    type_: type[T],
    build: Callable[[T, JsonRecord], Document | None],
    *,
    find: Callable[[Path, list[Problem]], Iterator[JsonRecord]] = records,
) -> Iterator[Document]:
    """The documents that `build` makes of a file's records, or of the `.json*` files of a folder.

    `type_` is the shape of a record; None stands for one left out on purpose. Raises `DataError`
    after the last document, with file and line of each thing wrong.
    """
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for record in find(path, problems):
        try:
            document = build(decode(record.raw, type_), record)
            if document is not None:
                once(document.id, record.place, seen)
        except DataError as error:
            problems += [p.at(file=str(record.file), line=record.line) for p in error.problems]
        else:
            if document is not None:
                yield document
    if problems:
        raise DataError(problems)


def files(path: Path) -> list[Path]:
    """The file itself, or the `.json` and `.jsonl` files below a folder."""
    return sorted((*path.rglob("*.json"), *path.rglob("*.jsonl"))) if path.is_dir() else [path]


def decode(raw: bytes, type_: type[T]) -> T:
    """JSON as a value of a type; raises `DataError` saying what it is not, and on which line."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except _BROKEN as error:
        at = _BYTE.search(str(error))
        line = 1 + raw.count(b"\n", 0, int(at[1])) if at else None
        fix = "Write UTF-8 JSON of the shape that the format's documentation shows"
        problem = Problem("bad-json", f"not the JSON expected: {error}", fix, line=line)
        raise DataError([problem]) from error


def once(id_: str, place: str, seen: dict[str, str]) -> None:
    """Raise `DataError` if a document id was met before; `seen` maps ids to places."""
    first = seen.setdefault(id_, place)
    if first is not place:
        what, fix = f"document id given twice, first in {first}", "Give each document its own id"
        raise DataError([Problem("document-id-twice", what, fix, id_)])


def write_lines(records: Iterable[Any], path: Path) -> int:
    """Write JSON Lines, whole or not at all; returns how many records."""
    count = 0
    with atomic_text_file(path) as stream:
        for count, record in enumerate(records, start=1):  # noqa: B007 - the count is the result
            stream.write(msgspec.json.encode(record).decode() + "\n")
    return count


def write_array(records: Iterable[Any], path: Path) -> int:
    """Write one JSON array, a record a line, whole or not at all; returns how many records."""
    count = 0
    with atomic_text_file(path) as stream:
        stream.write("[")
        for count, record in enumerate(records, start=1):
            stream.write(("\n" if count == 1 else ",\n") + msgspec.json.encode(record).decode())
        stream.write("\n]\n")
    return count


def _lines(stream: Iterable[bytes], file: Path) -> Iterator[JsonRecord]:
    number = 0
    for line, raw in enumerate(stream, start=1):
        content = (raw.removeprefix(_BOM) if line == 1 else raw).strip()
        if content:
            number += 1
            yield JsonRecord(content, file, line, number)


def elements(content: bytes, parts: Iterable[msgspec.Raw], file: Path) -> Iterator[JsonRecord]:
    """The elements of an array; only white space and commas lie between them."""
    position, line = 0, 1
    for number, part in enumerate(parts, start=1):
        raw = bytes(part)
        start = content.index(raw, position)
        line += content.count(b"\n", position, start)
        yield JsonRecord(raw, file, line, number)
        line += raw.count(b"\n")
        position = start + len(raw)
