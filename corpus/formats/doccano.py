"""doccano: a text a line, with spans alone or with entities and relations.

Source: https://doccano.github.io/doccano and doccano 1.8 (backend/data_import, data_export). A line
is `{"id": 17, "text": "Ana vit à Rome", "label": [[0, 3, "PER"]]}` (`labels` in older exports), or,
from a project with relations, `{"id", "text", "entities": [{"id": 5, "label": "PER",
"start_offset": 0, "end_offset": 3}], "relations": [{"id", "from_id": 5, "to_id": 6, "type"}]}`.
Offsets are code points (doccano counts otherwise where "Count grapheme clusters as one character"
is set, so leave it unset).

`id` is doccano's own number of the text; the document's id is `doc_id`, else that number, and all
other keys are its metadata, as doccano keeps them. Comments on a text are left out and noted.
Mention 5 is `e5`; spans without a number are numbered e1, e2 … as they come.

Holds mentions of any kind, relations and metadata. Cannot hold ids of mentions, refs, attributes
and scores.

Options, writing: `layout=entities|label`; `label` has the spans alone, for projects without
relations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    """`layout`: entities with relations, or spans alone."""

    layout: Literal["entities", "label"] = "entities"


class _Entity(msgspec.Struct, frozen=True):
    id: int
    label: str
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


_OWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Line))
"""The keys that are not metadata."""


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The texts of a file, or of the `.json*` files below a folder, as documents."""
    return json_records.read_documents(path, _Line, partial(_document, notes=notes))


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write a line a document."""
    return json_records.write_lines((_line(d, options, notes) for d in documents), path)


def _document(line: _Line, record: json_records.JsonRecord, notes: Notes) -> Document:
    spans = enumerate([*line.label, *line.labels], start=1)
    entities = [Entity(f"e{number}", *span) for number, span in spans]
    entities += [Entity(f"e{e.id}", e.start_offset, e.end_offset, e.label) for e in line.entities]
    relations = (Relation(f"e{r.from_id}", f"e{r.to_id}", r.type) for r in line.relations)
    notes.add("comments left out", record.place, len(line.comments))
    meta = json_records.decode_json(record.raw, dict[str, Any])
    return Document(
        record.document_id(line.doc_id, line.id),
        line.text,
        tuple(entities),
        tuple(relations),
        {key: value for key, value in meta.items() if key not in _OWN},
    )


def _line(document: Document, options: WriteOptions, notes: Notes) -> dict[str, Any]:
    taken = sorted(document.meta.keys() & _OWN)
    if taken:
        what = f"doccano uses the key {' and '.join(taken)} itself"
        fix = "Rename the key of the metadata"
        raise DataError([Problem("name-taken", what, fix, document.id)])
    line = {"doc_id": document.id, "text": document.text, **document.meta}
    if options.layout == "label":
        notes.add("relations dropped", f"document {document.id}", len(document.relations))
        return line | {"label": [(e.start, e.end, e.label) for e in document.entities]}
    number = {entity.id: n for n, entity in enumerate(document.entities, start=1)}
    entities = [_Entity(number[e.id], e.label, e.start, e.end) for e in document.entities]
    relations = [
        _Relation(number[r.head], number[r.tail], r.label, n)
        for n, r in enumerate(document.relations, start=1)
    ]
    return line | {"entities": entities, "relations": relations}
