"""The annotations of many documents as columns, which is how they are compared.

A mention is a row; its document, start, end and label are integers in arrays of their own. Files
are read into columns without building documents, which are ten times slower to make.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from aloi.corpus import native
from aloi.corpus.document import Draft

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mentions:
    """A row a mention, by document, start, longest first, label.

    `document` and `label` number the lists of `Annotations`; `start` and `end` are code points,
    the end exclusive; `score` is NaN where there is none.
    """

    document: Ints
    start: Ints
    end: Ints
    label: Ints
    score: Floats
    ref: npt.NDArray[np.object_]
    attributes: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Ints) -> Mentions:
        """These rows, in this order."""
        return Mentions(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Relations:
    """A row a relation; `head` and `tail` are rows of the mentions."""

    head: Ints
    tail: Ints
    label: Ints
    score: Floats

    def __len__(self) -> int:
        return len(self.head)


@dataclass(frozen=True)
class Annotations:
    """Documents side by side: their ids, texts and metadata, and all that is annotated in them."""

    ids: tuple[str, ...]
    texts: tuple[str, ...] = field(repr=False)
    metas: tuple[dict[str, Any], ...] = field(repr=False)
    mentions: Mentions = field(repr=False)
    relations: Relations = field(repr=False)
    labels: tuple[str, ...]
    relation_labels: tuple[str, ...]

    @classmethod
    def of(cls, documents: Iterable[Draft]) -> Annotations:
        """The annotations of documents that are valid."""
        columns = _Columns()
        for document in documents:
            columns.add(document)
        return columns.finish()

    @classmethod
    def read(cls, path: Path) -> Annotations:
        """The annotations of a JSON Lines file; raises `DataError` with everything wrong in it."""
        decoder = msgspec.json.Decoder(Draft)
        columns = _Columns()
        try:
            with path.open("rb") as stream:
                for line in stream:
                    columns.add(decoder.decode(line))
            if columns.plausible():
                return columns.finish()
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
            pass  # the careful reader below tells what is wrong, or copes
        return cls.of(native.documents(native.records(path)))

    def renumbered(
        self, documents: Ints, labels: dict[str, int], relation_labels: dict[str, int]
    ) -> tuple[Mentions, Relations]:
        """The columns under other numbers: `documents[i]` is the new number of document i."""
        mentions, relations = self.mentions, self.relations
        label = _numbers(self.labels, labels)[mentions.label]
        moved = replace(mentions, document=documents[mentions.document], label=label)
        rows = np.argsort(moved.document, kind="stable")
        place = _inverse(rows)
        return moved.take(rows), replace(
            relations,
            head=place[relations.head],
            tail=place[relations.tail],
            label=_numbers(self.relation_labels, relation_labels)[relations.label],
        )

    def digest(self) -> str:
        """SHA-256 of the ids, texts, mentions and relations, whatever the documents' order."""
        order = np.array(sorted(range(len(self.ids)), key=self.ids.__getitem__), dtype=np.int64)
        labels = {label: number for number, label in enumerate(self.labels)}
        relation_labels = {label: number for number, label in enumerate(self.relation_labels)}
        m, r = self.renumbered(_inverse(order), labels, relation_labels)
        arcs = np.stack([r.head, r.tail, r.label])
        hashed = hashlib.sha256(repr((self.labels, self.relation_labels)).encode())
        for number in order.tolist():
            hashed.update(f"{self.ids[number]}\0{self.texts[number]}\0".encode("utf-8", "replace"))
        hashed.update(np.stack([m.document, m.start, m.end, m.label]).tobytes())
        hashed.update(arcs[:, np.lexsort(arcs)].tobytes())
        return hashed.hexdigest()


def _inverse(order: Ints) -> Ints:
    """Where each row went: `_inverse(order)[order] == arange`."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _numbers(labels: tuple[str, ...], numbers: dict[str, int]) -> Ints:
    return np.array([numbers[label] for label in labels], dtype=np.int64)


@dataclass(slots=True)
class _Columns:
    """Columns as they grow, a document at a time."""

    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    metas: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    score: list[float | None] = field(default_factory=list)
    ref: list[str | None] = field(default_factory=list)
    attributes: list[dict[str, str] | None] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    tail: list[int] = field(default_factory=list)
    relation_label: list[str] = field(default_factory=list)
    relation_score: list[float | None] = field(default_factory=list)
    ids_are_unique: bool = True

    def add(self, document: Draft) -> None:
        """Append a document; raises `KeyError` for a relation without both its ends."""
        entities, first = document.entities, len(self.start)
        rows = {entity.id: first + number for number, entity in enumerate(entities)}
        self.ids_are_unique &= len(rows) == len(entities)
        self.ids.append(document.id)
        self.texts.append(document.text)
        self.metas.append(document.meta)
        self.sizes.append(len(entities))
        self.start += [entity.start for entity in entities]
        self.end += [entity.end for entity in entities]
        self.label += [entity.label for entity in entities]
        self.score += [entity.score for entity in entities]
        self.ref += [entity.ref for entity in entities]
        self.attributes += [entity.attributes or None for entity in entities]
        for relation in document.relations:
            self.head.append(rows[relation.head])
            self.tail.append(rows[relation.tail])
            self.relation_label.append(relation.label)
            self.relation_score.append(relation.score)

    def finish(self) -> Annotations:
        """The columns as arrays, in order."""
        labels, label = _coded(self.label)
        relation_labels, relation_label = _coded(self.relation_label)
        mentions = Mentions(
            np.repeat(np.arange(len(self.sizes)), self.sizes),
            np.array(self.start, dtype=np.int64),
            np.array(self.end, dtype=np.int64),
            label,
            np.array(self.score, dtype=np.float64),
            np.array(self.ref, dtype=object),
            np.array(self.attributes, dtype=object),
        )
        order = np.lexsort((label, -mentions.end, mentions.start, mentions.document))
        place = _inverse(order)
        relations = Relations(
            place[np.array(self.head, dtype=np.int64)],
            place[np.array(self.tail, dtype=np.int64)],
            relation_label,
            np.array(self.relation_score, dtype=np.float64),
        )
        return Annotations(
            tuple(self.ids),
            tuple(self.texts),
            tuple(self.metas),
            mentions.take(order),
            relations,
            labels,
            relation_labels,
        )

    def plausible(self) -> bool:
        """Whether every document is a valid one, as far as can be told in a moment."""
        start, end = np.array(self.start, dtype=np.int64), np.array(self.end, dtype=np.int64)
        length = np.repeat([len(text) for text in self.texts], self.sizes)
        scores = [score for score in (*self.score, *self.relation_score) if score is not None]
        return bool(
            self.ids_are_unique
            and all(self.ids)
            and len(set(self.ids)) == len(self.ids)
            and ((start >= 0) & (start < end) & (end <= length)).all()
            and np.isfinite(scores).all()
        )


def _coded(labels: list[str]) -> tuple[tuple[str, ...], Ints]:
    """The labels in sorted order, and each row's number among them."""
    known = tuple(sorted(set(labels)))
    numbers = {label: number for number, label in enumerate(known)}
    return known, np.fromiter(map(numbers.__getitem__, labels), np.int64, len(labels))
