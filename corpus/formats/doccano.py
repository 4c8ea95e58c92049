"""doccano: one text per line, either with spans or with entities and relations.

Source: https://doccano.github.io/doccano and doccano 1.8 (backend/data_import, data_export). A line
is `{"id": 17, "text": "Ana vit à Rome", "label": [[0, 3, "PER"]]}`. Older exports have `labels`
instead of `label`, `data` instead of `text`, or `annotations` with `label`, `start_offset` and
`end_offset`, where `label` may be the number of a label; these are read too. In
projects with relations, a line is `{"id", "text", "entities": [{"id": 5, "label": "PER",
"start_offset": 0, "end_offset": 3}], "relations": [{"id", "from_id": 5, "to_id": 6, "type"}]}`.
Offsets count code points; end offsets are exclusive. Turn off the project setting "Count grapheme
clusters as one character": with this setting, doccano does not count code points.

The document id is `doc_id`, or doccano's own `id` if `doc_id` is missing. All keys not mentioned
here are metadata, as in doccano. Comments are left out and counted. An entity with the id 5 becomes
the mention `e5`; spans without an id are numbered e1, e2 … in file order.

The format represents the text, overlapping mentions, relations and metadata. It does not represent
mention ids, refs, attributes or scores.

Write options:

- `layout`: entities (default), or label, which writes only spans, for projects without relations
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=False,
    relation_scores=False,
)
ReadOptions = Options


class WriteOptions(Options, frozen=True):
    """Write options: the layout of a line (entities with relations, or only spans)."""

    layout: Literal["entities", "label"] = "entities"


class _Entity(msgspec.Struct, frozen=True):
    id: int
    label: str
    start_offset: int
    end_offset: int


class _Annotation(msgspec.Struct, frozen=True):
    label: str | int
    start_offset: int
    end_offset: int


class _Relation(msgspec.Struct, frozen=True):
    from_id: int
    to_id: int
    type: str
    id: int | None = None


class _Line(msgspec.Struct, frozen=True):
    text: str
    id: int | str | None = None
    doc_id: str | int | None = None
    label: list[tuple[int, int, str]] = []
    labels: list[tuple[int, int, str]] = []
    entities: list[_Entity] = []
    relations: list[_Relation] = []
    comments: list[Any] = msgspec.field(default=[], name="Comments")


_RESERVED_KEYS = frozenset(field.encode_name for field in msgspec.structs.fields(_Line))
"""The keys of a line that are not metadata."""


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield one document per text in a file, or in the `.json*` files below a folder."""
    build, find = partial(_to_document, notes=notes), partial(_read_lines, notes=notes)
    return json_records.read_documents(path, _Line, build, find=find)


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one line per document; return the number of documents."""
    lines = (_to_line(document, options, notes) for document in documents)
    return json_records.write_lines(lines, path)


def _read_lines(path: Path, notes: Notes) -> Iterator[json_records.JsonRecord | Problem]:
    """Yield the lines of a file or folder, those of older exports in the present layout."""
    for record in json_records.read_records(path):
        if isinstance(record, json_records.JsonRecord):
            yield replace(record, raw=_to_present_layout(record, notes))
        else:
            yield record


def _to_present_layout(record: json_records.JsonRecord, notes: Notes) -> bytes:
    """Return a line with `text` for `data`, and with `label` for `annotations`."""
    try:
        line = json_records.decode_json(record.raw, dict[str, msgspec.Raw])
        if "text" not in line and "data" in line:
            line["text"] = line.pop("data")
        elif "annotations" not in line or line.keys() & {"label", "labels", "entities"}:
            return record.raw
        if "annotations" in line and not line.keys() & {"label", "labels", "entities"}:
            raw = bytes(line.pop("annotations"))
            older = json_records.decode_json(raw, list[_Annotation])
            spans = [(a.start_offset, a.end_offset, str(a.label)) for a in older]
            line["label"] = msgspec.Raw(msgspec.json.encode(spans))
            numbered = sum(isinstance(a.label, int) for a in older)
            notes.add("labels that are only numbers in the file", record.place, numbered)
    except DataError:  # decoded again, and reported, as a line in the present layout
        return record.raw
    return msgspec.json.encode(line)


def _to_document(line: _Line, record: json_records.JsonRecord, notes: Notes) -> Document:
    spans = enumerate([*line.label, *line.labels], start=1)
    entities = [
        Entity(id=f"e{number}", start=start, end=end, label=label)
        for number, (start, end, label) in spans
    ]
    entities += [
        Entity(id=f"e{e.id}", start=e.start_offset, end=e.end_offset, label=e.label)
        for e in line.entities
    ]
    relations = (
        Relation(head=f"e{r.from_id}", tail=f"e{r.to_id}", label=r.type) for r in line.relations
    )
    notes.add("comments left out", record.place, len(line.comments))
    values = json_records.decode_json(record.raw, dict[str, Any])
    return Document(
        record.document_id(line.doc_id, line.id),
        line.text,
        tuple(entities),
        tuple(relations),
        {key: value for key, value in values.items() if key not in _RESERVED_KEYS},
    )


def _to_line(document: Document, options: WriteOptions, notes: Notes) -> dict[str, Any]:
    reserved = sorted(document.meta.keys() & _RESERVED_KEYS)
    if reserved:
        what = f"the metadata contains keys that doccano reserves: {', '.join(reserved)}"
        fix = "Rename these metadata keys"
        raise DataError([Problem("name-taken", what, fix, document.id)])
    line = {"doc_id": document.id, "text": document.text, **document.meta}
    if options.layout == "label":
        notes.add("relations dropped", f"document {document.id}", len(document.relations))
        return line | {"label": [(e.start, e.end, e.label) for e in document.entities]}
    numbers = {entity.id: number for number, entity in enumerate(document.entities, start=1)}
    entities = [_Entity(numbers[e.id], e.label, e.start, e.end) for e in document.entities]
    relations = [
        _Relation(numbers[r.head], numbers[r.tail], r.label, number)
        for number, r in enumerate(document.relations, start=1)
    ]
    return line | {"entities": entities, "relations": relations}
