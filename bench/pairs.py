"""A seeded pair of gold and predictions, shaped like French news: what the benchmarks score.

Some 300 words and 20 flat mentions a document; of the predicted mentions about four in five are
right, the others missed, cut, widened, of another type, split, merged or made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aloi.corpus.document import Document, Entity

TYPES = ("PER", "LOC", "ORG", "DATE", "EVENT", "ROLE", "TREATY", "QUANTITY")
SHARES = (0.25, 0.25, 0.2, 0.12, 0.06, 0.05, 0.04, 0.03)
MISTAKES = (0.8, 0.05, 0.05, 0.03, 0.02, 0.02, 0.03)
"""How often a mention is right, missed, of another type, … as `_mistaken` lists them."""

LENGTHS = (0.5, 0.3, 0.12, 0.08)
SYLLABLES = ("ka", "ré", "mon", "tir", "ou", "bel", "sin", "l’a", "é", "dra")

Generator = np.random.Generator


class Span(NamedTuple):
    """A mention in words: the first, the one after the last, and its type."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Pair:
    """One document's words, and its mentions twice: as they are and as predicted."""

    id: str
    words: list[str]
    gold: list[Span]
    pred: list[Span]

    def documents(self) -> tuple[Document, Document]:
        """The same pair in characters, its words joined by single spaces."""
        lengths = np.array([len(word) + 1 for word in self.words])
        starts = np.concatenate(([0], np.cumsum(lengths)))
        text = " ".join(self.words)
        sides = (self.gold, self.pred)
        gold, pred = (Document(self.id, text, _entities(side, starts)) for side in sides)
        return gold, pred


def _entities(spans: list[Span], starts: np.ndarray) -> tuple[Entity, ...]:
    return tuple(
        Entity(f"e{n}", int(starts[span.start]), int(starts[span.end]) - 1, span.label)
        for n, span in enumerate(spans)
    )


def pairs(documents: int, *, seed: int = 0) -> Iterator[Pair]:
    """So many pairs; the same seed gives the same ones."""
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
    """Gold with errors in it, still flat."""
    spans: list[Span] = []
    for span in gold:
        free = spans[-1].end if spans else 0
        if span.start >= free:
            spans += _mistaken(generator, span, free, words)
    return spans


def _mistaken(generator: Generator, span: Span, free: int, words: int) -> list[Span]:
    """What a model makes of one mention, given the first word that is still free."""
    start, end, label = span
    other = str(generator.choice(TYPES))
    before = max(start - 1, free)
    made = {
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
    return made[str(generator.choice(list(made), p=MISTAKES))]
