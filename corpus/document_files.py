"""The native format: documents as JSON, one per line (JSON Lines) or one per file.

A JSON object has the keys of `Document`: `id`, `text` and `entities`, and optionally `relations`
and `meta`. Unknown keys are errors. Reading continues after an invalid document, so that all
problems are reported together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import msgspec

from aloi.corpus.atomic_files import atomic_folder, atomic_text_file
from aloi.corpus.document import Document, Draft, Entity, Relation, validity_problems
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.problems import DataError, Problem

_DECODER = msgspec.json.Decoder(Document)
_ENCODER = msgspec.json.Encoder()
_BOM = b"\xef\xbb\xbf"
_FILE_NAME = re.compile(r"\w[\w.\-]*")
_MAX_LINES_PER_ITEM = 6
"""Maximum distance, in lines, between the keys of one entity or relation in indented JSON."""

_TYPE_NAMES: dict[type, str] = {Draft: "document", Entity: "entity", Relation: "relation"}
_ITEM_TYPES: dict[str, type] = {"entities": Entity, "relations": Relation}


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """The JSON of one document: a valid `document`, or a `draft` with its problems.

    `draft` is None if the JSON cannot be read as a document at all. `line` counts from 1.
    """

    raw: bytes
    file: str
    line: int
    draft: Draft | None
    problems: tuple[Problem, ...] = ()

    @property
    def document(self) -> Document | None:
        """The document, or None if it is invalid."""
        return self.draft if isinstance(self.draft, Document) else None

    def place(self, problem: Problem) -> Problem:
        """Return a problem of this record with the file and the line of the item it names."""
        offset = problem.line - 1 if problem.line else _line_of(self.raw, problem.item)
        return replace(problem, file=self.file, line=self.line + offset)


def decode_record(raw: bytes, *, file: str, line: int = 1) -> DocumentRecord:
    """Decode the JSON of one document; errors are returned as problems of the record."""
    try:
        return DocumentRecord(raw, file, line, _DECODER.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        draft, problems = _diagnose(raw)
        if not problems:  # valid for the json module, but not for the stricter decoder
            draft = None
            fix = "Write strict JSON: no NaN, no lone surrogate, no number too large"
            problems = [Problem("broken-json", f"broken JSON: {error}", fix)]
        record = DocumentRecord(raw, file, line, draft)
        return DocumentRecord(raw, file, line, draft, tuple(map(record.place, problems)))


def read_records(path: str | Path) -> Iterator[DocumentRecord]:
    """Yield the records of a `.jsonl` file, a `.json` file, or a folder of both (recursively).

    A file with another suffix is read as JSON Lines, unless its first line is `{` alone.
    """
    path = Path(path)
    if path.is_dir():
        for file in sorted((*path.rglob("*.json"), *path.rglob("*.jsonl"))):
            yield from read_records(file)
    elif path.suffix == ".json" or (path.suffix != ".jsonl" and _is_indented(path)):
        yield decode_record(path.read_bytes().removeprefix(_BOM), file=str(path))
    else:
        with path.open("rb") as stream:
            yield from read_lines(stream, file=str(path))


def read_lines(stream: Iterable[bytes], *, file: str) -> Iterator[DocumentRecord]:
    """Yield the records of JSON Lines; blank lines are skipped."""
    for number, raw in enumerate(stream, start=1):
        content = raw.removeprefix(_BOM) if number == 1 else raw
        if content.strip():
            yield decode_record(content.rstrip(), file=file, line=number)


def valid_documents(records: Iterable[DocumentRecord]) -> Iterator[Document]:
    """Yield the documents up to the first problem; raise `DataError` with all problems at the end.

    Duplicate document ids are problems too.
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
    """Record a document's id in `ids`; return a problem if it was there before."""
    if record.draft is None:
        return []
    found = ids.add(record.draft.id, f"{record.file}:{record.line}")
    return [record.place(problem) for problem in found]


def read(path: str | Path) -> list[Document]:
    """Return all documents of a file or folder; raise `DataError` with all its problems."""
    return list(valid_documents(read_records(path)))


def write_lines(documents: Iterable[Document], stream: IO[str]) -> int:
    """Write documents as JSON Lines; return their number."""
    count = 0
    for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is returned
        stream.write(_ENCODER.encode(document).decode() + "\n")
    return count


def write(documents: Iterable[Document], path: str | Path) -> int:
    """Write JSON Lines, or a folder with one file per document (`is_folder`); return the number.

    Nothing is written if an error occurs.
    """
    path = Path(path)
    if not is_folder(path):
        with atomic_text_file(path) as stream:
            return write_lines(documents, stream)
    count = 0
    with atomic_folder(path) as folder:
        for count, document in enumerate(documents, start=1):  # noqa: B007 - as above
            (folder / file_name(document)).write_bytes(pretty_json(document).encode())
    return count


def is_folder(path: Path) -> bool:
    """Return whether `write` writes a folder: the path is a folder or has no suffix."""
    return not path.suffix or path.is_dir()


def file_name(document: Document) -> str:
    """Return `<id>.json`; raise `DataError` if the id cannot be used as a file name."""
    if not _FILE_NAME.fullmatch(document.id):
        fix = "Use letters, digits, '-', '_' and '.', or write JSON Lines"
        problem = Problem("bad-id", "the id cannot be used as a file name", fix, document.id)
        raise DataError([problem])
    return f"{document.id}.json"


def pretty_json(document: Document) -> str:
    """Return JSON for version control: sorted keys, and one line per mention and relation."""
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
    """Return whether a file starts like one indented JSON object, as `pretty_json` returns it."""
    with path.open("rb") as stream:
        return stream.readline(16).removeprefix(_BOM).rstrip() == b"{"


def _diagnose(raw: bytes) -> tuple[Draft | None, list[Problem]]:
    """Return the problems of JSON that is not a valid document, and a draft of its valid parts."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        fix = "Write one JSON object for each document, in UTF-8"
        return None, [Problem("broken-json", f"broken JSON: {error}", fix, line=line)]
    if not isinstance(value, dict):
        fix = "Write one JSON object for each document"
        return None, [Problem("broken-json", "not a JSON object", fix)]
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
    """Convert a JSON value to a struct, without its unknown keys; return it and its problems.

    The struct is None if a required key is missing or a value has the wrong type.
    """
    name = _TYPE_NAMES[type_]
    if not isinstance(value, dict):
        what, fix = f"{name} must be a JSON object, not {value!r:.40}", "Write a JSON object"
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
    """Yield kind, description and fix for each unknown or missing key of an object.

    `fields` maps the known keys to whether they are required.
    """
    known = ", ".join(fields)
    for key in sorted(value.keys() - fields.keys()):
        fix = f"Remove or rename it; known keys: {known}"
        yield "unknown-key", f"unknown key {key!r} of {name}", fix
    for key, required in fields.items():
        if required and key not in value:
            yield "missing-key", f"missing key {key!r} of {name}", "Add the key"


def _item_name(value: dict[str, Any], type_: type) -> str | None:
    if type_ is Relation:
        return f"relation {value.get('head')} {value.get('label')} {value.get('tail')}"
    return value["id"] if isinstance(value.get("id"), str) else None


def _line_of(raw: bytes, item: str | None) -> int:
    """Return the line of an item in the JSON of its document, from 0; 0 if it is not found."""
    if item is None or b"\n" not in raw:
        return 0
    words = item.split()
    if words[0] == "relation" and len(words) == 4:
        keys = zip(("head", "label", "tail"), words[1:], strict=True)
    else:
        keys = zip(("id",), words[:1], strict=True)
    patterns = [rf'"{key}"\s*:\s*{re.escape(json.dumps(word))}'.encode() for key, word in keys]
    lines = raw.split(b"\n")
    for distance in (0, _MAX_LINES_PER_ITEM):  # all keys in one line, or in neighbouring lines
        for number, line in enumerate(lines):
            nearby = b"\n".join(lines[max(number - distance, 0) : number + distance + 1])
            if re.search(patterns[0], line) and all(re.search(p, nearby) for p in patterns):
                return number
    return 0
