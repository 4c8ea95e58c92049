"""The content of a document: its annotations without ids, to compare versions of the document.

A mention is identified by its start, end and label. The values of a mention are its ref and
attributes. A relation is identified by its head, tail and label; the head and tail of a symmetric
relation are sorted in text order. The values of a relation are its attributes, except attributes
that have the schema's default value. If a document contains a mention or relation twice, only the
first occurrence is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import Schema

MentionKey = tuple[int, int, str]
"""Start, end and label of a mention; offsets in code points, the end exclusive."""

RelationKey = tuple[MentionKey, MentionKey, str]
"""Head, tail and label of a relation."""

Values = dict[str, str]
"""The ref and attributes of a mention, or the attributes of a relation, by name."""

REF_NAME = "ref"
"""The key of the ref in a mention's values."""

EMPTY_SCHEMA = Schema("", "", {})
"""The default schema. It defines no labels, and all relations are directed."""


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """The mentions and relations of a document without ids, each with its values."""

    mentions: dict[MentionKey, Values]
    relations: dict[RelationKey, Values]


EMPTY_CONTENT = DocumentContent({}, {})


def extract_content(document: Document, schema: Schema) -> DocumentContent:
    """Return the mentions and relations of a document without their ids."""
    mentions = {mention_key(each): mention_values(each) for each in reversed(document.entities)}
    by_id, relations = document.by_id(), dict[RelationKey, Values]()
    for relation in document.relations:
        ends = mention_key(by_id[relation.head]), mention_key(by_id[relation.tail])
        head, tail = sorted(ends) if relation.label in schema.symmetric else ends
        relations.setdefault((head, tail, relation.label), _relation_values(relation, schema))
    return DocumentContent(mentions, relations)


def mention_key(entity: Entity) -> MentionKey:
    """Return the start, end and label of a mention."""
    return entity.start, entity.end, entity.label


def mention_values(entity: Entity) -> Values:
    """Return the ref (if any) and the attributes of a mention, by name."""
    return {**({} if entity.ref is None else {REF_NAME: entity.ref}), **entity.attributes}


def _relation_values(relation: Relation, schema: Schema) -> Values:
    types = schema.relation_attributes
    return {
        name: value
        for name, value in relation.attributes.items()
        if name not in types or types[name].default != value
    }


def build_document(content: DocumentContent, versions: Iterable[Document]) -> Document:
    """Return a document with this content and with the first version's id, text and metadata.

    Each mention's id comes from the first version that contains the mention. If a different
    mention already uses this id, a number is appended to the id.
    """
    versions = list(versions)
    ids: dict[MentionKey, str] = {}
    for version in versions:
        for entity in version.entities:
            if mention_key(entity) in content.mentions:
                ids.setdefault(mention_key(entity), _unused_id(entity.id, ids.values()))
    entities = []
    for (start, end, label), values in content.mentions.items():
        attributes = dict(values)
        ref = attributes.pop(REF_NAME, None)
        entities.append(
            Entity(
                id=ids[start, end, label],
                start=start,
                end=end,
                label=label,
                ref=ref,
                attributes=attributes,
            )
        )
    relations = tuple(
        Relation(head=ids[head], tail=ids[tail], label=label, attributes=dict(attributes))
        for (head, tail, label), attributes in content.relations.items()
    )
    return msgspec.structs.replace(versions[0], entities=tuple(entities), relations=relations)


def _unused_id(id_: str, used: Iterable[str]) -> str:
    known = set(used)
    numbered = (f"{id_}-{number}" for number in count(2))
    return id_ if id_ not in known else next(each for each in numbered if each not in known)


def common_values(given: Iterable[Values]) -> Values:
    """Return the values that several annotators all gave."""
    first, *others = given
    return {
        name: value
        for name, value in first.items()
        if all(each.get(name) == value for each in others)
    }
