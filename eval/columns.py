"""The annotations of many documents as columns, which is how they are compared.

A mention is a row; its document, start, end and label are integers in arrays of their own. Files
are read into columns without building documents, which are ten times slower to make.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from aloi.corpus import document_files
from aloi.corpus.document import Draft

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TOTALS = 2**256
"""What hashes are added up under."""

LARGEST = 2**62
"""Columns are packed into one integer while it stays below this."""


@dataclass(frozen=True, slots=True)
class MentionColumns:
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

    def take(self, rows: Ints) -> MentionColumns:
        """These rows, in this order."""
        if len(rows) == len(self) and (rows[1:] > rows[:-1]).all():
            return self
        return MentionColumns(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class RelationColumns:
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
    mentions: MentionColumns = field(repr=False)
    relations: RelationColumns = field(repr=False)
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
            found = columns.finish()
            if columns.ids_are_unique and found.plausible():
                return found
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
            pass  # the careful reader below tells what is wrong, or copes
        return cls.of(document_files.valid_documents(document_files.read_records(path)))

    def renumbered(
        self, documents: Ints, labels: dict[str, int], relation_labels: dict[str, int]
    ) -> tuple[MentionColumns, RelationColumns]:
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

    def only(self, ids: Collection[str]) -> Annotations:
        """The documents of these ids, in the order they have here."""
        chosen = np.array([id_ in ids for id_ in self.ids], dtype=np.bool_)
        kept = np.flatnonzero(chosen).tolist()
        rows = np.flatnonzero(chosen[self.mentions.document])
        mentions = self.mentions.take(rows)
        place = np.full(len(self.mentions), -1)
        place[rows] = np.arange(len(rows))
        arcs = self.relations
        some = place[arcs.head] >= 0
        return replace(
            self,
            ids=tuple(self.ids[i] for i in kept),
            texts=tuple(self.texts[i] for i in kept),
            metas=tuple(self.metas[i] for i in kept),
            mentions=replace(mentions, document=(np.cumsum(chosen) - 1)[mentions.document]),
            relations=RelationColumns(
                place[arcs.head[some]], place[arcs.tail[some]], arcs.label[some], arcs.score[some]
            ),
        )

    def plausible(self) -> bool:
        """Whether all could come from valid documents, as far as the columns tell."""
        mentions, relations = self.mentions, self.relations
        length = np.array([len(text) for text in self.texts], dtype=np.int64)[mentions.document]
        return bool(
            all(self.ids)
            and len(set(self.ids)) == len(self.ids)
            and (mentions.start >= 0).all()
            and (mentions.start < mentions.end).all()
            and (mentions.end <= length).all()
            and not np.isinf(mentions.score).any()
            and not np.isinf(relations.score).any()
        )

    def digest(self) -> str:
        """SHA-256 of the documents, with all they hold, whatever their order; see `total`."""
        return f"{self.total():064x}"

    def total(self) -> int:
        """The SHA-256 of each document's id, text, mentions and relations, added up modulo 2^256.

        So the totals of some documents and of others add up to that of them all.
        """
        m, r = self.mentions, self.relations
        spans = np.stack([m.start, m.end, _codes(self.labels)[m.label]], axis=1)
        order = np.lexsort((r.label, r.tail, r.head))
        code = _codes(self.relation_labels)[r.label]
        arcs = np.stack([r.head, r.tail, code], axis=1)[order]
        numbers = np.arange(len(self.ids) + 1)
        rows = np.searchsorted(m.document, numbers)
        arcs[:, :2] -= rows[m.document[arcs[:, 0]], None]
        bounds = np.searchsorted(m.document[r.head[order]], numbers).tolist()
        rows = rows.tolist()
        found = 0
        for i, (id_, text) in enumerate(zip(self.ids, self.texts, strict=True)):
            named = f"{id_}\0{text}\0{rows[i + 1] - rows[i]}\0".encode("utf-8", "surrogatepass")
            held = (
                spans[rows[i] : rows[i + 1]].tobytes() + arcs[bounds[i] : bounds[i + 1]].tobytes()
            )
            found += int.from_bytes(hashlib.sha256(named + held).digest())
        return found % TOTALS


def _inverse(order: Ints) -> Ints:
    """Where each row went: `_inverse(order)[order] == arange`."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _codes(labels: tuple[str, ...]) -> Ints:
    """A number for each label, the same in whatever company it is."""
    hashes = (hashlib.sha256(label.encode("utf-8", "surrogatepass")).digest() for label in labels)
    return np.array([int.from_bytes(each[:8], signed=True) for each in hashes], dtype=np.int64)


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
        self.ids_are_unique &= len({entity.id for entity in entities}) == len(entities)
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
        if not document.relations:
            return
        rows = {entity.id: first + number for number, entity in enumerate(entities)}
        for relation in document.relations:
            self.head.append(rows[relation.head])
            self.tail.append(rows[relation.tail])
            self.relation_label.append(relation.label)
            self.relation_score.append(relation.score)

    def finish(self) -> Annotations:
        """The columns as arrays, in order."""
        labels, label = _coded(self.label)
        relation_labels, relation_label = _coded(self.relation_label)
        mentions = MentionColumns(
            np.repeat(np.arange(len(self.sizes)), self.sizes),
            np.array(self.start, dtype=np.int64),
            np.array(self.end, dtype=np.int64),
            label,
            _scores(self.score),
            np.array(self.ref, dtype=object),
            np.array(self.attributes, dtype=object),
        )
        order = _order(mentions)
        place = _inverse(order)
        relations = RelationColumns(
            place[np.array(self.head, dtype=np.int64)],
            place[np.array(self.tail, dtype=np.int64)],
            relation_label,
            _scores(self.relation_score),
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


def _order(mentions: MentionColumns) -> Ints:
    """The rows by document, start, longest first, label."""
    columns = (mentions.document, mentions.start, -mentions.end, mentions.label)
    size = [int(column.max(initial=0) - column.min(initial=0)) + 1 for column in columns]
    if math.prod(size) > LARGEST:
        rows: Ints = np.lexsort(columns[::-1])
        return rows
    key = np.zeros(len(mentions), dtype=np.int64)
    for column, width in zip(columns, size, strict=True):
        key = key * width + (column - column.min(initial=0))
    if (key[1:] >= key[:-1]).all():
        return np.arange(len(key))
    return np.argsort(key, kind="stable")


def _scores(scores: list[float | None]) -> Floats:
    """Scores as numbers, NaN for those that are not there."""
    if scores.count(None) == len(scores):
        return np.full(len(scores), np.nan)
    return np.array(scores, dtype=np.float64)


def _coded(labels: list[str]) -> tuple[tuple[str, ...], Ints]:
    """The labels in sorted order, and each row's number among them."""
    known = tuple(sorted(set(labels)))
    numbers = {label: number for number, label in enumerate(known)}
    return known, np.fromiter(map(numbers.__getitem__, labels), np.int64, len(labels))
