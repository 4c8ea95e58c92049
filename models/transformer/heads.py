"""What stands on an encoder: scores of tags for tokens, or of relation labels for pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from spacy.tokens import Doc
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu

from aloi.models.relations.candidates import MentionArrays
from aloi.models.transformer.encoder import Encoder, lean
from aloi.models.transformer.windows import Ints

if TYPE_CHECKING:
    from aloi.models.relations.component import Proposal

PAIRS = 2**13
"""Pairs that are scored at once."""
HIDDEN = 256
"""The width of the layer that scores pairs."""
DISTANCES = (0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60)
"""Where each class of distances between two mentions begins, in tokens."""


class Tagger(nn.Module):
    """Scores of tags: the tokens' vectors through a linear layer."""

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        self.encoder, self.output = encoder, nn.Linear(encoder.width, outputs)

    def forward(self, docs: Sequence[Doc], drop: float) -> Tensor:
        """The scores of all tokens, doc after doc: (tokens, outputs)."""
        scores: Tensor = self.output(dropout(self.encoder(docs), drop, self.training))
        return scores


class PairScorer(nn.Module):
    """Logits of relation labels, from both mentions, their types, the gap and how long it is.

    Head, tail and gap are each the mean of their tokens' projected vectors. A type is known by its
    hash: it adds the four vectors that the last four bytes pick, each from a table of its own.
    """

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head, self.tail, self.gap = (nn.Linear(encoder.width, HIDDEN) for _ in range(3))
        self.head_type = nn.EmbeddingBag(4 * 256, HIDDEN, mode="sum")
        self.tail_type = nn.EmbeddingBag(4 * 256, HIDDEN, mode="sum")
        self.distance = nn.Embedding(2 * len(DISTANCES), HIDDEN)
        self.output = nn.Linear(HIDDEN, outputs)

    def forward(self, proposals: Sequence[Proposal], drop: float) -> Tensor:
        """The logits of all pairs, proposal after proposal: (pairs, outputs)."""
        docs = {id(each.doc): each.doc for each in proposals}  # one may have several proposals
        vectors = dropout(self.encoder(list(docs.values())), drop, self.training)
        parts = vectors.split([len(doc) for doc in docs.values()])
        of_doc = dict(zip(docs, parts, strict=True))
        return torch.cat([self._logits(of_doc[id(each.doc)], each) for each in proposals])

    def _logits(self, vectors: Tensor, proposal: Proposal) -> Tensor:
        mentions, pairs = proposal.mentions, proposal.pairs
        score = lean(self._score) if len(pairs) > PAIRS else self._score
        bounds = torch.from_numpy(np.stack([mentions.start, mentions.end])).to(vectors.device)
        types = torch.from_numpy(_bytes(mentions.label)).to(vectors.device)
        heads = _means(_sums(self.head(vectors)), *bounds) + self.head_type(types)
        tails = _means(_sums(self.tail(vectors)), *bounds) + self.tail_type(types)
        gaps = _sums(self.gap(vectors))
        columns = torch.from_numpy(np.concatenate([pairs, _between(mentions, pairs)], axis=1))
        return torch.cat(
            [score(heads, tails, gaps, part) for part in columns.to(vectors.device).split(PAIRS)]
        )

    def _score(self, heads: Tensor, tails: Tensor, gaps: Tensor, columns: Tensor) -> Tensor:
        head, tail, start, end, distance = columns.T
        mixed = heads[head] + tails[tail] + _means(gaps, start, end) + self.distance(distance)
        logits: Tensor = self.output(gelu(mixed))
        return logits


def _sums(vectors: Tensor) -> Tensor:
    """The sum of the vectors before each token, and of all: (tokens + 1, width)."""
    before: Tensor = nn.functional.pad(vectors.double(), (0, 0, 1, 0)).cumsum(0)
    return before


def _means(sums: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """The mean vector of the tokens from `start` to `end` (exclusive), 0 if there are none."""
    count = (end - start).clamp(min=1)
    return ((sums[end] - sums[start]) / count[:, None]).float()


def _bytes(hashes: npt.NDArray[np.uint64]) -> Ints:
    """Rows of four tables, one below the other, that the last four bytes of each hash pick."""
    shifts = np.arange(0, 32, 8, dtype=np.uint64)
    rows = (hashes[:, None] >> shifts) & np.uint64(255)
    return rows.astype(np.int64) + 256 * np.arange(4)


def _between(mentions: MentionArrays, pairs: Ints) -> Ints:
    """The gap's first token, its end (exclusive), its class of length and order: (pairs, 3)."""
    head, tail = pairs.T
    forward = mentions.start[head] <= mentions.start[tail]
    start = mentions.end[np.where(forward, head, tail)]
    end = np.maximum(mentions.start[np.where(forward, tail, head)], start)
    distance = np.digitize(end - start, DISTANCES) - 1 + len(DISTANCES) * forward
    return np.stack([start, end, distance], axis=1)
