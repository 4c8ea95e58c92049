"""Random gold and predictions with a fixed seed, similar to French news, for the benchmarks.

A document has 300 words and about 20 flat mentions. About four in five predicted mentions are
right. The remaining gold mentions are missed, split, or predicted with different boundaries or a
different type; some predicted mentions are spurious.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aloi.corpus.document import Document, Entity

TYPES = ("PER", "LOC", "ORG", "DATE", "EVENT", "ROLE", "TREATY", "QUANTITY")
SHARES = (0.25, 0.25, 0.2, 0.12, 0.06, 0.05, 0.04, 0.03)
OUTCOMES = {
    "right": 0.8,
    "missed": 0.05,
    "type": 0.05,
    "boundary": 0.03,
    "boundary and type": 0.02,
    "split": 0.02,
    "spurious": 0.03,
}
"""Probability of each outcome for a gold mention."""

LENGTHS = (0.5, 0.3, 0.12, 0.08)
SYLLABLES = ("ka", "ré", "mon", "tir", "ou", "bel", "sin", "l’a", "é", "dra")

Generator = np.random.Generator


class Span(NamedTuple):
    """A mention: start and end (exclusive) in words, and type."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Pair:
    """The words of a document, and its gold and predicted mentions."""

    id: str
    words: list[str]
    gold: list[Span]
    pred: list[Span]

    def documents(self) -> tuple[Document, Document]:
        """Return the gold and the predicted document; words are joined by single spaces."""
        lengths = np.array([len(word) + 1 for word in self.words])
        starts = np.concatenate(([0], np.cumsum(lengths)))
        text = " ".join(self.words)
        gold, pred = (_entities(spans, starts) for spans in (self.gold, self.pred))
        return Document(self.id, text, gold), Document(self.id, text, pred)


def _entities(spans: list[Span], starts: np.ndarray) -> tuple[Entity, ...]:
    return tuple(
        Entity(
            id=f"e{n}",
            start=int(starts[span.start]),
            end=int(starts[span.end]) - 1,
            label=span.label,
        )
        for n, span in enumerate(spans)
    )


def pairs(documents: int, *, seed: int = 0) -> Iterator[Pair]:
    """Yield random pairs; the same seed yields the same pairs."""
    generator = np.random.default_rng(seed)
    vocabulary = [
        "".join(generator.choice(SYLLABLES, size=n)) for n in range(1, 5) for _ in range(500)
    ]
    for number in range(documents):
        words = [vocabulary[i] for i in generator.integers(len(vocabulary), size=300)]
        gold = _gold(generator, len(words))
        yield Pair(f"d{number}", words, gold, _predicted(generator, gold, len(words)))


def _gold(generator: Generator, words: int) -> list[Span]:
    spans, position = [], 0
    while True:
        start = position + int(generator.integers(1, 27))
        end = start + 1 + int(generator.choice(len(LENGTHS), p=LENGTHS))
        if end >= words:
            return spans
        spans.append(Span(start, end, str(generator.choice(TYPES, p=SHARES))))
        position = end


def _predicted(generator: Generator, gold: list[Span], words: int) -> list[Span]:
    """Return predicted mentions: gold with random errors, but without nesting."""
    spans: list[Span] = []
    for span in gold:
        free = spans[-1].end if spans else 0
        if span.start >= free:
            spans += _predict_mention(generator, span, free, words)
    return spans


def _predict_mention(generator: Generator, span: Span, free: int, words: int) -> list[Span]:
    """Return the predicted mentions for a gold mention.

    `free` is the first word after the mentions that are already predicted.
    """
    start, end, label = span
    other = str(generator.choice(TYPES))
    before = max(start - 1, free)
    predicted = {
        "right": [span],
        "missed": [],
        "type": [Span(start, end, other)],
        "boundary": [Span(start, min(end + 1, words), label)],
        "boundary and type": [Span(before, end, other)],
        "split": [
            Span(start, start + 1, label),
            *([Span(start + 1, end, label)] * (end > start + 1)),
        ],
        "spurious": [*([Span(free, free + 1, other)] * (before > free)), span],
    }
    return predicted[str(generator.choice(list(OUTCOMES), p=list(OUTCOMES.values())))]
