"""The context of candidate pairs: order, gap, symbols, and positions in the dependency tree."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from aloi.models.arrays import BoolArray, HashArray, IntArray
from aloi.models.relations.candidate_batch import CandidateBatch
from aloi.models.relations.hashing import hash_columns

GAP_WINDOW = 12
"""Features are computed from at most this many tokens at each end of the gap."""

MAX_ANCESTORS = 6
"""Features are computed from at most this many ancestors in the dependency tree."""


class PairContext:
    """The context of pairs, used to compute features: arrays with one row per pair.

    head, tail: rows of the mentions. types: a hash of the two entity labels. forward: whether the
    head starts before the tail or at the same token. order: `forward` as an unsigned integer, for
    hashing. gap_start, gap_end: the range of tokens between the mentions. gap: the number of these
    tokens. nested: whether the mentions overlap. roots: the syntactic heads of the mentions.
    same_sentence: whether the roots are in the same sentence. symbol_start, symbol_end: the range
    of the gap in `batch.symbols`. All ends are exclusive.
    """

    def __init__(self, batch: CandidateBatch, pairs: IntArray) -> None:
        self.batch = batch
        self.tokens, self.mentions = batch.tokens, batch.mentions
        self.head, self.tail = pairs[:, 0], pairs[:, 1]
        start, end = self.mentions.start, self.mentions.end
        self.types = hash_columns(7, self.mentions.label[self.head], self.mentions.label[self.tail])
        self.forward = start[self.head] <= start[self.tail]
        self.order = self.forward.astype(np.uint64)
        first = np.where(self.forward, self.head, self.tail)
        second = np.where(self.forward, self.tail, self.head)
        self.gap_start = end[first]
        self.gap_end = np.maximum(start[second], self.gap_start)
        self.gap = self.gap_end - self.gap_start
        self.nested = start[second] < end[first]
        self.roots = batch.roots[self.head], batch.roots[self.tail]
        sentence = self.tokens.sentence
        self.same_sentence = sentence[self.roots[0]] == sentence[self.roots[1]]
        self.symbol_start = batch.symbol_of_token[start[first]] + 1
        self.symbol_end = batch.symbol_of_token[start[second]]

    @cached_property
    def mentions_between(self) -> IntArray:
        """The number of mentions that start in the gap, clipped to 6."""
        between = self.batch.count_starts(self.gap_start, self.gap_end)
        return np.asarray(np.clip(between, 0, 6), dtype=np.int64)

    @cached_property
    def same_label_between(self) -> list[IntArray]:
        """Two counts of mentions that start in the gap, clipped to 3.

        1. mentions with the label of the head; 2. mentions with the label of the tail.
        """
        labels = (self.batch.label_numbers[rows] for rows in (self.head, self.tail))
        counts = (self.batch.count_label(label, self.gap_start, self.gap_end) for label in labels)
        return [np.minimum(count, 3) for count in counts]

    @cached_property
    def sentence_counts(self) -> list[IntArray]:
        """Five counts of mentions, clipped to 7.

        - mentions before the head in the sentence of the head;
        - mentions before the tail in the sentence of the tail;
        - mentions before the head, as above, with the label of the head;
        - mentions before the tail, as above, with the label of the tail;
        - all mentions in the sentence of the tail.
        """
        sentence, own_start = self.tokens.sentence, self.mentions.start
        before, same_label = [], []
        for rows in (self.head, self.tail):
            begin = np.searchsorted(sentence, sentence[own_start[rows]])
            before.append(self.batch.count_starts(begin, own_start[rows]))
            label = self.batch.label_numbers[rows]
            same_label.append(self.batch.count_label(label, begin, own_start[rows]))
        end = np.searchsorted(sentence, sentence[own_start[self.tail]], side="right")
        total = before[1] + self.batch.count_starts(own_start[self.tail], end)
        return [np.minimum(count, 7) for count in (*before, *same_label, total)]

    def gap_tokens(self) -> list[tuple[IntArray, BoolArray]]:
        """Return two windows of tokens: one at the left end and one at the right end of the gap.

        Each window is a tuple of token rows and a mask of the tokens that are in the gap. No token
        of the gap is in both windows. Shapes: (pairs, `GAP_WINDOW`).
        """
        steps = np.arange(GAP_WINDOW)
        from_left = self.gap_start[:, None] + steps
        from_right = self.gap_end[:, None] - 1 - steps
        middle = (self.gap_start + GAP_WINDOW)[:, None]
        return [(from_left, from_left < self.gap_end[:, None]), (from_right, from_right >= middle)]

    @cached_property
    def ancestors(self) -> tuple[IntArray, IntArray]:
        """The syntactic head of each mention, followed by its ancestors from the parent upwards.

        The first array is for the heads of the pairs, the second for the tails. If there are fewer
        ancestors, the root of the sentence is repeated. Shapes: (pairs, `MAX_ANCESTORS` + 1).
        """
        head, tail = (self._climb(root) for root in self.roots)
        return head, tail

    def _climb(self, root: IntArray) -> IntArray:
        chain = [root]
        for _ in range(MAX_ANCESTORS):
            chain.append(self.tokens.parent[chain[-1]])
        return np.stack(chain, axis=1)

    def dependency_path(self) -> HashArray:
        """Return a hash of the dependency labels on the path between the roots, 1 without a path.

        The path has two parts: from the root of the head up to the lowest common ancestor, and from
        the root of the tail up to the same ancestor.
        """
        head, tail = self.ancestors
        meets = head[:, :, None] == tail[:, None, :]
        steps = np.add.outer(np.arange(MAX_ANCESTORS + 1), np.arange(MAX_ANCESTORS + 1))
        cost = np.where(meets, steps, 99).reshape(len(head), -1)
        has_path = cost.min(axis=1) < 99
        up, down = np.divmod(cost.argmin(axis=1), MAX_ANCESTORS + 1)
        path: HashArray = np.full(len(head), 3, dtype=np.uint64)
        for chain, length, template in ((head, up, 1), (tail, down, 2)):
            for step in range(MAX_ANCESTORS):
                extended = hash_columns(template, path, self.tokens.dep[chain[:, step]])
                path = np.where(step < length, extended, path)
        return np.where(has_path, path, 1)
