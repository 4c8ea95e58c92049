"""The tables of a release: the columns of each config, and a document's rows in them.

The columns of documents are those of the format `parquet`, with the schema's labels as classes.
Offsets count code points, the end exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import parquet
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared import column_writer
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import tokenize
from aloi.corpus.release.read.layout import DOCUMENT_BYTES, MENTION_BYTES, hash_of
from aloi.corpus.rights import Rights
from aloi.corpus.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from datasets import Features

Row = dict[str, Any]

KEPT_META = ("annotator", "date", "guideline_version", "lang")
"""The metadata that a document keeps without its text; a title would be text."""


def features(schema: Schema) -> dict[str, Features]:
    """The columns of each config with their types, as `datasets` has them."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from datasets import Features, List, Value  # noqa: PLC0415 - an extra

    string, integer = Value("string"), Value("int64")
    documents = Features.from_arrow_schema(parquet.arrow_schema(pa))
    entity = documents["entities"].feature | {"label": _classes(schema.entities)}
    relation = documents["relations"].feature | {"label": _classes(schema.relations)}
    documents["entities"], documents["relations"] = List(entity), List(relation)
    documents["rights"] = dict.fromkeys(("licence", "holder", "source", "retrieved"), string)
    documents["rights"]["redistributable"] = Value("bool")
    tags = ["O", *(f"{prefix}-{label}" for label in schema.entities for prefix in "BI")]
    end = {name: entity[name] for name in ("id", "start", "end", "label", "ref")}
    ends = {side: end | {"text": string} for side in ("head", "tail")}
    shared = {name: documents[name] for name in ("relations", "meta", "rights")}
    marks = List(entity | {"hash": string})
    return {
        "documents": documents,
        "tokens": Features(
            {
                "id": string,
                "tokens": List(string),
                "start": List(integer),
                "end": List(integer),
                "tags": List(_classes(tags)),
            }
        ),
        "relations": Features(
            {"document": string, **ends, "label": relation["label"]}
            | {"attributes": relation["attributes"]}
        ),
        "standoff": Features(
            {"id": string, "length": integer, "hash": string, "entities": marks} | shared
        ),
    }


def _classes(names: Iterable[str]) -> Any:  # noqa: ANN401 - one of two features
    """Labels as classes; a schema without any has none to name."""
    from datasets import ClassLabel, Value  # noqa: PLC0415 - an extra

    return ClassLabel(names=list(names)) if names else Value("string")


def document_row(document: Document, rights: Rights) -> Row:
    """The document with everything it has."""
    return parquet.encode_row(document) | {"rights": msgspec.structs.asdict(rights)}


def token_row(document: Document, notes: Notes) -> Row:
    """The document's tokens, and the BIO tags of the mentions that no other contains.

    A mention that begins or ends within a token is widened to it; `notes` counts such changes.
    """
    tokens = tokenize(document.text)
    laid = column_writer.align_flat(document, tokens, policy="expand", notes=notes)
    spans = [bio.TokenSpan(first, end, entity.label) for entity, first, end in laid]
    return {
        "id": document.id,
        "tokens": [document.text[start:end] for start, end in tokens],
        "start": [token.start for token in tokens],
        "end": [token.end for token in tokens],
        "tags": bio.encode_tags(spans, len(tokens)),
    }


def relation_rows(document: Document) -> Iterator[Row]:
    """A row a relation, its ends with their text."""
    entities = document.by_id()
    attributes = [relation["attributes"] for relation in parquet.encode_row(document)["relations"]]
    for relation, pairs in zip(document.relations, attributes, strict=True):
        yield {
            "document": document.id,
            "head": _end(document, entities[relation.head]),
            "tail": _end(document, entities[relation.tail]),
            "label": relation.label,
            "attributes": pairs,
        }


def _end(document: Document, entity: Entity) -> Row:
    fields = ("id", "start", "end", "label", "ref")
    return {f: getattr(entity, f) for f in fields} | {"text": document.surface(entity)}


def standoff_row(document: Document, rights: Rights, *, salt: str, refs: bool) -> Row:
    """The document without its text; `refs` says whether its mentions keep theirs."""
    row = parquet.encode_row(document)
    for mark, entity in zip(row["entities"], document.entities, strict=True):
        mark["hash"] = hash_of(document.surface(entity), salt, MENTION_BYTES)
        mark["ref"] = entity.ref if refs else None
    meta = {key: document.meta[key] for key in KEPT_META if key in document.meta}
    return {
        "id": document.id,
        "length": len(document.text),
        "hash": hash_of(document.text, salt, DOCUMENT_BYTES),
        "entities": row["entities"],
        "relations": row["relations"],
        "meta": msgspec.json.encode(meta).decode(),
        "rights": msgspec.structs.asdict(rights),
    }


def write(rows: Iterable[Row], types: Features, path: Path, canary: str) -> pa.Table:
    """Write rows to a Parquet file, the canary in its metadata; returns the table."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import parquet as library  # noqa: PLC0415 - an extra

    schema = types.arrow_schema
    schema = schema.with_metadata({**schema.metadata, b"canary": canary.encode()})
    table = pa.Table.from_pylist([types.encode_example(row) for row in rows], schema=schema)
    path.parent.mkdir(exist_ok=True)
    library.write_table(table, path)
    return table
