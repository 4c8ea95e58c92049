"""Candidate pairs of mentions and their features, as arrays.

A pair is an ordered (head, tail) of mentions that stand at most `max_distance` tokens apart. Each
pair has a fixed number of feature
columns, every one a 64-bit hash of a template and what it saw; columns that saw nothing are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from spacy.attrs import DEP, LEMMA, LOWER, POS
from spacy.tokens import Doc, Span

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

BETWEEN = 12
"""Words between the mentions that are looked at, from each side of the gap."""
CLIMB = 6
"""Steps up the dependency tree that are looked at from each mention."""

_BINS = np.array([0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60])
_ONE, _TWO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The mentions of a doc, a row each: token offsets (end exclusive) and label hashes."""

    start: Ints
    end: Ints
    label: Hashes
    root: Ints

    @classmethod
    def of(cls, spans: Sequence[Span]) -> Mentions:
        """The arrays of some spans."""
        start = np.array([span.start for span in spans], dtype=np.int64)
        end = np.array([span.end for span in spans], dtype=np.int64)
        label = np.array([span.label for span in spans], dtype=np.uint64)
        root = np.array([span.root.i for span in spans], dtype=np.int64)
        return cls(start, end, label, root)

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is read of the tokens, a row each; `parent` is the syntactic head's index."""

    word: Hashes
    pos: Hashes
    dep: Hashes
    parent: Ints
    sentence: Ints

    @classmethod
    def of(cls, doc: Doc) -> Tokens:
        """The arrays of a doc; lemmas where it has them, else lower-case forms."""
        attribute = LEMMA if doc.has_annotation("LEMMA") else LOWER
        raw: npt.NDArray[Any] = doc.to_array([attribute, POS, DEP])
        columns: Hashes = raw.reshape(len(doc), 3).astype(np.uint64)
        parent = np.array([token.head.i for token in doc], dtype=np.int64)
        starts = np.array([bool(token.is_sent_start) for token in doc], dtype=np.int64)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2], parent, np.cumsum(starts))


def candidates(mentions: Mentions, max_distance: int) -> Ints:
    """The ordered pairs (head row, tail row) at most `max_distance` tokens apart: (pairs, 2).

    Only neighbours are walked, so memory is linear in the number of mentions as long as they are
    not all in one place.
    """
    order = np.argsort(mentions.start, kind="stable")
    starts = mentions.start[order]
    last = np.searchsorted(starts, mentions.end[order] + max_distance, side="right")
    reach = np.maximum(last - np.arange(len(order)) - 1, 0)
    left = np.repeat(np.arange(len(order)), reach)
    right = left + 1 + _ramp(reach)
    one, other = order[left], order[right]
    return np.concatenate([np.stack([one, other], 1), np.stack([other, one], 1)])


def _ramp(lengths: Ints) -> Ints:
    """0 … n-1 for each n of `lengths`, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)


def features(tokens: Tokens, mentions: Mentions, pairs: Ints) -> Hashes:
    """The hashed features, shape (pairs, columns); 0 stands for no feature."""
    if not len(pairs):
        return np.zeros((0, 0), dtype=np.uint64)
    view = _View(tokens, mentions, pairs)
    plain = [*view.shape(), *view.words(), *view.pattern(), *view.syntax()]
    typed = [_mix(number, view.types, column) for number, column in enumerate(plain, start=1000)]
    bags = [*view.between(), *view.symbols_between(), *view.climbs()]
    columns = [_mix(1, view.types), *typed]
    columns += [_mix(number, column) for number, column in enumerate(plain, start=2000)]
    columns = [column[:, None] for column in columns]
    for number, (bag, seen) in enumerate(bags, start=3000):
        columns.append(np.where(seen, _mix(number, bag), 0))
        columns.append(np.where(seen, _mix(number + 500, bag, view.types[:, None]), 0))
    return np.concatenate(columns, axis=1).astype(np.uint64)


class _View:
    """One doc's pairs seen from every side the templates look from."""

    def __init__(self, tokens: Tokens, mentions: Mentions, pairs: Ints) -> None:
        self.tokens, self.mentions = tokens, mentions
        self.head, self.tail = pairs[:, 0], pairs[:, 1]
        self.types = _mix(7, mentions.label[self.head], mentions.label[self.tail])
        start, end = mentions.start, mentions.end
        self.forward = start[self.head] <= start[self.tail]
        first = np.where(self.forward, self.head, self.tail)
        second = np.where(self.forward, self.tail, self.head)
        self.gap_start = end[first]
        self.gap_end = np.maximum(start[second], self.gap_start)
        self.nested = start[second] < end[first]
        self.same_sentence = (
            tokens.sentence[mentions.root[self.head]] == tokens.sentence[mentions.root[self.tail]]
        )
        self.roots = mentions.root[self.head], mentions.root[self.tail]
        self.symbols, at = _collapsed(tokens, mentions)
        self.left, self.right = at[start[first]] + 1, at[start[second]]

    def shape(self) -> list[Hashes]:
        """Order, nesting, distance, sentence, how many mentions stand between."""
        gap = self.gap_end - self.gap_start
        bucket = np.digitize(gap, _BINS)
        where = self.forward * 4 + self.nested * 2 + self.same_sentence
        starts = np.sort(self.mentions.start)
        between = np.searchsorted(starts, self.gap_end) - np.searchsorted(starts, self.gap_start)
        crowd = np.clip(between, 0, 6)
        columns = [where, where * 100 + bucket, where * 100 + crowd]
        return [column.astype(np.uint64) for column in columns]

    def words(self) -> list[Hashes]:
        """The mentions' head words, their neighbours, and the gap's whole string if short."""
        word, mentions = self.tokens.word, self.mentions
        side = self.forward.astype(np.uint64)
        columns = [word[root] for root in self.roots]
        for mention in (self.head, self.tail):
            before = self._at(word, mentions.start[mention] - 1)
            after = self._at(word, mentions.end[mention])
            columns += [_mix(1, side, before), _mix(2, side, after), _mix(3, before, after)]
        gap: Hashes = np.full(len(side), 5, dtype=np.uint64)
        for step in range(4):
            position = self.gap_start + step
            gap = np.where(position < self.gap_end, _mix(4, gap, self._at(word, position)), gap)
        short = self.gap_end - self.gap_start <= 4
        columns.append(np.where(short, _mix(5, gap, side), 1))
        return columns

    def pattern(self) -> list[Hashes]:
        """The gap as symbols: how it starts, how it ends, and all of it if short."""
        side = self.forward.astype(np.uint64)
        length = self.right - self.left
        start: Hashes = np.full(len(side), 6, dtype=np.uint64)
        end, whole = start + np.uint64(1), start + np.uint64(2)
        for step in range(8):
            symbol = self._at(self.symbols, self.left + step)
            whole = np.where(step < length, _mix(1, whole, symbol), whole)
            if step < 3:
                start = np.where(step < length, _mix(2, start, symbol), start)
                last = self._at(self.symbols, self.right - 1 - step)
                end = np.where(step < length, _mix(3, end, last), end)
        whole = np.where(length <= 8, _mix(4, whole, side), 1)
        return [_mix(5, start, side), _mix(6, end, side), whole]

    def symbols_between(self) -> list[tuple[Hashes, Bools]]:
        """The bag of the gap's symbols, with the order of the mentions."""
        position = self.left[:, None] + np.arange(2 * BETWEEN)
        symbols = self._at(self.symbols, position)
        side = self.forward.astype(np.uint64)[:, None]
        return [(_mix(2, symbols, side), position < self.right[:, None])]

    def syntax(self) -> list[Hashes]:
        """Dependency labels of both ends, their governors, and the labels of the path between."""
        dep, word = self.tokens.dep, self.tokens.word
        up = [self._ancestors(root) for root in self.roots]
        path = self._path(*up)
        governors = [word[self.tokens.parent[root]] for root in self.roots]
        deps = [dep[root] for root in self.roots]
        return [_mix(1, *deps), *governors, _mix(2, *governors), path, _mix(3, path, *governors)]

    def between(self) -> list[tuple[Hashes, Bools]]:
        """Bags of the words in the gap, from either side, with the order of the mentions."""
        steps = np.arange(BETWEEN)
        from_left = self.gap_start[:, None] + steps
        from_right = self.gap_end[:, None] - 1 - steps
        middle = (self.gap_start + BETWEEN)[:, None]
        bags = []
        for position, seen in (
            (from_left, from_left < self.gap_end[:, None]),
            (from_right, from_right >= middle),
        ):
            words = self._at(self.tokens.word, position)
            bags.append((_mix(1, words, self.forward.astype(np.uint64)[:, None]), seen))
        return bags

    def climbs(self) -> list[tuple[Hashes, Bools]]:
        """Bags of the words above each mention in the dependency tree, with their tags."""
        bags = []
        for number, root in enumerate(self.roots):
            above = self._ancestors(root)[:, 1:]
            seen = np.diff(self._ancestors(root), axis=1) != 0
            bags.append((_mix(number, self.tokens.word[above], self.tokens.pos[above]), seen))
        return bags

    def _ancestors(self, root: Ints) -> Ints:
        """Each root and its governors, upwards; the sentence's root repeats."""
        chain = [root]
        for _ in range(CLIMB):
            chain.append(self.tokens.parent[chain[-1]])
        return np.stack(chain, axis=1)

    def _path(self, head: Ints, tail: Ints) -> Hashes:
        """The dependency labels up from the head and down to the tail, hashed in order."""
        meets = head[:, :, None] == tail[:, None, :]
        steps = np.add.outer(np.arange(CLIMB + 1), np.arange(CLIMB + 1))
        cost = np.where(meets, steps, 99).reshape(len(head), -1)
        best = cost.argmin(axis=1)
        found = cost.min(axis=1) < 99
        up, down = np.divmod(best, CLIMB + 1)
        path: Hashes = np.full(len(head), 3, dtype=np.uint64)
        for chain, length, side in ((head, up, 1), (tail, down, 2)):
            for step in range(CLIMB):
                taken = step < length
                path = np.where(taken, _mix(side, path, self.tokens.dep[chain[:, step]]), path)
        return np.where(found, path, 1)

    def _at(self, column: Hashes, position: Ints) -> Hashes:
        """Values at token positions; 2 outside the doc."""
        inside = (position >= 0) & (position < len(column))
        return np.where(inside, column[np.clip(position, 0, len(column) - 1)], np.uint64(2))


def _collapsed(tokens: Tokens, mentions: Mentions) -> tuple[Hashes, Ints]:
    """The doc as symbols, each outermost mention one, its label; and each token's symbol."""
    words = len(tokens.word)
    cover = np.full(words, -1, dtype=np.int64)
    for row in np.argsort(mentions.start - mentions.end, kind="stable")[::-1]:
        cover[mentions.start[row] : mentions.end[row]] = row
    first = np.ones(words, dtype=bool)
    first[1:] = (cover[1:] != cover[:-1]) | (cover[1:] < 0)
    labels = np.append(mentions.label, np.uint64(0))
    symbols = np.where(cover >= 0, _mix(9, labels[cover]), tokens.word)
    return symbols[first], np.cumsum(first) - 1


def _mix(template: int, *columns: Hashes) -> Hashes:
    """One hash of a template's number and some columns, order kept."""
    with np.errstate(over="ignore"):
        state: Any = np.uint64(template + 1) * _ONE
        for column in columns:
            state = (state ^ column) * _TWO
            state = state ^ (state >> np.uint64(29))
        return np.asarray(state * _ONE, dtype=np.uint64)
