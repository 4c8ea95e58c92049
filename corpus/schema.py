"""The schema: entity labels, relation labels with the labels they connect, and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Draft, Entity
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.toml_files import load_toml


class EntityType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of an entity label, in English and, for the guidelines, in French."""

    description: str = ""
    fr: str = ""


class RelationType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The entity labels allowed as head and tail; a symmetric relation has no direction."""

    head: tuple[str, ...]
    tail: tuple[str, ...]
    symmetric: bool = False
    description: str = ""
    fr: str = ""

    def allows(self, head: str, tail: str) -> bool:
        """Return whether a relation of this type may connect these entity labels."""
        forward = head in self.head and tail in self.tail
        return forward or (self.symmetric and tail in self.head and head in self.tail)


class AttributeType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The values of an attribute and the labels that may have it; an empty tuple allows any."""

    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    default: str | None = None
    description: str = ""
    fr: str = ""


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All types of a corpus, in the order of the schema file."""

    name: str
    version: str
    entities: dict[str, EntityType]
    relations: dict[str, RelationType] = {}
    entity_attributes: dict[str, AttributeType] = {}
    relation_attributes: dict[str, AttributeType] = {}

    @property
    def symmetric(self) -> frozenset[str]:
        """The labels of the symmetric relations."""
        return frozenset(label for label, type_ in self.relations.items() if type_.symmetric)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def load_schema(path: Path) -> Schema:
    """Read a schema from TOML; raise `DataError` if it is invalid or inconsistent."""
    fix = "Write name, version and tables [entities] and [relations], as in corpus/schema.toml"
    schema = load_toml(path, Schema, fix=fix)
    unknown = sorted(
        {
            label
            for type_ in schema.relations.values()
            for label in (*type_.head, *type_.tail)
            if label not in schema.entities
        }
    )
    if unknown:
        what = f"unknown entity labels in relations: {', '.join(unknown)}"
        fix = "Add them to [entities], or correct head and tail of the relations"
        raise DataError([Problem("bad-schema", what, fix, file=str(path))])
    return schema


def schema_problems(draft: Draft, schema: Schema) -> Iterator[Problem]:
    """Yield every label, attribute and pair of head and tail that the schema does not allow."""
    yield from _entity_problems(draft, schema)
    labels = {entity.id: entity.label for entity in draft.entities}
    yield from _relation_problems(draft, schema, labels)


def require_valid(documents: Iterable[Document], schema: Schema) -> Iterator[Document]:
    """Yield the documents up to the first schema violation; raise `DataError` with all at the end.

    An atomic writer therefore writes nothing if a document is invalid.
    """
    problems: list[Problem] = []
    for document in documents:
        problems += schema_problems(document, schema)
        if not problems:
            yield document
    if problems:
        raise DataError(problems)


def _entity_problems(draft: Draft, schema: Schema) -> Iterator[Problem]:
    for entity in draft.entities:
        item = _describe(draft, entity)
        if entity.label not in schema.entities:
            what = f"unknown entity label {entity.label}"
            fix = f"Use one of the labels of schema {schema}: {', '.join(schema.entities)}"
            yield Problem("unknown-entity-label", what, fix, draft.id, item)
        owner = _AttributeOwner(draft.id, item, entity.label)
        yield from _attribute_problems(schema.entity_attributes, entity.attributes, owner)


def _relation_problems(draft: Draft, schema: Schema, labels: dict[str, str]) -> Iterator[Problem]:
    for relation in draft.relations:
        type_ = schema.relations.get(relation.label)
        if type_ is None:
            what = f"unknown relation label {relation.label}"
            fix = f"Use one of the labels of schema {schema}: {', '.join(schema.relations)}"
            yield Problem("unknown-relation-label", what, fix, draft.id, str(relation))
        else:
            head, tail = labels.get(relation.head, ""), labels.get(relation.tail, "")
            known = head in schema.entities and tail in schema.entities  # else reported elsewhere
            if known and not type_.allows(head, tail):
                what = f"{relation.label} does not allow {head} as head with {tail} as tail"
                fix = f"Use {', '.join(type_.head)} as head and {', '.join(type_.tail)} as tail"
                yield Problem("forbidden-ends", what, fix, draft.id, str(relation))
        owner = _AttributeOwner(draft.id, str(relation), relation.label)
        yield from _attribute_problems(schema.relation_attributes, relation.attributes, owner)


@dataclass(frozen=True, slots=True)
class _AttributeOwner:
    """The entity or relation that has an attribute: document id, description and label."""

    document: str
    item: str
    label: str


def _attribute_problems(
    types: Mapping[str, AttributeType], attributes: Mapping[str, Any], owner: _AttributeOwner
) -> Iterator[Problem]:
    for name, value in attributes.items():
        type_ = types.get(name)
        if type_ is None:
            what = f"unknown attribute {name}"
            fix = f"Use one of: {', '.join(types)}" if types else "Remove the attribute"
        elif type_.labels and owner.label not in type_.labels:
            what = f"{owner.label} cannot have the attribute {name}"
            fix = f"Remove it; only {', '.join(type_.labels)} can have it"
        elif type_.values and value not in type_.values:
            what = f"invalid value {value!r} of attribute {name}"
            fix = f"Use one of: {', '.join(type_.values)}"
        else:
            continue
        yield Problem("wrong-attribute", what, fix, owner.document, owner.item)


def _describe(draft: Draft, entity: Entity) -> str:
    return f"{entity.id} «{draft.text[entity.start : entity.end][:40]}»"
