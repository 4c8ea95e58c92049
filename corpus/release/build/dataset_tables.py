"""The tables of a release: the columns of each config, and the rows for each document.

The config `documents` contains the columns of the format `parquet` and the column `rights`, the
config `hf-tokens` those of the format `hf-tokens`. Labels are `ClassLabel` features. Offsets are
code points; ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import parquet
from aloi.corpus.formats.sentences import hf_tokens
from aloi.corpus.formats.shared.capabilities import reduced_to
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.release.read.hashes import (
    DOCUMENT_HASH_BYTES,
    MENTION_HASH_BYTES,
    salted_hash,
)
from aloi.corpus.rights import Rights
from aloi.corpus.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from datasets import Features

Row = dict[str, Any]

_END_COLUMNS = ("id", "start", "end", "label", "ref")
"""Columns that describe the head or tail of a relation, in addition to a column for its text."""

KEPT_METADATA = ("annotator", "date", "guideline_version", "lang")
"""Metadata keys that `standoff` contains; the title is omitted, because it quotes the text."""


def table_features(schema: Schema) -> dict[str, Features]:
    """Return the names and types of the columns, by config."""
    from datasets import Features, List, Value  # noqa: PLC0415 - an extra

    string, integer = Value("string"), Value("int64")
    documents = _document_features(schema)
    mention = documents["entities"].feature
    relation = documents["relations"].feature
    end = {name: mention[name] for name in _END_COLUMNS} | {"text": string}
    return {
        "hf-tokens": Features(
            {
                "id": string,
                "document_id": string,
                "tokens": List(string),
                "ner_tags": List(_label_feature(hf_tokens.tag_names(schema.entities))),
                "whitespace": List(string),
            }
        ),
        "documents": documents,
        "relations": Features(
            {"document": string, "head": end, "tail": end, "label": relation["label"]}
            | {"attributes": relation["attributes"]}
        ),
        "standoff": Features(
            {"id": string, "length": integer, "hash": string}
            | {"entities": List(mention | {"hash": string})}
            | {name: documents[name] for name in ("relations", "meta", "rights")}
        ),
    }


def _document_features(schema: Schema) -> Features:
    """Return the columns of `documents`: the columns of the format `parquet`, and `rights`."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from datasets import Features, List, Value  # noqa: PLC0415 - an extra

    features = Features.from_arrow_schema(parquet.arrow_schema(pa))
    mention = features["entities"].feature | {"label": _label_feature(schema.entities)}
    relation = features["relations"].feature | {"label": _label_feature(schema.relations)}
    features["entities"], features["relations"] = List(mention), List(relation)
    string = Value("string")
    features["rights"] = dict.fromkeys(("licence", "holder", "source", "retrieved"), string)
    features["rights"]["redistributable"] = Value("bool")
    return features


def _label_feature(labels: Iterable[str]) -> Any:  # noqa: ANN401 - ClassLabel or Value
    """Return a `ClassLabel` feature, or a string feature if there are no labels."""
    from datasets import ClassLabel, Value  # noqa: PLC0415 - an extra

    return ClassLabel(names=list(labels)) if labels else Value("string")


def document_row(document: Document, rights: Rights) -> Row:
    """Return a row of `documents`: a document with text, annotations, metadata and rights."""
    return parquet.encode_row(document) | {"rights": msgspec.structs.asdict(rights)}


def token_rows(document: Document, notes: Notes) -> Iterator[Row]:
    """Yield the rows of `hf-tokens`: one row per line of text, with tags for outermost mentions.

    `notes` counts the mentions that are not tagged as they are in the document.
    """
    (flat,) = reduced_to([document], hf_tokens.CAPABILITIES, Notes())
    nested = len(document.entities) - len(flat.entities)
    notes.add("nested mentions without tags", f"document {document.id}", nested)
    yield from hf_tokens.sentence_rows(flat, hf_tokens.WriteOptions(), notes)


def relation_rows(document: Document) -> Iterator[Row]:
    """Yield the rows of `relations`: one row per relation, with the text of head and tail."""
    entities = document.by_id()
    attributes = [relation["attributes"] for relation in parquet.encode_row(document)["relations"]]
    for relation, pairs in zip(document.relations, attributes, strict=True):
        yield {
            "document": document.id,
            "head": _relation_end(document, entities[relation.head]),
            "tail": _relation_end(document, entities[relation.tail]),
            "label": relation.label,
            "attributes": pairs,
        }


def _relation_end(document: Document, entity: Entity) -> Row:
    values = {name: getattr(entity, name) for name in _END_COLUMNS}
    return values | {"text": document.surface(entity)}


def standoff_row(document: Document, rights: Rights, *, salt: str, refs: bool) -> Row:
    """Return a row of `standoff`: a document without text, with refs only if `refs` is true."""
    row = parquet.encode_row(document)
    for mention, entity in zip(row["entities"], document.entities, strict=True):
        mention["hash"] = salted_hash(document.surface(entity), salt, MENTION_HASH_BYTES)
        mention["ref"] = entity.ref if refs else None
    meta = {key: document.meta[key] for key in KEPT_METADATA if key in document.meta}
    return {
        "id": document.id,
        "length": len(document.text),
        "hash": salted_hash(document.text, salt, DOCUMENT_HASH_BYTES),
        "entities": row["entities"],
        "relations": row["relations"],
        "meta": msgspec.json.encode(meta).decode(),
        "rights": msgspec.structs.asdict(rights),
    }


def write_table(rows: Iterable[Row], features: Features, path: Path, canary: str) -> pa.Table:
    """Write rows to a Parquet file with the canary line as metadata, and return the table."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import parquet as pq  # noqa: PLC0415 - an extra

    schema = features.arrow_schema
    schema = schema.with_metadata({**schema.metadata, b"canary": canary.encode()})
    table = pa.Table.from_pylist([features.encode_example(row) for row in rows], schema=schema)
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path)
    return table
