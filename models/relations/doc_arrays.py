"""The mentions and tokens of docs as arrays, with one row per mention or token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from spacy.attrs import DEP, HEAD, LOWER, ORTH, POS, SENT_START
from spacy.tokens import Doc, Span

from aloi.models.arrays import FloatArray, HashArray, IntArray


@dataclass(frozen=True, slots=True)
class MentionArrays:
    """The mentions of a doc: token offsets (end exclusive), label hashes and clusters.

    cluster: for each mention, the row of the first mention (in the text) of the same cluster. A
    cluster contains all mentions with the same `ref`, or a single mention.
    """

    start: IntArray
    end: IntArray
    label: HashArray
    cluster: IntArray

    @classmethod
    def from_spans(cls, spans: Sequence[Span], *, by_ref: bool = False) -> Self:
        """Return the arrays for spans.

        by_ref: whether spans with the same `kb_id` form a cluster. Otherwise, each span is a
        cluster of its own.
        """
        rows = [(span.start, span.end, span.label) for span in spans]
        columns = np.array(rows, dtype=np.uint64).reshape(-1, 3)
        start, end = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
        cluster = np.arange(len(rows))
        if by_ref:
            first: dict[int, int] = {}
            for row in np.lexsort((-end, start)).tolist():
                ref = spans[row].kb_id
                cluster[row] = first.setdefault(ref, row) if ref else row
        return cls(start, end, columns[:, 2], cluster)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def rank(self) -> IntArray:
        """The rank of each mention in text order.

        If mentions have the same start, longer mentions precede shorter ones.
        """
        rank = np.empty(len(self), dtype=np.int64)
        rank[np.lexsort((-self.end, self.start))] = np.arange(len(self))
        return rank


@dataclass(frozen=True, slots=True)
class TokenArrays:
    """The tokens of several docs, with an empty row before each doc and after the last doc.

    word, pos, dep: the hashes of the word in lower case, the part of speech and the dependency
    label. parent: the row of the syntactic head. sentence: the index of the sentence. vector: the
    output of the pipeline's `tok2vec`, followed by the word vector. These two vectors are
    standardised separately, to mean 0 and variance 1. offset: for each doc, the row of its first
    token.
    """

    word: HashArray
    pos: HashArray
    dep: HashArray
    parent: IntArray
    sentence: IntArray
    vector: FloatArray
    offset: IntArray

    @classmethod
    def from_docs(cls, docs: Sequence[Doc], *, width: int = 0, static: int = 0) -> Self:
        """Return the arrays for docs.

        width: the size of the vectors in `doc.tensor`, or 0 to omit them. static: the size of the
        word vectors, or 0 to omit them. If the vectors of a doc have a different size, they are
        replaced by zeros.
        """
        lengths = np.array([len(doc) for doc in docs], dtype=np.int64)
        offset = np.cumsum(lengths + 1) - lengths
        size = int(lengths.sum() + len(docs)) + 1
        columns = np.zeros((size, 5), dtype=np.uint64)
        columns[:, 4] = 1
        vector = np.zeros((size, width + static), dtype=np.float32)
        for doc, begin in zip(docs, offset.tolist(), strict=True):
            rows = slice(begin, begin + len(doc))
            attributes: npt.NDArray[Any] = doc.to_array([LOWER, POS, DEP, HEAD, SENT_START])
            columns[rows] = attributes.reshape(len(doc), 5)
            if width and doc.tensor.shape == (len(doc), width):
                vector[rows, :width] = doc.tensor
            if static and doc.vocab.vectors_length == static:
                vector[rows, width:] = _word_vectors(doc)
        for part in (vector[:, :width], vector[:, width:]):
            if part.size:
                part[:] = _standardise(part)
        parent = columns[:, 3].astype(np.int64) + np.arange(size)
        sentence = np.cumsum(columns[:, 4] == 1)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2], parent, sentence, vector, offset)

    @property
    def docs(self) -> list[slice]:
        """For each doc, the range of its token rows."""
        ends = np.append(self.offset[1:], len(self.word)) - 1
        return [slice(*rows) for rows in zip(self.offset.tolist(), ends.tolist(), strict=True)]


def _word_vectors(doc: Doc) -> npt.NDArray[Any]:
    """Return the word vector of each token; the vector is 0 if the word has none.

    Shape: (tokens, width).
    """
    table, words = doc.vocab.vectors, doc.to_array(ORTH).tolist()
    if table.mode == "floret":  # composes the vector of any word from its character n-grams
        return np.asarray(table.get_batch(words))
    row = table.find(keys=words)
    return np.where(row[:, None] >= 0, table.data[row], 0)


def _standardise(vectors: FloatArray) -> FloatArray:
    """Return each vector standardised to mean 0 and variance 1; zero vectors stay 0."""
    deviation = vectors.std(axis=1, keepdims=True) + 1e-5
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return np.asarray(centred / deviation, dtype=np.float32)
