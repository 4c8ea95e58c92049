"""The relation labels of a model, the entity labels each may join, and the symmetric ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import msgspec
import numpy as np
from spacy.training import Example

from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.corpus.schema import Schema
from aloi.models.arrays import BoolArray


class Inventory(msgspec.Struct, frozen=True, dict=True):
    """Relation labels, in the order of the columns of a model's output.

    allowed: the (head, tail) entity labels that each relation label may join. symmetric: the
    relation labels without a direction; their pairs are scored in text order only.
    """

    labels: tuple[str, ...] = ()
    allowed: dict[str, tuple[tuple[str, str], ...]] = {}
    symmetric: tuple[str, ...] = ()

    @classmethod
    def from_schema(cls, schema: Schema) -> Inventory:
        """Return all relations of a schema."""
        allowed = {
            label: tuple(
                (head, tail)
                for head in schema.entities
                for tail in schema.entities
                if type_.allows(head, tail)
            )
            for label, type_ in schema.relations.items()
        }
        return cls(tuple(schema.relations), allowed, tuple(sorted(schema.symmetric)))

    @classmethod
    def from_examples(cls, examples: Iterable[Example]) -> Inventory:
        """Return the relation labels of the references, and which entity labels they join.

        All labels are directed.
        """
        joined: dict[str, set[tuple[str, str]]] = {}
        for example in examples:
            for head, tail, label, _ in get_relations(example.reference):
                joined.setdefault(label, set()).add((head.label_, tail.label_))
        labels = tuple(sorted(joined))
        return cls(labels, {label: tuple(sorted(joined[label])) for label in labels})

    def permissions(self, entity_labels: list[str]) -> BoolArray:
        """Return which relation labels may join which entity labels: (heads, tails, labels)."""
        row_of, table = self._permissions
        rows = [row_of.get(label, -1) for label in entity_labels]
        return table[np.ix_(rows, rows)]

    @cached_property
    def _permissions(self) -> tuple[dict[str, int], BoolArray]:
        """The row of each entity label of `allowed`, and the table for all of these labels.

        The last row and column of the table are for entity labels that no relation joins.
        """
        names = sorted({name for pairs in self.allowed.values() for pair in pairs for name in pair})
        row_of = {name: row for row, name in enumerate(names)}
        table = np.zeros((len(names) + 1, len(names) + 1, len(self.labels)), dtype=bool)
        for column, label in enumerate(self.labels):
            for head, tail in self.allowed[label]:
                table[row_of[head], row_of[tail], column] = True
        return row_of, table

    @cached_property
    def directed(self) -> BoolArray:
        """Whether each relation label has a direction: shape (labels,)."""
        return np.array([label not in self.symmetric for label in self.labels], dtype=bool)
