"""The native format: JSON, with one document per line (JSON Lines) or per file.

A JSON object has the keys of `Document`: `id`, `text` and `entities`, and optionally `relations`
and `meta`. Unknown keys are errors. Reading continues after an invalid document, so that all
problems can be reported together.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import msgspec

from aloi.corpus.atomic_files import atomic_folder, atomic_text_file, visible_files
from aloi.corpus.document import Document, Draft, Entity, Relation, validity_problems
from aloi.corpus.duplicate_ids import DocumentIds, FileNames
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import surrogate_problem

_DECODER = msgspec.json.Decoder(Document)
_ENCODER = msgspec.json.Encoder()
_BOM = b"\xef\xbb\xbf"
_FILE_NAME = re.compile(r"\w[\w.\-]*")
_UNSAFE_CHARACTER = re.compile(r"[^\w.\-/]|^[.\-]")
"""The characters of a name that `encode_id` encodes."""

_MAX_NAME_BYTES = 200
"""Length limit of a file or folder name: 255 bytes in most file systems, minus the suffix."""

_ITEM_KEY = re.compile(
    rb'"(id|head|label|tail)"\s*:\s*("(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")'
)
_MAX_LINES_PER_ITEM = 6
"""Maximum number of lines between two keys of the same entity or relation in indented JSON."""

_TYPE_NAMES: dict[type, str] = {Draft: "document", Entity: "entity", Relation: "relation"}
_ITEM_TYPES: dict[str, type] = {"entities": Entity, "relations": Relation}


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """The JSON of one document, with the decoded draft and its problems.

    `draft` is a `Document` if the JSON is a valid document, a `Draft` if the JSON can be decoded
    but the document has problems, and None if the JSON cannot be decoded. `line` is the number of
    the first line of the JSON in the file, counted from 1.
    """

    raw: bytes
    file: str
    line: int
    draft: Draft | None
    problems: tuple[Problem, ...] = ()

    @property
    def document(self) -> Document | None:
        """The document, or None if the record is invalid."""
        return self.draft if isinstance(self.draft, Document) else None

    def place(self, problem: Problem) -> Problem:
        """Return a problem with the file of this record and the line of the problem's item."""
        offset = problem.line - 1 if problem.line else _line_of(self.raw, problem.item)
        return replace(problem, file=self.file, line=self.line + offset)


def decode_record(raw: bytes, *, file: str, line: int = 1) -> DocumentRecord:
    """Decode the JSON of one document; the returned record contains any errors as problems."""
    try:
        return DocumentRecord(raw, file, line, _DECODER.decode(raw))
    except RecursionError:
        fix = "Remove nested values, for example from the metadata"
        problem = Problem("broken-json", "the JSON is nested too deeply", fix)
        return DocumentRecord(raw, file, line, None, (problem.at(file=file, line=line),))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        draft, problems = _diagnose(raw)
        if not problems:  # the json module accepts the JSON, but msgspec is stricter
            draft = None
            fix = "Write strict JSON without NaN, lone surrogates or numbers that are too large"
            problems = [Problem("broken-json", f"the JSON is invalid: {error}", fix)]
        record = DocumentRecord(raw, file, line, draft)
        return DocumentRecord(raw, file, line, draft, tuple(map(record.place, problems)))


def read_records(path: str | Path) -> Iterator[DocumentRecord]:
    """Yield the records of a `.jsonl` or `.json` file, or of all such files in a folder.

    Subfolders are included, hidden files and folders are not. A file with a suffix other than
    `.json` is read as JSON Lines, or as one JSON object if its first line contains only `{`.
    """
    path = Path(path)
    if path.is_dir():
        for file in visible_files(path, ".json", ".jsonl"):
            yield from read_records(file)
    elif path.suffix == ".json" or _is_indented(path):
        yield decode_record(path.read_bytes().removeprefix(_BOM), file=str(path))
    else:
        with path.open("rb") as stream:
            yield from read_lines(stream, file=str(path))


def read_lines(stream: Iterable[bytes], *, file: str) -> Iterator[DocumentRecord]:
    """Yield the record of each line of a JSON Lines file; skip blank lines."""
    for number, content in _contents(stream):
        yield decode_record(content.rstrip(), file=file, line=number)


def read_drafts(stream: Iterable[bytes]) -> Iterator[Draft]:
    """Yield the document of each line of a JSON Lines file without checks; skip blank lines.

    Raises `msgspec.MsgspecError` if a line cannot be decoded.
    """
    decoder = msgspec.json.Decoder(Draft)
    return (decoder.decode(content) for _, content in _contents(stream))


class _Identified(msgspec.Struct):
    """The id of a document; all other keys are skipped."""

    id: str


def read_ids(stream: Iterable[bytes]) -> Iterator[str]:
    """Yield the document id of each line of a JSON Lines file, without any other check.

    Raises `msgspec.MsgspecError` if a line is not a JSON object with an id.
    """
    decoder = msgspec.json.Decoder(_Identified)
    return (decoder.decode(content).id for _, content in _contents(stream))


def _contents(stream: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the number and content of each line that is not blank."""
    for number, raw in enumerate(stream, start=1):
        content = raw.removeprefix(_BOM) if number == 1 else raw
        if content.strip():
            yield number, content


def valid_documents(records: Iterable[DocumentRecord]) -> Iterator[Document]:
    """Yield valid documents until the first problem; raise `DataError` after the last record.

    The error contains the problems of all records. A duplicate document id is a problem too.
    """
    problems: list[Problem] = []
    ids = DocumentIds()
    for record in records:
        problems += record.problems
        problems += duplicate_id_problems(record, ids)
        if record.document is not None and not problems:
            yield record.document
    if problems:
        raise DataError(problems)


def duplicate_id_problems(record: DocumentRecord, ids: DocumentIds) -> list[Problem]:
    """Add a document's id to `ids`; return a list with a problem if the id is a duplicate."""
    if record.draft is None:
        return []
    found = ids.add(record.draft.id, f"{record.file}:{record.line}")
    return [record.place(problem) for problem in found]


def read(path: str | Path) -> list[Document]:
    """Return all documents of a file or folder; raise `DataError` if any is invalid."""
    return list(valid_documents(read_records(path)))


def write_lines(documents: Iterable[Document], stream: IO[str]) -> int:
    """Write documents as JSON Lines; return the number of documents."""
    count = 0
    for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is returned
        stream.write(_ENCODER.encode(document).decode() + "\n")
    return count


def write(documents: Iterable[Document], path: str | Path) -> int:
    """Write a JSON Lines file, or a folder with one JSON file per document (see `is_folder`).

    Returns the number of documents. Nothing is written if an error occurs.
    """
    path = Path(path)
    if not is_folder(path):
        with atomic_text_file(path) as stream:
            return write_lines(documents, stream)
    count, problems = 0, list[Problem]()
    with atomic_folder(path) as folder:
        files = FileNames.of(path, ".json", scratch=folder)
        for count, document in enumerate(documents, start=1):  # noqa: B007 - as above
            name = encode_id(document.id, folders=False)
            problems += files.add(document.id, name)
            (folder / f"{name}.json").write_bytes(pretty_json(document).encode())
        if problems:
            raise DataError(problems)
    return count


def is_folder(path: Path) -> bool:
    """Return True if `path` is a folder or has no suffix; then `write` writes a folder."""
    return not path.suffix or path.is_dir()


def file_name(document: Document) -> str:
    """Return `<id>.json`; raise `DataError` if the id cannot be used as a file name."""
    if not _FILE_NAME.fullmatch(document.id):
        fix = "Use only letters, digits, '-', '_' and '.' in the id, or write a .jsonl file"
        what = "the document id cannot be used as a file name"
        problem = Problem("bad-id", what, fix, document.id)
        raise DataError([problem])
    return f"{document.id}.json"


def encode_id(id_: str, *, folders: bool = True) -> str:
    """Return a document id as a path relative to a folder; `decode_id` restores the id.

    Characters that file names should not contain are percent-encoded in UTF-8, so that no id leads
    out of the folder. `/` separates folders, unless `folders` is False or a name would be empty.
    Raises `DataError` if a name is too long, or if the id contains a lone surrogate.
    """
    names = id_.split("/")
    if not folders or not all(names):
        names = [id_]
    try:
        encoded = [_UNSAFE_CHARACTER.sub(_percent_encode, name) for name in names]
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, id_)]) from error
    encoded = [name.replace("/", "%2F") for name in encoded]
    if any(len(name.encode()) > _MAX_NAME_BYTES for name in encoded):
        what = "the document id is too long for a file name"
        raise DataError([Problem("bad-id", what, "Use a shorter id, or write a .jsonl file", id_)])
    return "/".join(encoded)


def _percent_encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def decode_id(path: str) -> str:
    """Return the document id that `encode_id` encoded as `path`."""
    return unquote(path)


def pretty_json(document: Document) -> str:
    """Return JSON suitable for version control: sorted keys, one line per entity or relation."""
    plain = msgspec.to_builtins(document)
    lines = [
        f" {json.dumps(key)}: {_format_value(key, value)}"
        for key, value in sorted(plain.items(), key=lambda item: item[0])
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _format_value(key: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if key in _ITEM_TYPES and value:
        rows = (json.dumps(item, ensure_ascii=False, sort_keys=True) for item in value)
        return "[\n  " + ",\n  ".join(rows) + "\n ]"
    indent = 1 if key == "meta" else None
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent)
    return text.replace("\n", "\n ")


def _is_indented(path: Path) -> bool:
    """Return whether the first line of a file is `{`, as in the output of `pretty_json`."""
    with path.open("rb") as stream:
        return stream.readline(16).removeprefix(_BOM).rstrip() == b"{"


def _diagnose(raw: bytes) -> tuple[Draft | None, list[Problem]]:
    """Return the readable parts of an invalid document as a draft, and the problems."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        fix = "Write one JSON object per document, in UTF-8"
        return None, [Problem("broken-json", f"the JSON is invalid: {error}", fix, line=line)]
    if not isinstance(value, dict):
        fix = "Write one JSON object per document"
        return None, [Problem("broken-json", "the document must be a JSON object", fix)]
    document_id = value["id"] if isinstance(value.get("id"), str) else None
    problems: list[Problem] = []
    valid = dict(value)
    for key, type_ in _ITEM_TYPES.items():
        if isinstance(value.get(key), list):
            converted = [_convert(item, type_, document_id) for item in value[key]]
            valid[key] = [item for item, _ in converted if item is not None]
            problems += (problem for _, found in converted for problem in found)
    draft, found = _convert(valid, Draft, document_id)
    problems += found
    if draft is not None:
        problems += validity_problems(draft)
    return draft, problems


def _convert(value: Any, type_: type, document_id: str | None) -> tuple[Any, list[Problem]]:  # noqa: ANN401
    """Convert a JSON value to a struct, ignoring unknown keys; return the struct and all problems.

    None is returned instead of the struct if a required key is missing or a value has the wrong
    type.
    """
    name = _TYPE_NAMES[type_]
    if not isinstance(value, dict):
        what = f"{name} must be a JSON object, not {value!r:.40}"
        fix = f"Write each {name} as a JSON object"
        return None, [Problem("wrong-type", what, fix, document_id)]
    fields = {f.name: f.required for f in msgspec.structs.fields(type_)}
    item = None if type_ is Draft else _item_name(value, type_)
    problems = [
        Problem(kind, what, fix, document_id, item)
        for kind, what, fix in _key_problems(value, fields, name)
    ]
    if any(required and key not in value for key, required in fields.items()):
        return None, problems
    try:
        known = {key: value[key] for key in value if key in fields}
        return msgspec.convert(known, type_), problems
    except msgspec.ValidationError as error:
        fix = "Write a value of the expected type"
        return None, [*problems, Problem("wrong-type", str(error), fix, document_id, item)]


def _key_problems(
    value: dict[str, Any], fields: dict[str, bool], name: str
) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, `what` and `fix` of a problem for each unknown or missing key of an object.

    `fields` maps each known key to True if the key is required.
    """
    known = ", ".join(fields)
    for key in sorted(value.keys() - fields.keys()):
        fix = f"Remove the key, or rename it to one of the known keys: {known}"
        yield "unknown-key", f"{name} contains the unknown key {key!r}", fix
    for key, required in fields.items():
        if required and key not in value:
            yield "missing-key", f"{name} lacks the required key {key!r}", "Add the key"


def _item_name(value: dict[str, Any], type_: type) -> str | None:
    if type_ is Relation:
        return f"relation {value.get('head')} {value.get('label')} {value.get('tail')}"
    return value["id"] if isinstance(value.get("id"), str) else None


def _line_of(raw: bytes, item: str | None) -> int:
    """Return the line of an item in the JSON of a document, from 0; 0 if the item is not found."""
    if item is None or b"\n" not in raw:
        return 0
    words = item.split()
    if words[0] == "relation" and len(words) == 4:
        return _line_index(raw).line_of_relation(*words[1:])
    return _line_index(raw).line_of("id", words[0])


@dataclass(frozen=True, slots=True)
class _LineIndex:
    """The lines, from 0 and in order, that contain each value of the keys id, head, label, tail."""

    lines: dict[tuple[str, str], list[int]]

    def line_of(self, key: str, value: str) -> int:
        """Return the first line that contains a key with a value; 0 if there is none."""
        return next(iter(self.lines.get((key, value), ())), 0)

    def line_of_relation(self, head: str, label: str, tail: str) -> int:
        """Return the line of the head of a relation: on one line with the rest, or nearby."""
        keys = (("head", head), ("label", label), ("tail", tail))
        heads, *others = (self.lines.get(key, []) for key in keys)
        rarest = min((heads, *others), key=len)
        for distance in (0, _MAX_LINES_PER_ITEM):
            for line in rarest:
                span = line - distance, line + distance
                if all(_has_between(lines, *span) for lines in (heads, *others)):
                    return heads[bisect_left(heads, span[0])]
        return 0


def _has_between(lines: list[int], first: int, last: int) -> bool:
    position = bisect_left(lines, first)
    return position < len(lines) and lines[position] <= last


@lru_cache(maxsize=1)  # a file with many problems asks for the same record again and again
def _line_index(raw: bytes) -> _LineIndex:
    lines: dict[tuple[str, str], list[int]] = {}
    number, position = 0, 0
    for match in _ITEM_KEY.finditer(raw):
        number += raw.count(b"\n", position, match.start())
        position = match.start()
        value = json.loads(match[2].decode(errors="replace"), strict=False)
        lines.setdefault((match[1].decode(), value), []).append(number)
    return _LineIndex(lines)
