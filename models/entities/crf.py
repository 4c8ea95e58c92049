"""A linear-chain conditional random field over the tags of mentions.

Source: Lafferty, McCallum and Pereira 2001; forward and backward messages are scaled at each step
(Rabiner 1989), so that nothing under- or overflows. Tags are BILOU's: a mention begins, goes on
and ends, or is one unit; all that breaks this order has probability 0. A sequence's score is the
sum of its tags' emissions and of the transitions between neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

IMPOSSIBLE = -1e4
"""The score of a forbidden transition: its exponential is 0, and sums stay finite."""


FAINT = -100.0
"""No tag is held less likely than this beside a token's likeliest: so no step sums to 0."""


class Stretch(NamedTuple):
    """A labelled run of tokens, from `start` to `end`, exclusive."""

    start: int
    end: int
    label: str

    def moved(self, by: int) -> Stretch:
        """The same run so many tokens further on."""
        return Stretch(self.start + by, self.end + by, self.label)


@dataclass(frozen=True)
class Tags:
    """The tags for some labels, numbered: 0 is outside, then B, I, L, U of each label in turn."""

    labels: tuple[str, ...]

    def __len__(self) -> int:
        return 1 + 4 * len(self.labels)

    def begin(self, label: str) -> int:
        """The number of a label's B; I, L and U follow it."""
        return 1 + 4 * self.labels.index(label)

    @cached_property
    def follows(self) -> Bools:
        """Which tag may follow which: shape (tags, tags), rows before columns."""
        number = np.arange(len(self))
        part, label = (number - 1) % 4, (number - 1) // 4
        inside = (number > 0) & (part < 2)  # after B or I
        goes_on = (number > 0) & ((part == 1) | (part == 2))
        same = label[:, None] == label[None, :]
        allowed: Bools = np.where(inside[:, None], goes_on & same, ~goes_on)
        return allowed

    @cached_property
    def first(self) -> Bools:
        """Which tags a sequence may start with."""
        after_outside: Bools = self.follows[0]
        return after_outside

    @cached_property
    def last(self) -> Bools:
        """Which tags a sequence may end with."""
        return self.follows[:, 0]

    def encode(self, length: int, mentions: Iterable[Stretch]) -> Ints:
        """The tags of a sequence of tokens with these mentions, none of which overlap."""
        tags = np.zeros(length, dtype=np.int64)
        for start, end, label in mentions:
            begin = self.begin(label)
            tags[start:end] = begin + 1
            tags[start], tags[end - 1] = begin, begin + 2
            if end - start == 1:
                tags[start] = begin + 3
        return tags

    def decode(self, tags: Sequence[int]) -> list[Stretch]:
        """The mentions of a sequence of tags in a permitted order."""
        found, start = [], 0
        for place, tag in enumerate(tags):
            part = (tag - 1) % 4
            if tag and part in (0, 3):
                start = place
            if tag and part > 1:
                found.append(Stretch(start, place + 1, self.labels[(tag - 1) // 4]))
        return found


@dataclass(frozen=True)
class Lattice:
    """All taggings of one sequence, weighed: emissions (tokens, tags), transitions (tags, tags)."""

    tags: Tags
    emissions: Floats
    transitions: Floats

    @cached_property
    def steps(self) -> Floats:
        """The transitions, forbidden ones impossible."""
        return np.where(self.tags.follows, self.transitions, np.float32(IMPOSSIBLE))

    def best(self) -> Ints:
        """The likeliest tagging (Viterbi 1967)."""
        scores, into = self.emissions, np.ascontiguousarray(self.steps.T)
        came_from = np.zeros(scores.shape, dtype=np.int64)
        every = np.arange(scores.shape[1])
        score = np.where(self.tags.first, scores[0], IMPOSSIBLE)
        for place in range(1, len(scores)):
            reached = into + score
            came_from[place] = reached.argmax(axis=1)
            score = reached[every, came_from[place]] + scores[place]
        path = np.empty(len(scores), dtype=np.int64)
        path[-1] = np.where(self.tags.last, score, 2 * IMPOSSIBLE).argmax()
        for place in range(len(scores) - 1, 0, -1):
            path[place - 1] = came_from[place, path[place]]
        return path

    @cached_property
    def messages(self) -> Messages:
        """What is known of each token's tag from the left and from the right."""
        weight = np.exp(self.steps.astype(np.float64))
        top = self.emissions.max(axis=1, keepdims=True)
        local = np.exp(np.maximum(self.emissions - top, FAINT).astype(np.float64))
        left, right = np.empty_like(local), np.empty_like(local)
        scale = np.empty(len(local))
        message = local[0] * self.tags.first
        for place in range(len(local)):
            if place:
                message = (left[place - 1] @ weight) * local[place]
            scale[place] = message.sum()
            left[place] = message / scale[place]
        right[-1] = self.tags.last / (left[-1] @ self.tags.last)
        for place in range(len(local) - 2, -1, -1):
            right[place] = weight @ (local[place + 1] * right[place + 1]) / scale[place + 1]
        total = np.log(scale).sum() + np.log(left[-1] @ self.tags.last) + top.sum()
        return Messages(left, right, local / scale[:, None], weight, float(total))

    def loss(self, truth: Ints) -> tuple[float, Floats, Floats]:
        """The negative log-likelihood of a tagging, and its gradients.

        They are with regard to the emissions and to the transitions.
        """
        told = self.messages
        emissions = told.left * told.right
        pairs = (told.left[:-1].T @ (told.local[1:] * told.right[1:])) * told.weight
        places = np.arange(len(truth))
        score = self.emissions[places, truth].sum() + self.steps[truth[:-1], truth[1:]].sum()
        emissions[places, truth] -= 1
        np.subtract.at(pairs, (truth[:-1], truth[1:]), 1)
        return told.total - float(score), emissions.astype(np.float32), pairs.astype(np.float32)

    def probability(self, mention: Stretch) -> float:
        """How probable it is that exactly this mention stands there, 0 to 1."""
        start, end, label = mention
        tags = self.tags.encode(end - start, [Stretch(0, end - start, label)])
        told = self.messages
        inner = np.arange(start + 1, end)
        path = told.weight[tags[:-1], tags[1:]] * told.local[inner, tags[1:]]
        chance = told.left[start, tags[0]] * path.prod() * told.right[end - 1, tags[-1]]
        return min(float(chance), 1.0)

    def mentions(self, *, least: float) -> dict[Stretch, float]:
        """Each mention that is at least so probable, with its probability, 0 to 1."""
        told, names = self.messages, self.tags.labels
        begin = 1 + 4 * np.arange(len(names))
        sure = told.left * told.right
        found = {
            Stretch(start, start + 1, names[label]): sure[start, begin[label] + 3]
            for start, label in np.argwhere(sure[:, begin + 3] >= least).tolist()
        }
        start, label = np.nonzero(sure[:, begin] >= least)
        tag, place = begin[label], start
        mass = told.left[start, tag]  # of the readings in which the mention begins and goes on
        while len(start):
            kept = place + 1 < len(sure)
            start, label, tag, place, mass = (x[kept] for x in (start, label, tag, place + 1, mass))
            go_on, end = begin[label] + 1, begin[label] + 2
            ends = mass * told.weight[tag, end] * told.local[place, end] * told.right[place, end]
            for row in np.flatnonzero(ends >= least).tolist():
                found[Stretch(int(start[row]), int(place[row]) + 1, names[label[row]])] = ends[row]
            mass, tag = mass * told.weight[tag, go_on] * told.local[place, go_on], go_on
            kept = mass * told.right[place, tag] >= least
            start, label, tag, place, mass = (x[kept] for x in (start, label, tag, place, mass))
        return {mention: min(float(chance), 1.0) for mention, chance in found.items()}


class Messages(NamedTuple):
    """Scaled messages, shape (tokens, tags).

    left: the probability of each tag given the tokens up to its own. right: by what the tokens
    after it multiply that. local: emissions' weights, scaled. weight: transitions' weights.
    total: the logarithm of the sum over all taggings.
    """

    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    local: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    total: float
