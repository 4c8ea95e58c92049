"""The positions of candidate pairs: gap, order, symbols, and places in the dependency tree."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from aloi.models.arrays import BoolArray, HashArray, IntArray
from aloi.models.relations.candidate_batch import CandidateBatch
from aloi.models.relations.hashing import hash_columns

GAP_WINDOW = 12
"""The number of tokens at each end of the gap that features are computed from."""

MAX_ANCESTORS = 6
"""The number of ancestors in the dependency tree that features are computed from."""


class PairContext:
    """Pairs of a batch with the positions that features are computed from, a row for each pair.

    head, tail: rows of the mentions. forward: whether the head starts first; order: `forward` as an
    unsigned integer, for hashing. gap_start, gap_end: the tokens between the mentions; gap: their
    number. nested: whether the mentions overlap. roots: the syntactic heads of head and tail.
    symbol_start, symbol_end: the gap in `batch.symbols`. All ends are exclusive.
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
        """The number of mentions that start in the gap, at most 6."""
        between = self.batch.count_starts(self.gap_start, self.gap_end)
        return np.asarray(np.clip(between, 0, 6), dtype=np.int64)

    @cached_property
    def same_label_between(self) -> list[IntArray]:
        """The mentions in the gap with the head's label, and with the tail's; at most 3 each."""
        labels = (self.batch.label_numbers[rows] for rows in (self.head, self.tail))
        counts = (self.batch.count_label(label, self.gap_start, self.gap_end) for label in labels)
        return [np.minimum(count, 3) for count in counts]

    @cached_property
    def sentence_counts(self) -> list[IntArray]:
        """Five counts of mentions in the sentence, at most 7 each.

        Mentions before the head; before the tail; before the head with its label; before the tail
        with its label; and all mentions of the tail's sentence.
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
        """Return the tokens at the left and the right end of the gap: (pairs, `GAP_WINDOW`) each.

        The second array of each tuple says which of the tokens are in the gap; a token is in at
        most one of the two windows.
        """
        steps = np.arange(GAP_WINDOW)
        from_left = self.gap_start[:, None] + steps
        from_right = self.gap_end[:, None] - 1 - steps
        middle = (self.gap_start + GAP_WINDOW)[:, None]
        return [(from_left, from_left < self.gap_end[:, None]), (from_right, from_right >= middle)]

    @cached_property
    def ancestors(self) -> tuple[IntArray, IntArray]:
        """The root of head and tail with its ancestors, upwards: (pairs, `MAX_ANCESTORS` + 1) each.

        The root of the sentence is repeated.
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

        The path goes up from the head to the lowest common ancestor, and up from the tail to it.
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
