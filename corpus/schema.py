"""The schema: the entity labels, relation labels and attributes that a corpus allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Draft, Entity
from aloi.corpus.languages.language import DEFAULT_LANGUAGE, Language, language_codes, load_language
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.toml_files import load_toml

Descriptions = str | dict[str, str]
"""A description in English, or descriptions by language code, such as `{fr = "…", en = "…"}`."""


class _Described:
    """A type with a description in one or several languages; `fr` is an older key for French."""

    __slots__ = ()
    description: Descriptions
    fr: str

    def describe(self, language: str) -> str:
        """Return the description in a language, otherwise in English or any other language."""
        texts = self.descriptions
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")

    @property
    def descriptions(self) -> dict[str, str]:
        """The descriptions by language code, without empty ones."""
        given = self.description
        texts = given if isinstance(given, dict) else {"en": given}
        return {code: text for code, text in ({"fr": self.fr} | texts).items() if text}


class EntityType(_Described, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of an entity label."""

    description: Descriptions = ""
    fr: str = ""


class RelationType(_Described, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation label: the entity labels allowed as head and tail, and the label's meaning.

    A symmetric relation has no direction.
    """

    head: tuple[str, ...]
    tail: tuple[str, ...]
    symmetric: bool = False
    description: Descriptions = ""
    fr: str = ""

    def allows(self, head: str, tail: str) -> bool:
        """Return whether a relation of this type may connect a head and tail with these labels."""
        forward = head in self.head and tail in self.tail
        return forward or (self.symmetric and tail in self.head and head in self.tail)


class AttributeType(_Described, msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An attribute: its allowed values, and the labels of the items that may have it.

    If `values` is empty, every value is allowed; if `labels` is empty, every label is allowed.
    """

    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    default: str | None = None
    description: Descriptions = ""
    fr: str = ""


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The entity, relation and attribute types of a corpus, in the order of the schema file.

    `language` is the code of the language that annotators read: that of the labelling interface,
    the cards of an adjudication, and the exercises.
    """

    name: str
    version: str
    entities: dict[str, EntityType]
    relations: dict[str, RelationType] = {}
    entity_attributes: dict[str, AttributeType] = {}
    relation_attributes: dict[str, AttributeType] = {}
    language: str = DEFAULT_LANGUAGE

    @property
    def symmetric(self) -> frozenset[str]:
        """The labels of the symmetric relations."""
        return frozenset(label for label, type_ in self.relations.items() if type_.symmetric)

    @property
    def interface(self) -> Language:
        """The language that annotators read."""
        return load_language(self.language)

    @property
    def relation_defaults(self) -> frozenset[str]:
        """The default values of relation attributes, such as `assertion=asserted`."""
        types = self.relation_attributes.items()
        return frozenset(f"{name}={type_.default}" for name, type_ in types if type_.default)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def load_schema(path: Path) -> Schema:
    """Read a schema from TOML; raise `DataError` if it is invalid or inconsistent."""
    fix = "Write name, version, [entities] and [relations] as in corpus/schema.toml of aloi"
    schema = load_toml(path, Schema, fix=fix)
    if schema.language not in language_codes():
        what = f"there are no interface texts in the language {schema.language!r}"
        fix = f"Set language to one of {', '.join(language_codes())}"
        raise DataError([Problem("unknown-language", what, fix, file=str(path))])
    unknown = sorted(
        {
            label
            for type_ in schema.relations.values()
            for label in (*type_.head, *type_.tail)
            if label not in schema.entities
        }
    )
    if unknown:
        what = f"[relations] uses entity labels that are not in [entities]: {', '.join(unknown)}"
        fix = "Add the labels to [entities], or correct head and tail of the relations"
        raise DataError([Problem("bad-schema", what, fix, file=str(path))])
    return schema


def schema_problems(draft: Draft, schema: Schema) -> Iterator[Problem]:
    """Yield a problem for each label, attribute or relation that the schema does not allow."""
    yield from _entity_problems(draft, schema)
    labels = {entity.id: entity.label for entity in draft.entities}
    yield from _relation_problems(draft, schema, labels)


def require_valid(documents: Iterable[Document], schema: Schema) -> Iterator[Document]:
    """Yield documents until the first schema violation; raise `DataError` after the last document.

    The error contains all violations. An atomic writer therefore writes nothing if a document
    violates the schema.
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
            what = f"the schema does not contain the entity label {entity.label}"
            fix = f"Use one of the entity labels of schema {schema}: {', '.join(schema.entities)}"
            yield Problem("unknown-entity-label", what, fix, draft.id, item)
        owner = _AttributeOwner(draft.id, item, entity.label)
        yield from _attribute_problems(schema.entity_attributes, entity.attributes, owner)


def _relation_problems(draft: Draft, schema: Schema, labels: dict[str, str]) -> Iterator[Problem]:
    for relation in draft.relations:
        type_ = schema.relations.get(relation.label)
        if type_ is None:
            what = f"the schema does not contain the relation label {relation.label}"
            fix = (
                f"Use one of the relation labels of schema {schema}: {', '.join(schema.relations)}"
            )
            yield Problem("unknown-relation-label", what, fix, draft.id, str(relation))
        else:
            head, tail = labels.get(relation.head, ""), labels.get(relation.tail, "")
            # _entity_problems reports unknown entity labels
            known = head in schema.entities and tail in schema.entities
            if known and not type_.allows(head, tail):
                what = (
                    f"{relation.label} does not allow a head with the label {head} "
                    f"and a tail with the label {tail}"
                )
                heads, tails = " or ".join(type_.head), " or ".join(type_.tail)
                fix = f"Use a head with the label {heads} and a tail with the label {tails}"
                yield Problem("forbidden-ends", what, fix, draft.id, str(relation))
        owner = _AttributeOwner(draft.id, str(relation), relation.label)
        yield from _attribute_problems(schema.relation_attributes, relation.attributes, owner)


@dataclass(frozen=True, slots=True)
class _AttributeOwner:
    """The entity or relation to which an attribute belongs: document id, item and label."""

    document: str
    item: str
    label: str


def _attribute_problems(
    types: Mapping[str, AttributeType], attributes: Mapping[str, Any], owner: _AttributeOwner
) -> Iterator[Problem]:
    for name, value in attributes.items():
        type_ = types.get(name)
        if type_ is None:
            what = f"the schema does not contain the attribute {name}"
            fix = (
                f"Use one of the attributes {', '.join(types)}" if types else "Remove the attribute"
            )
        elif type_.labels and owner.label not in type_.labels:
            what = f"the schema does not allow the attribute {name} for the label {owner.label}"
            fix = f"Remove the attribute; use it only with the label {' or '.join(type_.labels)}"
        elif type_.values and value not in type_.values:
            what = f"the attribute {name} has the invalid value {value!r}"
            fix = f"Use one of the values {', '.join(type_.values)}"
        else:
            continue
        yield Problem("wrong-attribute", what, fix, owner.document, owner.item)


def _describe(draft: Draft, entity: Entity) -> str:
    return f"{entity.id} «{draft.text[entity.start : entity.end][:40]}»"
