"""The tokens, mentions and candidate pairs of several docs, concatenated into arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from spacy.tokens import Doc

from aloi.models.arrays import BoolArray, FloatArray, HashArray, IntArray, concatenate_ranges
from aloi.models.relations.candidates import Candidates
from aloi.models.relations.doc_arrays import MentionArrays, TokenArrays
from aloi.models.relations.hashing import hash_bits, hash_columns

MENTION_COLUMNS = 64 + 2
"""The number of columns of `CandidateBatch.mention_columns`."""

MAX_CLUSTER_MENTIONS = 8
"""The maximum number of mentions per cluster that features use: the first ones in text order."""


@dataclass(frozen=True)
class CandidateBatch:
    """The candidate pairs of several docs, with their mentions and tokens.

    `pairs` contains row indices of `mentions`. The offsets of mentions are row indices of `tokens`.
    """

    docs: list[Doc]
    tokens: TokenArrays
    mentions: MentionArrays
    pairs: IntArray

    @classmethod
    def from_candidates(
        cls, blocks: Sequence[Candidates], *, width: int = 0, static: int = 0
    ) -> Self:
        """Return a batch with all pairs of these blocks; blocks of the same doc must be adjacent.

        width, static: see `TokenArrays.from_docs`.
        """
        first_of_doc = [
            number
            for number, block in enumerate(blocks)
            if not number or block.doc is not blocks[number - 1].doc
        ]
        docs = [blocks[number].doc for number in first_of_doc]
        tokens = TokenArrays.from_docs(docs, width=width, static=static)
        arrays = [blocks[number].mentions for number in first_of_doc]
        sizes = np.array([len(each) for each in arrays], dtype=np.int64)
        first_row = np.cumsum(sizes) - sizes
        token_shift = np.repeat(tokens.offset, sizes)
        mentions = MentionArrays(
            np.concatenate([each.start for each in arrays]) + token_shift,
            np.concatenate([each.end for each in arrays]) + token_shift,
            np.concatenate([each.label for each in arrays]),
            np.concatenate([each.cluster for each in arrays]) + np.repeat(first_row, sizes),
        )
        row_shift = np.repeat(first_row, np.diff([*first_of_doc, len(blocks)]))
        pairs = [block.pairs + shift for block, shift in zip(blocks, row_shift, strict=True)]
        return cls(docs, tokens, mentions, np.concatenate(pairs))

    @cached_property
    def sorted_starts(self) -> IntArray:
        """The start offsets of all mentions, sorted."""
        return np.sort(self.mentions.start)

    def count_starts(self, start: IntArray, end: IntArray) -> IntArray:
        """Return the number of mentions that start in each token range (end exclusive)."""
        starts = self.sorted_starts
        return np.asarray(np.searchsorted(starts, end) - np.searchsorted(starts, start), np.int64)

    @cached_property
    def label_numbers(self) -> IntArray:
        """The label of each mention, as an index among the distinct labels of the batch."""
        _, numbers = np.unique(self.mentions.label, return_inverse=True)
        return numbers.astype(np.int64)

    def count_label(self, label: IntArray, start: IntArray, end: IntArray) -> IntArray:
        """Return the number of mentions per token range that have a label and start in the range.

        label: one label per range, as in `label_numbers`. start, end: the token ranges; the end is
        exclusive.
        """
        size = len(self.tokens.word) + 1
        keys = self._sorted_label_starts
        before_end = np.searchsorted(keys, label * size + end)
        return np.asarray(before_end - np.searchsorted(keys, label * size + start), np.int64)

    @cached_property
    def _sorted_label_starts(self) -> IntArray:
        """The sorted keys of the mentions; a key combines the label number and the start offset."""
        return np.sort(self.label_numbers * (len(self.tokens.word) + 1) + self.mentions.start)

    @cached_property
    def roots(self) -> IntArray:
        """The syntactic head of each mention: the first token whose parent is not in the mention.

        The root of a sentence also counts as such a token; its `parent` is the root itself.
        """
        start, size = self.mentions.start, self.mentions.end - self.mentions.start
        mention = np.repeat(np.arange(len(size)), size)
        token = concatenate_ranges(size) + start[mention]
        parent = self.tokens.parent[token]
        is_top = (parent < start[mention]) | (parent >= self.mentions.end[mention])
        is_top |= parent == token
        with_root, first = np.unique(mention[is_top], return_index=True)
        roots = start.copy()
        roots[with_root] = token[is_top][first]
        return roots

    @cached_property
    def outermost(self) -> IntArray:
        """For each token, the row of the outermost mention that contains it, or -1."""
        mentions = self.mentions
        row_of = np.full(len(self.tokens.word), -1, dtype=np.int64)
        for row in np.argsort(mentions.start - mentions.end, kind="stable")[::-1].tolist():
            row_of[mentions.start[row] : mentions.end[row]] = row
        return row_of

    @cached_property
    def starts_symbol(self) -> BoolArray:
        """A mask of the tokens that start a symbol (see `symbols`)."""
        row_of = self.outermost
        starts = np.ones(len(row_of), dtype=bool)
        starts[1:] = (row_of[1:] != row_of[:-1]) | (row_of[1:] < 0)
        return starts

    @cached_property
    def token_labels(self) -> HashArray:
        """For each token, the label of the outermost mention that contains it, or 0."""
        return np.append(self.mentions.label, np.uint64(0))[self.outermost]

    @cached_property
    def symbols(self) -> HashArray:
        """The text as a sequence of symbols.

        Each outermost mention is one symbol (its label). Each token outside mentions is one symbol
        (its word).
        """
        labels = hash_columns(9, self.token_labels)
        symbols = np.where(self.outermost >= 0, labels, self.tokens.word)
        return symbols[self.starts_symbol]

    @cached_property
    def symbol_of_token(self) -> IntArray:
        """For each token, the index of its symbol in `symbols`."""
        return np.cumsum(self.starts_symbol) - 1

    def mention_columns(self) -> FloatArray:
        """Return a description of the outermost mention that contains each token.

        Shape: (rows of `tokens`, `MENTION_COLUMNS`). The columns are the bits of the mention's
        label, 1 for each token of a mention, and 1 for the first token of a mention. They are 0
        outside mentions.
        """
        inside = (self.outermost >= 0)[:, None]
        label = hash_bits(self.token_labels) * inside
        columns = [label, inside, inside & self.starts_symbol[:, None]]
        return np.concatenate(columns, axis=1, dtype=np.float32)

    @cached_property
    def cluster_mentions(self) -> IntArray:
        """For each mention, the rows of the first mentions (in the text) of the same cluster.

        Shape: (mentions, up to `MAX_CLUSTER_MENTIONS`). Smaller clusters are padded with -1.
        """
        rank, cluster = self.mentions.rank, self.mentions.cluster
        order = np.lexsort((rank, cluster))
        _, begin, size = np.unique(cluster[order], return_index=True, return_counts=True)
        steps = np.arange(min(MAX_CLUSTER_MENTIONS, int(size.max(initial=1))))
        rows = order[np.minimum(begin[:, None] + steps, len(order) - 1)]
        rows = np.where(steps < size[:, None], rows, -1)
        return rows[np.searchsorted(cluster[order][begin], cluster)]
