"""The schema: which labels, which relations between which labels, which attribute values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Draft, Entity
from aloi.corpus.problems import DataError, Problem


class EntityType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a label means, in English and in the annotators' French."""

    description: str = ""
    fr: str = ""


class RelationType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The labels allowed at each end; a symmetric relation has no direction."""

    head: tuple[str, ...]
    tail: tuple[str, ...]
    symmetric: bool = False
    description: str = ""
    fr: str = ""

    def allows(self, head: str, tail: str) -> bool:
        """Whether a relation of this type may join these labels."""
        forward = head in self.head and tail in self.tail
        return forward or (self.symmetric and tail in self.head and head in self.tail)


class AttributeType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The values an attribute takes and the labels that bear it; empty means any."""

    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    default: str | None = None
    description: str = ""
    fr: str = ""


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All the types of a corpus, in the order its author gave them."""

    name: str
    version: str
    entities: dict[str, EntityType]
    relations: dict[str, RelationType] = {}
    entity_attributes: dict[str, AttributeType] = {}
    relation_attributes: dict[str, AttributeType] = {}

    @property
    def symmetric(self) -> frozenset[str]:
        """The relation labels that have no direction."""
        return frozenset(label for label, type_ in self.relations.items() if type_.symmetric)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def load_schema(path: Path) -> Schema:
    """Read a schema from TOML; raises `DataError` if it is broken or contradicts itself."""
    try:
        schema = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Schema)
    except OSError as error:
        raise _schema_error(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise _schema_error(path, str(error)) from error
    unknown = sorted(
        {
            label
            for type_ in schema.relations.values()
            for label in (*type_.head, *type_.tail)
            if label not in schema.entities
        }
    )
    if unknown:
        raise _schema_error(path, f"relations name entity labels it lacks: {', '.join(unknown)}")
    return schema


def _schema_error(path: Path, what: str) -> DataError:
    fix = "A schema has name, version and tables [entities] and [relations]; see corpus/schema.toml"
    return DataError([Problem("bad-schema", what, fix, file=str(path))])


def schema_problems(draft: Draft, schema: Schema) -> Iterator[Problem]:
    """Every label, relation end and attribute of a document that the schema does not allow."""
    yield from _entity_problems(draft, schema)
    labels = {entity.id: entity.label for entity in draft.entities}
    yield from _relation_problems(draft, schema, labels)


def conforming(documents: Iterable[Document], schema: Schema) -> Iterator[Document]:
    """The documents as they come; then `DataError` if any was not what the schema allows."""
    problems: list[Problem] = []
    for document in documents:
        problems += schema_problems(document, schema)
        if not problems:
            yield document
    if problems:
        raise DataError(problems)


def _entity_problems(draft: Draft, schema: Schema) -> Iterator[Problem]:
    for entity in draft.entities:
        if entity.label not in schema.entities:
            what = f"unknown entity label {entity.label}"
            fix = f"Schema {schema} has {', '.join(schema.entities)}"
            yield Problem("unknown-entity-label", what, fix, draft.id, _named(draft, entity))
        yield from _attribute_problems(
            schema.entity_attributes,
            entity.attributes,
            _Bearer(draft.id, _named(draft, entity), entity.label),
        )


def _relation_problems(draft: Draft, schema: Schema, labels: dict[str, str]) -> Iterator[Problem]:
    for relation in draft.relations:
        type_ = schema.relations.get(relation.label)
        if type_ is None:
            what = f"unknown relation label {relation.label}"
            fix = f"Schema {schema} has {', '.join(schema.relations)}"
            yield Problem("unknown-relation-label", what, fix, draft.id, str(relation))
        else:
            head, tail = labels.get(relation.head, ""), labels.get(relation.tail, "")
            known = head in schema.entities and tail in schema.entities  # else told already
            if known and not type_.allows(head, tail):
                what = f"{relation.label} does not join {head} to {tail}"
                fix = f"It goes from {', '.join(type_.head)} to {', '.join(type_.tail)}"
                yield Problem("forbidden-ends", what, fix, draft.id, str(relation))
        bearer = _Bearer(draft.id, str(relation), relation.label)
        yield from _attribute_problems(schema.relation_attributes, relation.attributes, bearer)


@dataclass(frozen=True, slots=True)
class _Bearer:
    """Who bears an attribute, for the message."""

    document: str
    item: str
    label: str


def _attribute_problems(
    types: Mapping[str, AttributeType], attributes: Mapping[str, Any], bearer: _Bearer
) -> Iterator[Problem]:
    for name, value in attributes.items():
        type_ = types.get(name)
        if type_ is None:
            what, fix = f"unknown attribute {name}", f"Known: {', '.join(types) or 'none'}"
        elif type_.labels and bearer.label not in type_.labels:
            what = f"attribute {name} on {bearer.label}"
            fix = f"Only {', '.join(type_.labels)} bears it"
        elif type_.values and value not in type_.values:
            what = f"attribute {name} has the value {value!r}"
            fix = f"It takes {', '.join(type_.values)}"
        else:
            continue
        yield Problem("wrong-attribute", what, fix, bearer.document, bearer.item)


def _named(draft: Draft, entity: Entity) -> str:
    return f"{entity.id} «{draft.text[entity.start : entity.end][:40]}»"
