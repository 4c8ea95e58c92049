"""Candidate pairs: ordered pairs of mentions between which a relation may hold.

A pair (head, tail) consists of two row indices of `MentionArrays`. Relations hold between mentions,
or between clusters of mentions with the same `ref`. A pair of clusters is represented by two
mentions, one from each cluster, that are nearest to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc, Span

from aloi.models.arrays import BoolArray, FloatArray, IntArray, concatenate_ranges
from aloi.models.relations.doc_arrays import MentionArrays

PAIRS_PER_BLOCK = 2**14
"""The approximate number of pairs in a block."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """A block of candidate pairs of one doc; the networks take a sequence of blocks as input.

    mentions: the arrays of `spans`. pairs: for each pair, the indices of head and tail in `spans`.
    Shape: (pairs, 2). permitted: a mask of the permitted labels of each pair. Shape: (pairs,
    labels).
    """

    doc: Doc
    spans: list[Span]
    mentions: MentionArrays
    pairs: IntArray
    permitted: BoolArray


def pairs_of_mentions(mentions: MentionArrays, max_distance: int) -> Iterator[IntArray]:
    """Yield all pairs of mentions with at most `max_distance` tokens between them, in blocks.

    Shape of a block: (pairs, 2). A mention is not paired with itself. Mentions are sorted by start
    and paired only with nearby mentions, so memory is linear in the number of mentions.
    """
    order = np.argsort(mentions.start, kind="stable")
    last = np.searchsorted(mentions.start[order], mentions.end[order] + max_distance, side="right")
    reach = np.maximum(last - np.arange(len(order)) - 1, 0)
    for rows in _split_by_sum(reach, PAIRS_PER_BLOCK // 2):
        first = np.repeat(rows, reach[rows])
        second = first + 1 + concatenate_ranges(reach[rows])
        pairs = np.stack([order[first], order[second]], axis=1)
        yield np.concatenate([pairs, pairs[:, ::-1]])


def pairs_of_clusters(mentions: MentionArrays, max_distance: int) -> Iterator[IntArray]:
    """Yield all pairs of clusters with at most `max_distance` tokens between them, in blocks.

    Shape of a block: (pairs, 2). A pair of clusters is represented by their nearest mentions. A
    cluster is also paired with itself; the head and the tail of this pair are its first mention.
    """
    size = len(mentions)
    _, cluster_sizes = np.unique(mentions.cluster, return_counts=True)
    by_cluster = np.lexsort((mentions.rank, mentions.cluster))
    begins = np.cumsum(cluster_sizes) - cluster_sizes
    for block in _split_by_sum(cluster_sizes * size, PAIRS_PER_BLOCK):
        if not len(block):
            continue
        last = block[-1]
        heads = by_cluster[begins[block[0]] : begins[last] + cluster_sizes[last]]
        distance = token_distances(mentions, heads[:, None], np.arange(size))
        head_cluster = mentions.cluster[heads, None]
        differs = head_cluster != mentions.cluster
        near = (distance <= max_distance) & (differs | (head_cluster == np.arange(size)))
        head_row, tail = np.nonzero(near)
        head = heads[head_row]
        key = mentions.cluster[head] * size + mentions.cluster[tail]
        nearest_first = np.lexsort((distance[head_row, tail], key))
        _, first = np.unique(key[nearest_first], return_index=True)
        yield np.stack([head, tail], axis=1)[nearest_first[first]]


def token_distances(mentions: MentionArrays, head: IntArray, tail: IntArray) -> IntArray:
    """Return the number of tokens between head and tail, 0 if the mentions touch or overlap."""
    after = mentions.start[tail] - mentions.end[head]
    before = mentions.start[head] - mentions.end[tail]
    return np.asarray(np.maximum(np.maximum(after, before), 0), dtype=np.int64)


def _split_by_sum(sizes: IntArray, limit: int) -> Iterator[IntArray]:
    """Yield groups of consecutive indices; the `sizes` of each group add up to about `limit`.

    An index with a size above `limit` may be a group of its own.
    """
    number = (np.cumsum(sizes) - 1) // limit
    yield from np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(number)) + 1)


def group_blocks(blocks: Iterable[Candidates]) -> Iterator[list[Candidates]]:
    """Yield the blocks in groups that are large enough for efficient use of the networks.

    Each group except the last contains at least `PAIRS_PER_BLOCK` pairs, and at least as many pairs
    as tokens. The networks encode all tokens of a doc once per group. With at least as many pairs
    as tokens, encoding the tokens takes no longer than scoring the pairs.
    """
    group: list[Candidates] = []
    pairs = tokens = 0
    for block in blocks:
        tokens += len(block.doc) if not group or group[-1].doc is not block.doc else 0
        group.append(block)
        pairs += len(block.pairs)
        if pairs >= max(PAIRS_PER_BLOCK, tokens):
            yield group
            group, pairs, tokens = [], 0, 0
    if group:
        yield group


def split_rows(scores: FloatArray, group: Sequence[Candidates]) -> list[FloatArray]:
    """Return the scores of a group, split into one array per block."""
    return np.split(scores, np.cumsum([len(block.pairs) for block in group])[:-1])
