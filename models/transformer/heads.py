"""The layers above the encoder: they compute tag scores of tokens, or relation logits of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu

from aloi.models.arrays import HashArray, IntArray
from aloi.models.relations.candidates import Candidates
from aloi.models.relations.doc_arrays import MentionArrays
from aloi.models.transformer.encoder import Encoder, recompute_activations

PAIRS_PER_CHUNK = 2**13
"""The maximum number of pairs that are scored at once."""

HIDDEN_WIDTH = 256
"""The number of units of the hidden layer of `PairHead`."""

DISTANCE_STARTS = (0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60)
"""The smallest gap of each distance class, in tokens."""


class TaggingHead(nn.Module):
    """An encoder with a linear layer that computes tag scores."""

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        self.encoder, self.output = encoder, nn.Linear(encoder.width, outputs)

    def forward(self, docs: Sequence[Doc], drop: float) -> Tensor:
        """Return the scores of all tokens of all docs, concatenated. Shape: (tokens, outputs)."""
        scores: Tensor = self.output(dropout(self.encoder(docs), drop, self.training))
        return scores


class PairHead(nn.Module):
    """An encoder with a layer that computes the relation logits of mention pairs.

    The inputs are the head, the tail, the gap between them, and the entity labels of head and tail.
    Head, tail and gap are each represented by the mean of their projected token vectors, and the
    gap also by its length. An entity label is represented by the sum of four embeddings from four
    tables. Each of the last four bytes of the label's hash selects a row of one table.
    """

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head, self.tail, self.gap = (nn.Linear(encoder.width, HIDDEN_WIDTH) for _ in range(3))
        self.head_type = nn.EmbeddingBag(4 * 256, HIDDEN_WIDTH, mode="sum")
        self.tail_type = nn.EmbeddingBag(4 * 256, HIDDEN_WIDTH, mode="sum")
        self.distance = nn.Embedding(2 * len(DISTANCE_STARTS), HIDDEN_WIDTH)
        self.output = nn.Linear(HIDDEN_WIDTH, outputs)

    def forward(self, blocks: Sequence[Candidates], drop: float) -> Tensor:
        """Return the logits of all pairs of all blocks, concatenated. Shape: (pairs, outputs)."""
        docs = {id(block.doc): block.doc for block in blocks}  # a doc may have several blocks
        vectors = dropout(self.encoder(list(docs.values())), drop, self.training)
        parts = vectors.split([len(doc) for doc in docs.values()])
        vectors_of = dict(zip(docs, parts, strict=True))
        return torch.cat([self._logits(vectors_of[id(block.doc)], block) for block in blocks])

    def _logits(self, vectors: Tensor, block: Candidates) -> Tensor:
        """Return the logits of one block; `vectors` are the token vectors of the block's doc."""
        mentions, pairs = block.mentions, block.pairs
        many = len(pairs) > PAIRS_PER_CHUNK
        score = recompute_activations(self._score) if many else self._score
        bounds = torch.from_numpy(np.stack([mentions.start, mentions.end])).to(vectors.device)
        types = torch.from_numpy(_embedding_rows(mentions.label)).to(vectors.device)
        heads = _span_means(_prefix_sums(self.head(vectors)), *bounds) + self.head_type(types)
        tails = _span_means(_prefix_sums(self.tail(vectors)), *bounds) + self.tail_type(types)
        gaps = _prefix_sums(self.gap(vectors))
        columns = torch.from_numpy(np.concatenate([pairs, _gap_columns(mentions, pairs)], axis=1))
        chunks = columns.to(vectors.device).split(PAIRS_PER_CHUNK)
        return torch.cat([score(heads, tails, gaps, chunk) for chunk in chunks])

    def _score(self, heads: Tensor, tails: Tensor, gaps: Tensor, columns: Tensor) -> Tensor:
        head, tail, start, end, distance = columns.T
        hidden = heads[head] + tails[tail] + _span_means(gaps, start, end) + self.distance(distance)
        logits: Tensor = self.output(gelu(hidden))
        return logits


def _prefix_sums(vectors: Tensor) -> Tensor:
    """Return prefix sums: row i is the sum of the first i vectors. Shape: (tokens + 1, width)."""
    sums: Tensor = nn.functional.pad(vectors.double(), (0, 0, 1, 0)).cumsum(0)
    return sums


def _span_means(prefix_sums: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return the mean vector of each span, 0 for empty spans. Shape: (spans, width).

    start, end: token offsets of the spans; the end is exclusive.
    """
    count = (end - start).clamp(min=1)
    return ((prefix_sums[end] - prefix_sums[start]) / count[:, None]).float()


def _embedding_rows(hashes: HashArray) -> IntArray:
    """Return four rows per hash, one for each of its last four bytes. Shape: (hashes, 4).

    The rows are row indices of a table that stacks four tables of 256 rows.
    """
    shifts = np.arange(0, 32, 8, dtype=np.uint64)
    rows = (hashes[:, None] >> shifts) & np.uint64(255)
    return rows.astype(np.int64) + 256 * np.arange(4)


def _gap_columns(mentions: MentionArrays, pairs: IntArray) -> IntArray:
    """Return the start, the end (exclusive) and the distance class of each gap. Shape: (pairs, 3).

    The distance class encodes the length of the gap, and whether the head or the tail comes first.
    """
    head, tail = pairs.T
    forward = mentions.start[head] <= mentions.start[tail]
    start = mentions.end[np.where(forward, head, tail)]
    end = np.maximum(mentions.start[np.where(forward, tail, head)], start)
    distance = np.digitize(end - start, DISTANCE_STARTS) - 1 + len(DISTANCE_STARTS) * forward
    return np.stack([start, end, distance], axis=1)
