"""Mentions and tokens as arrays, and the pairs of mentions that some relation may join.

What relates is a thing: by itself each mention is one, or all mentions of one `ref` (`Mentions.of`
says which). A pair is an ordered (head, tail) of rows of mentions: for things with several mentions
it is the two that stand nearest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from spacy.attrs import DEP, HEAD, LOWER, ORTH, POS, SENT_START
from spacy.tokens import Doc, Span

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

BLOCK = 2**14
"""About how many pairs are made at once."""


@dataclass(frozen=True, slots=True)
class MentionArrays:
    """The mentions of a doc, a row each: token offsets (end exclusive) and label hashes.

    thing: rows of one thing share a number, that of its first row in the text.
    """

    start: Ints
    end: Ints
    label: Hashes
    thing: Ints

    @classmethod
    def of(cls, spans: Sequence[Span], *, by_ref: bool = False) -> Self:
        """The arrays of some spans; with `by_ref` those of one knowledge base id are one thing."""
        rows = [(span.start, span.end, span.label) for span in spans]
        columns = np.array(rows, dtype=np.uint64).reshape(-1, 3)
        start, end = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
        thing = np.arange(len(rows))
        if by_ref:
            first: dict[int, int] = {}
            for row in np.lexsort((-end, start)).tolist():
                ref = spans[row].kb_id
                thing[row] = first.setdefault(ref, row) if ref else row
        return cls(start, end, columns[:, 2], thing)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def rank(self) -> Ints:
        """The place of each row in text order: outer before inner, then as they come."""
        rank = np.empty(len(self), dtype=np.int64)
        rank[np.lexsort((-self.end, self.start))] = np.arange(len(self))
        return rank


@dataclass(frozen=True, slots=True)
class TokenArrays:
    """What is read of the tokens of some docs, a row each, an empty row before each doc.

    parent: the row of the syntactic head. vector: what the pipeline's `tok2vec` makes of each
    token, then its word's vector, both brought to mean 0 and variance 1. offset: each doc's rows
    before its first token.
    """

    word: Hashes
    pos: Hashes
    dep: Hashes
    parent: Ints
    sentence: Ints
    vector: Floats
    offset: Ints

    @classmethod
    def of(cls, docs: Sequence[Doc], *, width: int = 0, static: int = 0) -> Self:
        """The arrays of some docs; zeros where they have no vectors of such widths."""
        lengths = np.array([len(doc) for doc in docs], dtype=np.int64)
        offset = np.cumsum(lengths + 1) - lengths
        size = int(lengths.sum() + len(docs)) + 1
        columns = np.zeros((size, 5), dtype=np.uint64)
        columns[:, 4] = 1
        vector = np.zeros((size, width + static), dtype=np.float32)
        for doc, begin in zip(docs, offset.tolist(), strict=True):
            rows = slice(begin, begin + len(doc))
            raw: npt.NDArray[Any] = doc.to_array([LOWER, POS, DEP, HEAD, SENT_START])
            columns[rows] = raw.reshape(len(doc), 5)
            if width and doc.tensor.shape == (len(doc), width):
                vector[rows, :width] = doc.tensor
            if static and doc.vocab.vectors_length == static:
                vector[rows, width:] = _of_words(doc)
        for part in (vector[:, :width], vector[:, width:]):
            if part.size:
                part[:] = _standard(part)
        parent = columns[:, 3].astype(np.int64) + np.arange(size)
        sentence = np.cumsum(columns[:, 4] == 1)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2], parent, sentence, vector, offset)

    @property
    def docs(self) -> list[slice]:
        """The rows of each doc's tokens."""
        ends = np.append(self.offset[1:], len(self.word)) - 1
        return [slice(*rows) for rows in zip(self.offset.tolist(), ends.tolist(), strict=True)]


def _of_words(doc: Doc) -> npt.NDArray[Any]:
    """The vector of each token's word, 0 where it has none: (tokens, width)."""
    table, words = doc.vocab.vectors, doc.to_array(ORTH).tolist()
    if table.mode == "floret":  # every word has a vector, made from its parts
        return np.asarray(table.get_batch(words))
    row = table.find(keys=words)
    return np.where(row[:, None] >= 0, table.data[row], 0)


def _standard(vectors: Floats) -> Floats:
    """Each row brought to mean 0 and variance 1; one that is 0 stays so."""
    spread = vectors.std(axis=1, keepdims=True) + 1e-5
    return np.asarray((vectors - vectors.mean(axis=1, keepdims=True)) / spread, dtype=np.float32)


def candidates(mentions: MentionArrays, max_distance: int) -> Iterator[Ints]:
    """The pairs of different mentions at most `max_distance` tokens apart: blocks of (pairs, 2).

    Only neighbours are walked. Memory is linear in the number of mentions, wherever they stand.
    """
    order = np.argsort(mentions.start, kind="stable")
    last = np.searchsorted(mentions.start[order], mentions.end[order] + max_distance, side="right")
    reach = np.maximum(last - np.arange(len(order)) - 1, 0)
    for left in _blocks(reach, BLOCK // 2):
        one = np.repeat(left, reach[left])
        other = one + 1 + ramp(reach[left])
        pairs = np.stack([order[one], order[other]], axis=1)
        yield np.concatenate([pairs, pairs[:, ::-1]])


def candidates_by_thing(mentions: MentionArrays, max_distance: int) -> Iterator[Ints]:
    """One pair of mentions for two things so near, that which stands nearest; blocks of (pairs, 2).

    A thing may relate to itself: that is twice its first row.
    """
    size = len(mentions)
    _, rows = np.unique(mentions.thing, return_counts=True)
    by_thing = np.lexsort((mentions.rank, mentions.thing))
    begins = np.cumsum(rows) - rows
    for block in _blocks(rows * size, BLOCK):
        if not len(block):
            continue
        last = block[-1]
        heads = by_thing[begins[block[0]] : begins[last] + rows[last]]
        gap = gaps(mentions, heads[:, None], np.arange(size))
        other = mentions.thing[heads, None] != mentions.thing
        near = (gap <= max_distance) & (other | (mentions.thing[heads, None] == np.arange(size)))
        at, tail = np.nonzero(near)
        head = heads[at]
        key = mentions.thing[head] * size + mentions.thing[tail]
        ordered = np.lexsort((gap[at, tail], key))
        _, first = np.unique(key[ordered], return_index=True)
        yield np.stack([head, tail], axis=1)[ordered[first]]


def gaps(mentions: MentionArrays, head: Ints, tail: Ints) -> Ints:
    """The tokens between rows of mentions, 0 where they touch or overlap."""
    after = mentions.start[tail] - mentions.end[head]
    before = mentions.start[head] - mentions.end[tail]
    return np.asarray(np.maximum(np.maximum(after, before), 0), dtype=np.int64)


def _blocks(sizes: Ints, limit: int) -> Iterator[Ints]:
    """The rows of `sizes` in runs of about `limit` in all, or of one row that has more."""
    number = (np.cumsum(sizes) - 1) // limit
    yield from np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(number)) + 1)


def ramp(lengths: Ints) -> Ints:
    """0 … n-1 for each n of `lengths`, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
