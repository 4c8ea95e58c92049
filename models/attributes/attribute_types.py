"""The attributes that a component predicts: name, owner, labels and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Self

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import Schema


class Owner(StrEnum):
    """What has an attribute: mentions or relations."""

    MENTIONS = "mentions"
    RELATIONS = "relations"


class PredictedAttribute(msgspec.Struct, frozen=True):
    """An attribute to predict.

    labels: the labels of the mentions or relations that may have it (empty: all). values: the
    values that are written. default: the value that is not written (None: no value).
    """

    owner: Owner
    name: str
    labels: tuple[str, ...]
    values: tuple[str, ...]
    default: str | None = None

    def applies_to(self, label: str) -> bool:
        """Return whether items with this label may have the attribute."""
        return not self.labels or label in self.labels

    def value_of(self, attributes: Mapping[str, str]) -> str:
        """Return the value among attributes, or "" for the default, no value or an unknown one."""
        value = attributes.get(self.name, "")
        return value if value in self.values else ""

    @classmethod
    def of_documents(cls, documents: Iterable[Document], schema: Schema | None) -> tuple[Self, ...]:
        """Return the attributes of annotated documents, sorted by owner and name.

        Labels and default come from the schema; without a schema, the labels are those of the items
        that have the attribute. Only values that occur in the documents can be predicted.
        """
        found: dict[tuple[Owner, str], dict[str, set[str]]] = {}
        for owner, item in _items(documents):
            for name, value in item.attributes.items():
                values = found.setdefault((owner, name), {})
                values.setdefault(value, set()).add(item.label)
        types = (
            cls._of_values(owner, name, values, schema)
            for (owner, name), values in sorted(found.items())
        )
        return tuple(each for each in types if each.values)

    @classmethod
    def _of_values(
        cls, owner: Owner, name: str, values: Mapping[str, set[str]], schema: Schema | None
    ) -> Self:
        if schema is None:
            labels = set().union(*values.values())
            return cls(owner, name, tuple(sorted(labels)), tuple(sorted(values)))
        is_mention = owner is Owner.MENTIONS
        declared = schema.entity_attributes if is_mention else schema.relation_attributes
        type_ = declared[name]
        written = tuple(sorted({*values} - {type_.default}))
        return cls(owner, name, tuple(type_.labels), written, type_.default)


def _items(documents: Iterable[Document]) -> Iterator[tuple[Owner, Entity | Relation]]:
    for document in documents:
        yield from ((Owner.MENTIONS, entity) for entity in document.entities)
        yield from ((Owner.RELATIONS, relation) for relation in document.relations)
