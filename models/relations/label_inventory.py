"""The relation labels of a model, and the permitted entity labels of head and tail."""

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
    """The relation labels of a model, in the order of its output columns.

    allowed: the permitted pairs of entity labels (head, tail), by relation label. symmetric: the
    relation labels without a direction; they are scored in text order only.
    """

    labels: tuple[str, ...] = ()
    allowed: dict[str, tuple[tuple[str, str], ...]] = {}
    symmetric: tuple[str, ...] = ()

    @classmethod
    def from_schema(cls, schema: Schema) -> Inventory:
        """Return an inventory of all relations that a schema defines."""
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
        """Return an inventory of the relations in reference docs; no relation is symmetric.

        The permitted entity labels of a relation are those of its heads and tails in the examples.
        """
        joined: dict[str, set[tuple[str, str]]] = {}
        for example in examples:
            for head, tail, label, *_ in get_relations(example.reference):
                joined.setdefault(label, set()).add((head.label_, tail.label_))
        labels = tuple(sorted(joined))
        return cls(labels, {label: tuple(sorted(joined[label])) for label in labels})

    def permissions(self, entity_labels: list[str]) -> BoolArray:
        """Return a mask of the permitted relations between entities with these labels.

        Shape: (entity labels of heads, entity labels of tails, relation labels).
        """
        row_of, table = self._permissions
        rows = [row_of.get(label, -1) for label in entity_labels]
        return table[np.ix_(rows, rows)]

    @cached_property
    def _permissions(self) -> tuple[dict[str, int], BoolArray]:
        """The row index of each entity label in `allowed`, and a mask of the permitted relations.

        Shape of the mask: see `permissions`. Its last row and last column are for entity labels
        that are not in `allowed`.
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
        """A mask of the relation labels with a direction. Shape: (labels,)."""
        return np.array([label not in self.symmetric for label in self.labels], dtype=bool)
