"""The native format: documents as JSON, one a line (JSON Lines) or one a file.

A record has the keys of `Document`: `id`, `text` and `entities`, and may have `relations` and
`meta`. Unknown keys are errors. Reading goes on after a bad record, so that everything wrong is
known at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import msgspec

from aloi.corpus.document import Document, Draft, Entity, Relation, validity_problems
from aloi.corpus.files import whole_file, whole_folder
from aloi.corpus.problems import DataError, Problem

_DECODER = msgspec.json.Decoder(Document)
_ENCODER = msgspec.json.Encoder()
_FILE_NAME = re.compile(r"\w[\w.\-]*")
_SPREAD = 6
"""How many lines apart the keys of one indented relation may stand."""

_PARTS: tuple[tuple[str, type], ...] = (("entities", Entity), ("relations", Relation))


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One document's JSON as found: a valid `document`, or a `draft` of it and its problems."""

    raw: bytes
    file: str
    line: int
    draft: Draft | None
    problems: tuple[Problem, ...] = ()

    @property
    def document(self) -> Document | None:
        """The document, if it is a valid one."""
        return self.draft if isinstance(self.draft, Document) else None

    def place(self, problem: Problem) -> Problem:
        """Give a problem the file and the line where the thing it speaks of stands."""
        within = problem.line - 1 if problem.line else _line_of(self.raw, problem.item)
        return replace(problem, file=self.file, line=self.line + within)


def decode(raw: bytes, *, file: str, line: int = 1) -> DocumentRecord:
    """One record from JSON; it never raises, the record tells what is wrong."""
    try:
        return DocumentRecord(raw, file, line, _DECODER.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        draft, problems = _diagnose(raw)
        if not problems:  # what json reads and the strict decoder does not
            draft = None
            fix = "Write strict JSON: no NaN, no lone surrogate, no number too large"
            problems = [Problem("broken-json", f"broken JSON: {error}", fix)]
        record = DocumentRecord(raw, file, line, draft)
        return DocumentRecord(raw, file, line, draft, tuple(map(record.place, problems)))


def records(path: str | Path) -> Iterator[DocumentRecord]:
    """Yield the records of a `.jsonl` file, a `.json` file, or a folder of both, read recursively.

    A file without one of these suffixes is JSON Lines, unless its first line is a lone `{`.
    """
    path = Path(path)
    if path.is_dir():
        for file in sorted((*path.rglob("*.json"), *path.rglob("*.jsonl"))):
            yield from records(file)
    elif path.suffix == ".json" or (path.suffix != ".jsonl" and _is_indented(path)):
        yield decode(_bytes(path), file=str(path))
    else:
        with path.open("rb") as stream:
            yield from line_records(stream, file=str(path))


def line_records(stream: Iterable[bytes], *, file: str) -> Iterator[DocumentRecord]:
    """The records of JSON Lines; blank lines are passed over."""
    for number, raw in enumerate(stream, start=1):
        content = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if content.strip():
            yield decode(content.rstrip(), file=file, line=number)


def documents(found: Iterable[DocumentRecord]) -> Iterator[Document]:
    """The valid documents, one by one; then `DataError` if anything was wrong.

    A duplicate document id is a problem too.
    """
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for record in found:
        problems += record.problems
        if record.draft is not None:
            problems += repeated_id(record, seen)
        if record.document is not None and not problems:
            yield record.document
    if problems:
        raise DataError(problems)


def repeated_id(record: DocumentRecord, seen: dict[str, str]) -> list[Problem]:
    """The problem of a document id met before; `seen` maps ids to places and is added to."""
    assert record.draft is not None
    id_, place = record.draft.id, f"{record.file}:{record.line}"
    if seen.setdefault(id_, place) is place:
        return []
    what = f"duplicate document id, first in {seen[id_]}"
    return [record.place(Problem("document-id-twice", what, "Give each document its own id", id_))]


def read(path: str | Path) -> list[Document]:
    """All documents of a file or folder; raises `DataError` with everything wrong in it."""
    return list(documents(records(path)))


def write_lines(documents: Iterable[Document], stream: IO[str]) -> int:
    """Write JSON Lines; returns how many documents."""
    count = 0
    for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
        stream.write(_ENCODER.encode(document).decode() + "\n")
    return count


def write(documents: Iterable[Document], path: str | Path) -> int:
    """Write JSON Lines, or a folder of one file a document; whole or not at all."""
    path = Path(path)
    if not is_folder(path):
        with whole_file(path) as stream:
            return write_lines(documents, stream)
    count = 0
    with whole_folder(path) as scratch:
        for count, document in enumerate(documents, start=1):  # noqa: B007 - as above
            (scratch / file_name(document)).write_bytes(pretty(document).encode())
    return count


def is_folder(path: Path) -> bool:
    """Whether `write` makes a folder of a path: it is one already or has no suffix."""
    return not path.suffix or path.is_dir()


def file_name(document: Document) -> str:
    """`<id>.json`; raises `DataError` if the id cannot be used as a file name."""
    if not _FILE_NAME.fullmatch(document.id):
        fix = "Use letters, digits, '-', '_' and '.', or write JSON Lines"
        problem = Problem("bad-id", "the id cannot be used as a file name", fix, document.id)
        raise DataError([problem])
    return f"{document.id}.json"


def pretty(document: Document) -> str:
    """JSON for a repository: sorted keys, a mention or relation a line, so that diffs are small."""
    plain = msgspec.to_builtins(document)
    lines = [
        f" {json.dumps(key)}: {_block(key, value)}"
        for key, value in sorted(plain.items(), key=lambda item: item[0])
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _block(key: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if key in ("entities", "relations") and value:
        rows = (json.dumps(item, ensure_ascii=False, sort_keys=True) for item in value)
        return "[\n  " + ",\n  ".join(rows) + "\n ]"
    indent = 1 if key == "meta" else None
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent)
    return written.replace("\n", "\n ")


def _is_indented(path: Path) -> bool:
    """Return whether a file starts as one indented JSON object, as `pretty` writes it."""
    with path.open("rb") as stream:
        return stream.readline(16).removeprefix(b"\xef\xbb\xbf").rstrip() == b"{"


def _bytes(path: Path) -> bytes:
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf")


def _diagnose(raw: bytes) -> tuple[Draft | None, list[Problem]]:
    """Everything wrong with a record that did not decode, and what of it can be looked at."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        fix = "Write one JSON object for each document, in UTF-8"
        return None, [Problem("broken-json", f"broken JSON: {error}", fix, line=line)]
    if not isinstance(value, dict):
        fix = "Write one JSON object for each document"
        return None, [Problem("broken-json", "not a JSON object", fix)]
    whose = value["id"] if isinstance(value.get("id"), str) else None
    problems: list[Problem] = []
    shaped = dict(value)
    for key, type_ in _PARTS:
        if isinstance(value.get(key), list):
            items = [_part(item, type_, whose, problems) for item in value[key]]
            shaped[key] = [item for item in items if item is not None]
    draft = _part(shaped, Draft, whose, problems)
    if draft is not None:
        problems += validity_problems(draft)
    return draft, problems


def _part(value: Any, type_: type, whose: str | None, problems: list[Problem]) -> Any:  # noqa: ANN401
    """A struct from JSON, with its unknown, missing and ill-typed keys told; None if unusable."""
    if isinstance(value, type_):
        return value
    name = type_.__name__.lower().replace("draft", "document")
    if not isinstance(value, dict):
        fix = "Write a JSON object"
        problems.append(Problem("wrong-type", f"{name} is no object: {value!r:.40}", fix, whose))
        return None
    fields = {f.name: f.required for f in msgspec.structs.fields(type_)}
    item = None if type_ is Draft else _item(value, type_)
    known = ", ".join(fields)
    for key in sorted(value.keys() - fields.keys()):
        what, fix = f"unknown key {key!r} of {name}", f"Remove or rename it; known: {known}"
        problems.append(Problem("unknown-key", what, fix, whose, item))
    missing = [key for key, required in fields.items() if required and key not in value]
    for key in missing:
        what, fix = f"missing key {key!r} of {name}", "Add it"
        problems.append(Problem("missing-key", what, fix, whose, item))
    if missing:
        return None
    try:
        return msgspec.convert({k: v for k, v in value.items() if k in fields}, type_)
    except msgspec.ValidationError as error:
        fix = "Give each key a value of its type"
        problems.append(Problem("wrong-type", str(error), fix, whose, item))
        return None


def _item(value: dict[str, Any], type_: type) -> str | None:
    if type_ is Relation:
        return f"relation {value.get('head')} {value.get('label')} {value.get('tail')}"
    return value["id"] if isinstance(value.get("id"), str) else None


def _line_of(raw: bytes, item: str | None) -> int:
    """How many lines into the record an item stands; 0 where it cannot be told."""
    if item is None or b"\n" not in raw:
        return 0
    words = item.split()
    if words[0] == "relation" and len(words) == 4:
        keys = zip(("head", "label", "tail"), words[1:], strict=True)
    else:
        keys = zip(("id",), words[:1], strict=True)
    patterns = [rf'"{key}"\s*:\s*{re.escape(json.dumps(word))}'.encode() for key, word in keys]
    lines = raw.split(b"\n")
    for reach in (0, _SPREAD):  # all on one line, or an object spread over several
        for number, line in enumerate(lines):
            around = b"\n".join(lines[max(number - reach, 0) : number + reach + 1])
            if re.search(patterns[0], line) and all(re.search(p, around) for p in patterns):
                return number
    return 0
