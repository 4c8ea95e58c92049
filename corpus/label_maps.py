"""Label maps: the labels of one scheme told in those of another, and what has no counterpart.

A map is TOML: table `[rename]` (old = "new") and table `[drop]` (old = "why"). Labels named in
neither stay as they are.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from importlib.resources import files
from pathlib import Path

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError, Problem


class LabelMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New names, and reasons for what is dropped; for entities and relations alike."""

    rename: dict[str, str] = {}
    drop: dict[str, str] = {}

    def apply(
        self, documents: Iterable[Document], dropped: Counter[str] | None = None
    ) -> Iterator[Document]:
        """The documents under the new labels; what is dropped is counted by label in `dropped`.

        A relation goes with an end that is dropped.
        """
        for document in documents:
            before = labels_of(document)
            kept = keep(document, before.keys() - self.drop.keys())
            if dropped is not None:
                dropped.update(before - labels_of(kept))
            yield msgspec.structs.replace(
                kept,
                entities=tuple(map(self._renamed, kept.entities)),
                relations=tuple(
                    msgspec.structs.replace(r, label=self.rename.get(r.label, r.label))
                    for r in kept.relations
                ),
            )

    def _renamed(self, entity: Entity) -> Entity:
        return msgspec.structs.replace(entity, label=self.rename.get(entity.label, entity.label))


def labels_of(document: Document) -> Counter[str]:
    """How often each label is borne by an entity or relation."""
    entities = Counter(entity.label for entity in document.entities)
    return entities + Counter(relation.label for relation in document.relations)


def keep(document: Document, labels: Collection[str]) -> Document:
    """The document with these labels only; a relation needs its own label and both its ends."""
    entities = tuple(entity for entity in document.entities if entity.label in labels)
    ids = {entity.id for entity in entities}
    relations = tuple(
        r for r in document.relations if r.label in labels and r.head in ids and r.tail in ids
    )
    return Document(document.id, document.text, entities, relations, document.meta)


def load_map(path: Path) -> LabelMap:
    """Read a map; raises `DataError` if it is broken."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), LabelMap)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        fix = 'Write tables [rename] (old = "new") and [drop] (old = "why")'
        raise DataError([Problem("bad-labels", str(error), fix, file=str(path))]) from error


def shipped_map(name: str) -> LabelMap:
    """One of the maps that ship with the schema: fr_core_news_md, wikiner, winer."""
    return load_map(Path(str(files("aloi.corpus") / "maps" / f"{name}.toml")))
