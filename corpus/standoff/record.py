"""The stand-off record of a document: annotations and hashes, without the text.

`detach` makes a record from a document, and `attach` makes the document again from the record and
the text. The patterns below allow only ids, dates, names from closed lists, refs and hashes, so a
record cannot contain a sentence, a title or a web address. Scores and other metadata of a document
are not part of the record.

The hashes verify texts; they do not keep them secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from aloi.corpus.document import Document, Draft, Entity, Relation
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.read.hashes import (
    DOCUMENT_HASH_BYTES,
    MENTION_HASH_BYTES,
    salted_hash,
)
from aloi.corpus.standoff.collection import date_of
from aloi.corpus.text_files import JSON_ERRORS

SCHEMA_VERSION = "schema_version"
"""Metadata key for the version of the annotation schema."""

_META_KEYS = ("date", "theme", "annotator", "guideline_version", SCHEMA_VERSION)

_VERSION = r"\d{1,4}(\.\d{1,4}){0,3}"
_NAME = r"[a-z][a-z0-9_-]{0,31}"

DocumentId = Annotated[str, msgspec.Meta(pattern=r"^\d{4}_\d\d_\d\d-\d{3}\Z")]
Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d\Z")]
Version = Annotated[str, msgspec.Meta(pattern=rf"^{_VERSION}\Z")]
Versions = Annotated[str, msgspec.Meta(pattern=rf"^{_VERSION}(\+{_VERSION}){{0,5}}\Z")]
"""One or several versions, joined by `+`."""
Name = Annotated[str, msgspec.Meta(pattern=rf"^{_NAME}\Z")]
"""A theme, or the name of an attribute."""
Annotators = Annotated[str, msgspec.Meta(pattern=rf"^{_NAME}(\+{_NAME}){{0,5}}\Z")]
"""One annotator, or the annotators of adjudicated gold, joined by `+`."""
Value = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")]
Label = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z_-]{0,31}\Z")]
ItemId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]
Ref = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,79}(#p\d{1,3})?\Z")]
"""A slug, a Wikidata id or a date; private persons have a ref such as `2017_03_04-002#p3`."""
Offset = Annotated[int, msgspec.Meta(ge=0)]
TextHash = Annotated[str, msgspec.Meta(pattern=rf"^[0-9a-f]{{{2 * DOCUMENT_HASH_BYTES}}}\Z")]
MentionHash = Annotated[str, msgspec.Meta(pattern=rf"^[0-9a-f]{{{2 * MENTION_HASH_BYTES}}}\Z")]


class RecordEntity(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A mention: offsets in code points, end exclusive, and the salted hash of its surface."""

    id: ItemId
    start: Offset
    end: Offset
    label: Label
    hash: MentionHash
    ref: Ref | None = None
    attributes: dict[Name, Value] = {}


class RecordRelation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A relation between two mentions of the record: `head` and `tail` are their ids."""

    head: ItemId
    tail: ItemId
    label: Label
    id: ItemId | None = None
    attributes: dict[Name, Value] = {}


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document without its text. `length` counts the code points of the text."""

    id: DocumentId
    date: Date
    theme: Name
    length: Offset
    hash: TextHash
    entities: tuple[RecordEntity, ...]
    relations: tuple[RecordRelation, ...]
    annotator: Annotators
    guideline_version: Versions
    schema_version: Version

    def draft(self) -> Draft:
        """Return the annotations as a draft; blanks of the same length stand for the text."""
        return Draft(self.id, " " * self.length, _entities(self), _relations(self))


def decode_record(file: Path) -> Record:
    """Read a record; raise `DataError` with the file if it contains anything but the fields."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except JSON_ERRORS as error:
        what = f"the stand-off record is invalid: {error}"
        fix = "Write the record with `aloi corpus detach`; it must contain no text"
        raise DataError([Problem("bad-record", what, fix, file=str(file))]) from error


def encode_record(record: Record) -> str:
    """Return JSON for version control: sorted keys, one line per mention or relation."""
    plain = msgspec.to_builtins(record)
    lines = [f" {json.dumps(key)}: {_format(plain[key])}" for key in sorted(plain)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _format(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if not isinstance(value, (list, tuple)) or not value:
        return json.dumps(value)
    return "[\n  " + ",\n  ".join(json.dumps(item, sort_keys=True) for item in value) + "\n ]"


def detach(document: Document, salt: str) -> Record:
    """Return the record of a document.

    The metadata of the document must contain `theme`, `annotator` (or `annotators`, as adjudication
    writes them), `guideline_version` and `schema_version`; the date is the one in the document id.
    Raises `DataError` if a value is missing or does not have the form that a record allows.
    """
    values = _provenance(document.meta) | {
        "id": document.id,
        "length": len(document.text),
        "hash": salted_hash(document.text, salt, DOCUMENT_HASH_BYTES),
        "entities": [_detach_entity(document, entity, salt) for entity in document.entities],
        "relations": [_detach_relation(relation) for relation in document.relations],
    }
    try:
        return msgspec.convert(values | {"date": date_of(document.id)}, Record)
    except (msgspec.ValidationError, ValueError) as error:
        what = f"the document cannot be stored without its text: {error}"
        fix = "Correct the value; ids, refs, attributes and versions contain no spaces or sentences"
        raise DataError([Problem("bad-record", what, fix, document.id)]) from error


def _provenance(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a record; several annotators or guide versions are joined by `+`."""
    values = {key: meta.get(key) for key in _META_KEYS}
    if "annotators" in meta and "annotator" not in meta:
        values["annotator"] = "+".join(meta["annotators"])
    if isinstance(guides := values["guideline_version"], str):
        values["guideline_version"] = guides.replace(", ", "+")
    return values


def _detach_entity(document: Document, entity: Entity, salt: str) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(entity, score=None))
    return plain | {"hash": salted_hash(document.surface(entity), salt, MENTION_HASH_BYTES)}


def _detach_relation(relation: Relation) -> dict[str, Any]:
    return dict(msgspec.to_builtins(msgspec.structs.replace(relation, score=None)))


def attach(record: Record, text: str, salt: str) -> Document:
    """Return the document of a record and its text.

    Raises `DataError` if the text is not exactly the annotated text, if a mention has another
    surface than the annotated one, or if the annotations are invalid.
    """
    problems = list(_text_problems(record, text, salt))
    if problems:
        raise DataError(problems)
    meta = {key: getattr(record, key) for key in _META_KEYS}
    return Document(record.id, text, _entities(record), _relations(record), meta)


def _text_problems(record: Record, text: str, salt: str) -> Iterator[Problem]:
    if salted_hash(text, salt, DOCUMENT_HASH_BYTES) != record.hash:
        what = "the text differs from the annotated text (its salted hash is different)"
        if len(text) != record.length:
            what += f": it has {len(text)} characters instead of {record.length}"
        fix = "Use the texts of the commit that standoff.toml names, with their line ends unchanged"
        yield Problem("text-changed", what, fix, record.id)
        return
    for entity in record.entities:
        surface = text[entity.start : entity.end]
        if salted_hash(surface, salt, MENTION_HASH_BYTES) != entity.hash:
            what = "the text at the offsets of the mention differs from the annotated mention"
            fix = "The record was changed by hand: write it again with `aloi corpus detach`"
            yield Problem("mention-changed", what, fix, record.id, entity.id)


def _entities(record: Record) -> tuple[Entity, ...]:
    return tuple(msgspec.convert(each, Entity, from_attributes=True) for each in record.entities)


def _relations(record: Record) -> tuple[Relation, ...]:
    return tuple(msgspec.convert(each, Relation, from_attributes=True) for each in record.relations)
