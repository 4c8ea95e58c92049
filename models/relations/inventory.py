"""Which relations a model knows: their labels, what each may join, which have no direction."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt
from spacy.training import Example

from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.corpus.schema import Schema


class Inventory(msgspec.Struct, frozen=True, dict=True):
    """Relation labels in the order of a model's columns.

    allowed: for each label, the (head, tail) entity labels it may join. symmetric: the labels
    that are scored in text order only.
    """

    labels: tuple[str, ...] = ()
    allowed: dict[str, tuple[tuple[str, str], ...]] = {}
    symmetric: tuple[str, ...] = ()

    @classmethod
    def of_schema(cls, schema: Schema) -> Inventory:
        """All relations of a schema."""
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
    def of_examples(cls, examples: Iterable[Example]) -> Inventory:
        """The relations met in the references, all directed, joining what they joined there."""
        found: dict[str, set[tuple[str, str]]] = {}
        for example in examples:
            for head, tail, label, _ in get_relations(example.reference):
                found.setdefault(label, set()).add((head.label_, tail.label_))
        labels = tuple(sorted(found))
        return cls(labels, {label: tuple(sorted(found[label])) for label in labels})

    def table(self, kinds: list[str]) -> npt.NDArray[np.bool_]:
        """Which label may join which kinds: shape (kinds, kinds, labels)."""
        known, cells = self._joined
        rows = [known.get(kind, -1) for kind in kinds]
        return cells[np.ix_(rows, rows)]

    @cached_property
    def _joined(self) -> tuple[dict[str, int], npt.NDArray[np.bool_]]:
        """The row of each kind that some label joins, and what `table` gives for all of them.

        The last row is for other kinds.
        """
        met = sorted({kind for pairs in self.allowed.values() for pair in pairs for kind in pair})
        known = {kind: row for row, kind in enumerate(met)}
        cells = np.zeros((len(met) + 1, len(met) + 1, len(self.labels)), dtype=bool)
        for column, label in enumerate(self.labels):
            for head, tail in self.allowed[label]:
                cells[known[head], known[tail], column] = True
        return known, cells

    @cached_property
    def directed(self) -> npt.NDArray[np.bool_]:
        """Which labels have a direction: shape (labels,)."""
        return np.array([label not in self.symmetric for label in self.labels], dtype=bool)
