"""A linear-chain conditional random field over BILOU tags.

Source: Lafferty, McCallum and Pereira 2001. The score of a tag sequence is the sum of two parts:
the emission scores of its tags, and the scores of the transitions between neighbouring tags. An
invalid BILOU sequence has probability 0. To prevent underflow and overflow, forward and backward
messages are scaled at each token (Rabiner 1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from aloi.models.arrays import DoubleArray, FloatArray, IntArray
from aloi.models.entities.bilou import BilouTags, TokenSpan

IMPOSSIBLE = -1e4
"""The score of a forbidden transition: finite, but low enough for its exponential to be 0."""

MIN_LOG_POTENTIAL = -100.0
"""A lower bound on the score of a tag relative to the best tag of the token.

The bound keeps the sums over tags greater than 0.
"""


class Messages(NamedTuple):
    """The scaled messages of the forward-backward algorithm.

    forward: for each token, the probability of each tag, given this token and the tokens before it.
    backward: the factor by which the forward probability changes if the following tokens are also
    given. potentials: scaled exponentials of the emissions. Shape of these three arrays: (tokens,
    tags). transitions: exponentials of the transition scores. Shape: (tags, tags). log_partition:
    the logarithm of the sum of exp(score) over all tag sequences.
    """

    forward: DoubleArray
    backward: DoubleArray
    potentials: DoubleArray
    transitions: DoubleArray
    log_partition: float


@dataclass(frozen=True)
class Lattice:
    """All tag sequences for a span of tokens, with their scores.

    emissions: a score for each token and tag. Shape: (tokens, tags). transitions: a score for each
    pair of neighbouring tags. Shape: (tags, tags).
    """

    tags: BilouTags
    emissions: FloatArray
    transitions: FloatArray

    @cached_property
    def masked_transitions(self) -> FloatArray:
        """The transition scores; forbidden transitions have the score `IMPOSSIBLE`."""
        return np.where(self.tags.allowed, self.transitions, np.float32(IMPOSSIBLE))

    def best(self) -> IntArray:
        """Return the most probable tag sequence (Viterbi 1967). Shape: (tokens,)."""
        emissions, incoming = self.emissions, np.ascontiguousarray(self.masked_transitions.T)
        previous = np.zeros(emissions.shape, dtype=np.int64)
        tags = np.arange(emissions.shape[1])
        score = np.where(self.tags.allowed_first, emissions[0], IMPOSSIBLE)
        for token in range(1, len(emissions)):
            candidates = incoming + score
            previous[token] = candidates.argmax(axis=1)
            score = candidates[tags, previous[token]] + emissions[token]
        path = np.empty(len(emissions), dtype=np.int64)
        path[-1] = np.where(self.tags.allowed_last, score, 2 * IMPOSSIBLE).argmax()
        for token in range(len(emissions) - 1, 0, -1):
            path[token - 1] = previous[token, path[token]]
        return path

    @cached_property
    def messages(self) -> Messages:
        """The messages of the forward-backward algorithm."""
        transitions = np.exp(self.masked_transitions.astype(np.float64))
        top = self.emissions.max(axis=1, keepdims=True)
        relative = np.maximum(self.emissions - top, MIN_LOG_POTENTIAL)
        potentials = np.exp(relative.astype(np.float64))
        forward, scale = self._forward(potentials, transitions)
        backward = np.empty_like(potentials)
        backward[-1] = self.tags.allowed_last / (forward[-1] @ self.tags.allowed_last)
        for token in range(len(potentials) - 2, -1, -1):
            incoming = potentials[token + 1] * backward[token + 1]
            backward[token] = transitions @ incoming / scale[token + 1]
        total = np.log(scale).sum() + np.log(forward[-1] @ self.tags.allowed_last) + top.sum()
        return Messages(
            forward, backward, potentials / scale[:, None], transitions, log_partition=float(total)
        )

    def _forward(
        self, potentials: DoubleArray, transitions: DoubleArray
    ) -> tuple[DoubleArray, DoubleArray]:
        """Return the scaled forward messages and the scaling factors.

        Shapes: (tokens, tags) and (tokens,).
        """
        forward, scale = np.empty_like(potentials), np.empty(len(potentials))
        message = potentials[0] * self.tags.allowed_first
        for token in range(len(potentials)):
            if token:
                message = (forward[token - 1] @ transitions) * potentials[token]
            scale[token] = message.sum()
            forward[token] = message / scale[token]
        return forward, scale

    def loss(self, gold: IntArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the loss and its two gradients; the loss is the negative log-likelihood of `gold`.

        gold: the tag of each token. The first gradient is with respect to the emissions, the second
        with respect to the transitions. Shapes: (tokens, tags) and (tags, tags).
        """
        forward, backward, potentials, transitions, log_partition = self.messages
        d_emissions = forward * backward
        d_transitions = (forward[:-1].T @ (potentials[1:] * backward[1:])) * transitions
        tokens = np.arange(len(gold))
        before, after = gold[:-1], gold[1:]
        score = self.emissions[tokens, gold].sum() + self.masked_transitions[before, after].sum()
        d_emissions[tokens, gold] -= 1
        np.subtract.at(d_transitions, (before, after), 1)
        loss = log_partition - float(score)
        return loss, d_emissions.astype(np.float32), d_transitions.astype(np.float32)

    def probability(self, mention: TokenSpan) -> float:
        """Return the probability, 0 to 1, of a mention with exactly this span and this label."""
        start, end, label = mention
        tags = self.tags.encode(end - start, [TokenSpan(0, end - start, label)])
        forward, backward, potentials, transitions, _ = self.messages
        inner = np.arange(start + 1, end)
        path = transitions[tags[:-1], tags[1:]] * potentials[inner, tags[1:]]
        probability = forward[start, tags[0]] * path.prod() * backward[end - 1, tags[-1]]
        return min(float(probability), 1.0)

    def mentions(self, *, min_probability: float) -> dict[TokenSpan, float]:
        """Return the probabilities of mentions, by mention.

        Mentions with a probability below `min_probability` are omitted.
        """
        probabilities = {
            **self._one_token_mentions(min_probability),
            **self._longer_mentions(min_probability),
        }
        return {mention: min(float(p), 1.0) for mention, p in probabilities.items()}

    def _one_token_mentions(self, min_probability: float) -> dict[TokenSpan, float]:
        """Return the probabilities of mentions of one token (tag U), by mention; see `mentions`."""
        labels = self.tags.labels
        unit = 1 + 4 * np.arange(len(labels)) + 3
        marginals = (self.messages.forward * self.messages.backward)[:, unit]
        return {
            TokenSpan(token, token + 1, labels[label]): marginals[token, label]
            for token, label in np.argwhere(marginals >= min_probability).tolist()
        }

    def _longer_mentions(self, min_probability: float) -> dict[TokenSpan, float]:
        """Return the probabilities of mentions of two or more tokens, by mention; see `mentions`.

        The search extends probable starts of mentions token by token. `mass` is the scaled
        probability that a mention starts at `start` and continues. A start is dropped as soon as no
        extension can reach `min_probability`.
        """
        forward, backward, potentials, transitions, _ = self.messages
        labels, mentions = self.tags.labels, dict[TokenSpan, float]()
        marginals = (forward * backward)[:, 1 + 4 * np.arange(len(labels))]
        start, label = np.nonzero(marginals >= min_probability)
        mass, length = forward[start, 1 + 4 * label], 1
        while len(start):
            in_text = start + length < len(forward)
            start, label, mass = start[in_text], label[in_text], mass[in_text]
            token, begin = start + length, 1 + 4 * label
            inside, last = begin + 1, begin + 2
            tag = begin if length == 1 else inside
            length += 1
            ended = mass * transitions[tag, last] * potentials[token, last] * backward[token, last]
            for row in np.flatnonzero(ended >= min_probability).tolist():
                first = int(start[row])
                mentions[TokenSpan(first, first + length, labels[label[row]])] = ended[row]
            mass = mass * transitions[tag, inside] * potentials[token, inside]
            probable = mass * backward[token, inside] >= min_probability
            start, label, mass = start[probable], label[probable], mass[probable]
        return mentions
