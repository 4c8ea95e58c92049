"""Label maps: rules that convert one set of labels to another by renaming or dropping labels.

A map is a TOML file with the tables `[rename]` (old = "new") and `[drop]` (old = "reason"). Labels
in neither table are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.toml_files import load_toml

Labelled = TypeVar("Labelled", Entity, Relation)


class LabelMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A label map: `rename` maps old to new labels, `drop` maps dropped labels to reasons."""

    rename: dict[str, str] = {}
    drop: dict[str, str] = {}

    def apply(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents with the new labels; see `apply_to`."""
        return (self.apply_to(document)[0] for document in documents)

    def apply_to(self, document: Document) -> tuple[Document, Counter[str]]:
        """Return a document with the new labels, and the number of dropped items per old label.

        Items are entities and relations. A relation is dropped if its head or tail is dropped.
        """
        before = _count_labels(document.entities, document.relations)
        entities, relations = _with_labels(document, before.keys() - self.drop.keys())
        mapped = msgspec.structs.replace(
            document,
            entities=tuple(map(self._rename, entities)),
            relations=tuple(map(self._rename, relations)),
        )
        return mapped, before - _count_labels(entities, relations)

    def _rename(self, item: Labelled) -> Labelled:
        return msgspec.structs.replace(item, label=self.rename.get(item.label, item.label))


def keep_labels(document: Document, labels: Collection[str]) -> Document:
    """Return the document with only the entities and relations whose label is in `labels`.

    A relation is also dropped if its head or tail is dropped.
    """
    entities, relations = _with_labels(document, labels)
    return msgspec.structs.replace(document, entities=entities, relations=relations)


def _with_labels(
    document: Document, labels: Collection[str]
) -> tuple[tuple[Entity, ...], tuple[Relation, ...]]:
    entities = tuple(entity for entity in document.entities if entity.label in labels)
    ids = {entity.id for entity in entities}
    relations = tuple(
        r for r in document.relations if r.label in labels and r.head in ids and r.tail in ids
    )
    return entities, relations


def _count_labels(entities: Iterable[Entity], relations: Iterable[Relation]) -> Counter[str]:
    counts = Counter(entity.label for entity in entities)
    counts.update(relation.label for relation in relations)
    return counts


def load_label_map(path: Path) -> LabelMap:
    """Read a label map; raise `DataError` if it is invalid."""
    fix = 'Write the tables [rename] (old = "new") and [drop] (old = "reason")'
    return load_toml(path, LabelMap, fix=fix)


def load_shipped_map(name: str) -> LabelMap:
    """Return a label map of this package by name: fr_core_news_md, wikiner or winer."""
    return load_label_map(Path(str(files("aloi.corpus") / "maps" / f"{name}.toml")))
