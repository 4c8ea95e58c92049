"""What is seen of pairs of mentions, as arrays: hashed features and dense vectors.

Hashed features: each pair has a fixed number of columns, every one a 64-bit hash of a template and
what it saw; columns that saw nothing are 0. Dense ones: types, and what `View.shape` counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from aloi.models.relations.candidates import Bools, Floats, Hashes, Ints, MentionArrays, TokenArrays

if TYPE_CHECKING:
    from aloi.models.relations.component import Proposal

BETWEEN = 12
"""Words between the mentions that are looked at, from each side of the gap."""
CLIMB = 6
"""Steps up the dependency tree that are looked at from each mention."""
NAMES = 8
"""Mentions of one thing that are looked at."""

_BINS = np.array([0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60, 90])
BUCKETS = 4 + (len(_BINS) + 1) + 7 + 7 * 8
"""Columns of `View.buckets`."""
TRAITS = 2 * 64 + BUCKETS
"""Columns of `View.traits`."""
READ = 64 + 2
"""Columns of `Scene.reading` beside a token's vector."""

_ONE, _TWO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass(frozen=True)
class Scene:
    """The tokens and mentions of some proposals in one table, and their pairs."""

    tokens: TokenArrays
    mentions: MentionArrays
    pairs: Ints

    @classmethod
    def of(cls, proposals: Sequence[Proposal], *, width: int = 0, static: int = 0) -> Self:
        """All proposals in one, those of one doc side by side; vectors have the given widths."""
        first = [
            n for n, each in enumerate(proposals) if not n or each.doc is not proposals[n - 1].doc
        ]
        own = [proposals[n] for n in first]
        tokens = TokenArrays.of([each.doc for each in own], width=width, static=static)
        sizes = np.array([len(each.mentions) for each in own], dtype=np.int64)
        begins = np.cumsum(sizes) - sizes
        found = [each.mentions for each in own]
        shift = np.repeat(tokens.offset, sizes)
        mentions = MentionArrays(
            np.concatenate([each.start for each in found]) + shift,
            np.concatenate([each.end for each in found]) + shift,
            np.concatenate([each.label for each in found]),
            np.concatenate([each.thing for each in found]) + np.repeat(begins, sizes),
        )
        begin = np.repeat(begins, np.diff([*first, len(proposals)]))
        pairs = [each.pairs + number for each, number in zip(proposals, begin, strict=True)]
        return cls(tokens, mentions, np.concatenate(pairs))

    def view(self, start: int, end: int) -> View:
        """Some of the pairs, to be looked at."""
        return View(self, self.pairs[start:end])

    @cached_property
    def starts(self) -> Ints:
        """Where mentions start, sorted."""
        return np.sort(self.mentions.start)

    @cached_property
    def kinds(self) -> Ints:
        """A number for each mention's label."""
        _, numbers = np.unique(self.mentions.label, return_inverse=True)
        return numbers.astype(np.int64)

    def count(self, kind: Ints, start: Ints, end: Ints) -> Ints:
        """How many mentions of a kind start in a stretch, for each row."""
        size = len(self.tokens.word) + 1
        return self._before(kind * size + end) - self._before(kind * size + start)

    def _before(self, key: Ints) -> Ints:
        return np.asarray(np.searchsorted(self._keys, key), dtype=np.int64)

    @cached_property
    def _keys(self) -> Ints:
        return np.sort(self.kinds * (len(self.tokens.word) + 1) + self.mentions.start)

    @cached_property
    def roots(self) -> Ints:
        """Each mention's head: its first token whose governor is itself or outside."""
        start, size = self.mentions.start, self.mentions.end - self.mentions.start
        mention = np.repeat(np.arange(len(size)), size)
        token = np.arange(len(mention)) - np.repeat(np.cumsum(size) - size, size) + start[mention]
        parent = self.tokens.parent[token]
        top = (parent < start[mention]) | (parent >= self.mentions.end[mention]) | (parent == token)
        which, first = np.unique(mention[top], return_index=True)
        roots = start.copy()
        roots[which] = token[top][first]
        return roots

    @cached_property
    def cover(self) -> tuple[Ints, Bools]:
        """The outermost mention around each token, -1 if there is none; does something begin there?

        A mention begins at its first token, and every token outside mentions is something.
        """
        mentions = self.mentions
        cover = np.full(len(self.tokens.word), -1, dtype=np.int64)
        for row in np.argsort(mentions.start - mentions.end, kind="stable")[::-1].tolist():
            cover[mentions.start[row] : mentions.end[row]] = row
        first = np.ones(len(cover), dtype=bool)
        first[1:] = (cover[1:] != cover[:-1]) | (cover[1:] < 0)
        return cover, first

    @cached_property
    def labels(self) -> Hashes:
        """The label of the outermost mention around each token, 0 if there is none."""
        return np.append(self.mentions.label, np.uint64(0))[self.cover[0]]

    @cached_property
    def collapsed(self) -> tuple[Hashes, Ints]:
        """The text as symbols, each outermost mention one, its label; and each token's symbol."""
        cover, first = self.cover
        symbols = np.where(cover >= 0, mix(9, self.labels), self.tokens.word)
        return symbols[first], np.cumsum(first) - 1

    def reading(self) -> Floats:
        """What is read of each token: its vector, and the outermost mention that it stands in.

        Of the mention the label, and whether it begins: (rows of `tokens`, widths + `READ`).
        """
        cover, first = self.cover
        inside = (cover >= 0)[:, None]
        mention = [_signs(self.labels) * inside, inside, inside & first[:, None]]
        return np.concatenate([self.tokens.vector, *mention], axis=1, dtype=np.float32)

    @cached_property
    def fellows(self) -> Ints:
        """For each mention the first `NAMES` mentions of its thing, -1 where there are no more."""
        rank, thing = self.mentions.rank, self.mentions.thing
        order = np.lexsort((rank, thing))
        _, begin, size = np.unique(thing[order], return_index=True, return_counts=True)
        steps = np.arange(min(NAMES, int(size.max(initial=1))))
        rows = order[np.minimum(begin[:, None] + steps, len(order) - 1)]
        rows = np.where(steps < size[:, None], rows, -1)
        return rows[np.searchsorted(thing[order][begin], thing)]


class View:
    """Pairs seen from every side the templates look from."""

    def __init__(self, scene: Scene, pairs: Ints) -> None:
        self.scene = scene
        self.tokens, self.mentions = scene.tokens, scene.mentions
        self.head, self.tail = pairs[:, 0], pairs[:, 1]
        start, end = self.mentions.start, self.mentions.end
        self.types = mix(7, self.mentions.label[self.head], self.mentions.label[self.tail])
        self.forward = start[self.head] <= start[self.tail]
        first = np.where(self.forward, self.head, self.tail)
        second = np.where(self.forward, self.tail, self.head)
        self.gap_start = end[first]
        self.gap_end = np.maximum(start[second], self.gap_start)
        self.gap = self.gap_end - self.gap_start
        self.nested = start[second] < end[first]
        self.roots = scene.roots[self.head], scene.roots[self.tail]
        sentence = self.tokens.sentence
        self.same_sentence = sentence[self.roots[0]] == sentence[self.roots[1]]
        self.symbols, at = scene.collapsed
        self.left, self.right = at[start[first]] + 1, at[start[second]]
        self.side = self.forward.astype(np.uint64)

    def features(self) -> Hashes:
        """The hashed features, shape (pairs, columns); 0 stands for no feature."""
        plain = [*self.shape(), *self.words(), *self.pattern(), *self.syntax()]
        bags = [*self.between(), *self.symbols_between(), *self.climbs(), *self.names()]
        width = 1 + 2 * len(plain) + 2 * sum(bag.shape[1] for bag, _ in bags)
        columns = np.zeros((width, len(self.head)), dtype=np.uint64)
        columns[0] = mix(1, self.types)
        for number, column in enumerate(plain):
            columns[1 + 2 * number] = mix(1000 + number, self.types, column)
            columns[2 + 2 * number] = mix(2000 + number, column)
        row = 1 + 2 * len(plain)
        for number, (bag, seen) in enumerate(bags):
            for cells in (mix(3000 + number, bag), mix(3500 + number, bag, self.types[:, None])):
                columns[row : row + bag.shape[1]] = (cells * seen).T
                row += bag.shape[1]
        return columns.T

    def traits(self) -> Floats:
        """Types and buckets, for a neural model: (pairs, `TRAITS`)."""
        types = [_signs(self.mentions.label[rows]) for rows in (self.head, self.tail)]
        return np.concatenate([*types, self.buckets()], axis=1)

    def crowd(self) -> Ints:
        """How many mentions start between, six at most."""
        starts = self.scene.starts
        between = np.searchsorted(starts, self.gap_end) - np.searchsorted(starts, self.gap_start)
        return np.asarray(np.clip(between, 0, 6), dtype=np.int64)

    @cached_property
    def rivals(self) -> list[Ints]:
        """How many mentions of the head's kind stand between, and of the tail's; three at most."""
        kinds = (self.scene.kinds[rows] for rows in (self.head, self.tail))
        found = (self.scene.count(kind, self.gap_start, self.gap_end) for kind in kinds)
        return [np.minimum(each, 3) for each in found]

    @cached_property
    def places(self) -> list[Ints]:
        """How many mentions come before in the sentence: before the head, before the tail, of the
        head's kind, of the tail's, and in all; seven at most."""
        sentence, starts, own = self.tokens.sentence, self.scene.starts, self.mentions.start
        before, alike = [], []
        for rows in (self.head, self.tail):
            begin = np.searchsorted(sentence, sentence[own[rows]])
            before.append(np.searchsorted(starts, own[rows]) - np.searchsorted(starts, begin))
            alike.append(self.scene.count(self.scene.kinds[rows], begin, own[rows]))
        end = np.searchsorted(sentence, sentence[own[self.tail]], side="right")
        rest = np.searchsorted(starts, end) - np.searchsorted(starts, own[self.tail])
        return [np.minimum(each, 7) for each in (*before, *alike, before[1] + rest)]

    def shape(self) -> list[Hashes]:
        """Order, nesting, distance, sentence, and what other mentions stand where."""
        bucket = np.digitize(self.gap, _BINS)
        itself = self.head == self.tail
        where = itself * 8 + self.forward * 4 + self.nested * 2 + self.same_sentence
        columns = [where, where * 100 + bucket, where * 100 + self.crowd()]
        (of_head, of_tail), places = self.rivals, self.places
        columns.append(where * 100 + of_head * 10 + of_tail)
        columns.append(where * 100 + np.minimum(places[0], 4) * 10 + np.minimum(places[1], 4))
        columns.append(where * 100 + np.minimum(places[2], 3) * 10 + np.minimum(places[3], 3))
        columns.append(where * 100 + places[4])
        return [column.astype(np.uint64) for column in columns]

    def words(self) -> list[Hashes]:
        """The mentions' head words, their neighbours, and the gap's whole string if short."""
        word, mentions = self.tokens.word, self.mentions
        columns = [word[root] for root in self.roots]
        for mention in (self.head, self.tail):
            before, after = word[mentions.start[mention] - 1], word[mentions.end[mention]]
            columns += [mix(1, self.side, before), mix(2, self.side, after), mix(3, before, after)]
        gap: Hashes = np.full(len(self.side), 5, dtype=np.uint64)
        for step in range(4):
            gap = np.where(step < self.gap, mix(4, gap, self._at(word, self.gap_start + step)), gap)
        columns.append(np.where(self.gap <= 4, mix(5, gap, self.side), 1))
        return columns

    def pattern(self) -> list[Hashes]:
        """The gap as symbols: how it starts, how it ends, and all of it if short."""
        length = self.right - self.left
        start: Hashes = np.full(len(self.side), 6, dtype=np.uint64)
        end, whole = start + np.uint64(1), start + np.uint64(2)
        for step in range(8):
            symbol = self._at(self.symbols, self.left + step)
            whole = np.where(step < length, mix(1, whole, symbol), whole)
            if step < 3:
                start = np.where(step < length, mix(2, start, symbol), start)
                last = self._at(self.symbols, self.right - 1 - step)
                end = np.where(step < length, mix(3, end, last), end)
        whole = np.where(length <= 8, mix(4, whole, self.side), 1)
        return [mix(5, start, self.side), mix(6, end, self.side), whole]

    def symbols_between(self) -> list[tuple[Hashes, Bools]]:
        """The bag of the gap's symbols, with the order of the mentions."""
        position = self.left[:, None] + np.arange(2 * BETWEEN)
        symbols = self._at(self.symbols, position)
        return [(mix(2, symbols, self.side[:, None]), position < self.right[:, None])]

    def syntax(self) -> list[Hashes]:
        """Dependency labels of both ends, their governors, and the labels of the path between."""
        dep, word = self.tokens.dep, self.tokens.word
        path = self._path()
        governors = [word[self.tokens.parent[root]] for root in self.roots]
        deps = [dep[root] for root in self.roots]
        return [mix(1, *deps), *governors, mix(2, *governors), path, mix(3, path, *governors)]

    def gap_places(self) -> list[tuple[Ints, Bools]]:
        """Tokens of the gap, from its left and from its right, and which of them are in it.

        None is there twice: (pairs, `BETWEEN`) each.
        """
        steps = np.arange(BETWEEN)
        from_left = self.gap_start[:, None] + steps
        from_right = self.gap_end[:, None] - 1 - steps
        middle = (self.gap_start + BETWEEN)[:, None]
        return [(from_left, from_left < self.gap_end[:, None]), (from_right, from_right >= middle)]

    def between(self) -> list[tuple[Hashes, Bools]]:
        """Bags of the words in the gap, from either side, with the order of the mentions."""
        word, side = self.tokens.word, self.side[:, None]
        return [(mix(1, self._at(word, at), side), seen) for at, seen in self.gap_places()]

    def climbs(self) -> list[tuple[Hashes, Bools]]:
        """Bags of the words above each mention in the dependency tree, with their tags."""
        bags = []
        for number, chain in enumerate(self.ancestors):
            above = chain[:, 1:]
            words = mix(number, self.tokens.word[above], self.tokens.pos[above])
            bags.append((words, np.diff(chain, axis=1) != 0))
        return bags

    def names(self) -> list[tuple[Hashes, Bools]]:
        """Bags of the head words of all mentions of a thing and the words beside them."""
        if self.scene.fellows.shape[1] == 1:
            return []
        word, mentions = self.tokens.word, self.mentions
        bags: list[tuple[Hashes, Bools]] = []
        for number, mention in enumerate((self.head, self.tail)):
            rows = self.scene.fellows[mention]
            before, after = word[mentions.start[rows] - 1], word[mentions.end[rows]]
            columns = word[self.scene.roots[rows]], mix(1, before), mix(2, after)
            bags += [(mix(number, column), rows >= 0) for column in columns]
        return bags

    @cached_property
    def ancestors(self) -> tuple[Ints, Ints]:
        """Each root and its governors, upwards; the sentence's root repeats."""
        head, tail = (self._ancestors(root) for root in self.roots)
        return head, tail

    def _ancestors(self, root: Ints) -> Ints:
        chain = [root]
        for _ in range(CLIMB):
            chain.append(self.tokens.parent[chain[-1]])
        return np.stack(chain, axis=1)

    def _path(self) -> Hashes:
        """The dependency labels up from the head and down to the tail, hashed in order."""
        head, tail = self.ancestors
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
                path = np.where(taken, mix(side, path, self.tokens.dep[chain[:, step]]), path)
        return np.where(found, path, 1)

    def buckets(self) -> Floats:
        """What `shape` sees, a column for each value: 1 or 0."""
        rows, bins = np.arange(len(self.gap)), len(_BINS) + 1
        found = np.zeros((len(rows), BUCKETS), dtype=np.float32)
        flags = (self.forward, self.nested, self.same_sentence, self.head == self.tail)
        found[:, :4] = np.stack(flags, axis=1)
        found[rows, 4 + np.digitize(self.gap, _BINS)] = 1
        found[rows, 4 + bins + self.crowd()] = 1
        for number, place in enumerate((*self.rivals, *self.places)):
            found[rows, 4 + bins + 7 + 8 * number + place] = 1
        return found

    def _at(self, column: Hashes, position: Ints) -> Hashes:
        """Values at positions, which may lie outside."""
        return column[np.clip(position, 0, len(column) - 1)]


def mix(template: int, *columns: Hashes) -> Hashes:
    """One hash of a template's number and some columns, order kept."""
    state: Any = np.uint64((template + 1) * int(_ONE) % 2**64)
    with np.errstate(over="ignore"):
        for column in columns:
            state = (state ^ column) * _TWO
            state = state ^ (state >> np.uint64(29))
        return np.asarray(state * _ONE, dtype=np.uint64)


def _signs(hashes: Hashes) -> Floats:
    """The 64 bits of each hash as 1 and -1: far apart for any two labels."""
    bits = np.unpackbits(hashes[:, None].view(np.uint8), axis=1)
    return np.asarray(bits, dtype=np.float32) * 2 - 1
