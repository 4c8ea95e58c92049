"""Grounding: the place in a text of each mention that a language model marked in its own copy.

If the copy equals the text, each mention has the offsets that it has in the copy. Otherwise copy
and text are aligned word by word (`word_alignment`), and a mention is placed only if all of the
following hold. Everything else is dropped with a reason.

- The place contains exactly the characters of the mention.
- A best alignment of the whole copy puts the mention there. Every alignment that puts the mention
  elsewhere, or nowhere, costs more, by at least one word that only one text contains.
- The `CONTEXT` words on both sides of the mention match the words around the place: at most half
  of them differ. The nearest `NEAR_CONTEXT` words on each side are checked as well.
- No other place with the same characters, accents and case ignored, has a context that matches
  nearly as well, or better on one side.
- No other mention of the copy has this place, and the order of mentions is that of the copy.

The alignment of the whole copy protects against repeated and missing names, and the context
against sentences that were moved, repeated or invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aloi.models.llm.word_alignment import (
    CHANGED,
    ONE_SIDED,
    SIMILAR,
    FoldedWord,
    WordAlignment,
    Words,
    prefix_row_costs,
)

Span = tuple[int, int]
"""Start and end of a mention, in code points."""

Range = tuple[int, int]
"""The first word of a mention or place, and the word after it."""

CONTEXT = 8
"""The number of words on each side of a mention that are compared."""

NEAR_CONTEXT = 3
"""The number of words on each side of a mention that are also compared alone."""

SHIFT = 3
"""The number of additional words of the text in which the words of a context may be found."""

MAX_OCCURRENCES = 200
"""A mention whose characters occur more often in the text is dropped as ambiguous."""

MAX_LENGTH_RATIO = 3
"""A copy with more words than this multiple of the text's words, and 50 words, is not aligned."""

NOT_IN_TEXT = "not in the text"
AMBIGUOUS = "place is ambiguous"
OTHER_CONTEXT = "context differs from the text"


@dataclass(frozen=True, slots=True)
class Grounding:
    """The places of mentions in a text, in the order of the mentions.

    `places` contains the span of each mention in the text, or the reason for which it was dropped.
    """

    places: tuple[Span | str, ...]
    exact: bool


class UnrelatedTextError(ValueError):
    """The copy differs so much from the text that its mentions cannot be placed."""


def ground(copy: str, text: str, spans: Sequence[Span]) -> Grounding:
    """Return the places in `text` of mentions that are marked in `copy`.

    spans: the mentions in the copy, not empty and without white space at their edges. Raises
    `UnrelatedTextError` if more than about half of the words of the copy and the text differ.
    """
    shift = text.find(core) if (core := text.strip()) else 0
    if copy.strip() == core:
        shift -= len(copy) - len(copy.lstrip())
        return Grounding(tuple((start + shift, end + shift) for start, end in spans), exact=True)
    ours, theirs = Words(copy), Words(text)
    if len(ours) > MAX_LENGTH_RATIO * len(theirs) + 50:
        raise UnrelatedTextError
    alignment = WordAlignment.of(ours, theirs)
    if alignment.cost > ONE_SIDED * max(len(ours), len(theirs)) / 2:
        raise UnrelatedTextError
    placed = [_place(alignment, span) for span in spans]
    return Grounding(tuple(_without_conflicts(spans, placed)), exact=False)


def _place(alignment: WordAlignment, span: Span) -> Span | str:
    """Return the place of a mention, or the reason for which it has none."""
    copy, text = alignment.one, alignment.other
    candidates = list(_occurrences(alignment, span))
    if not candidates:
        return NOT_IN_TEXT
    if len(candidates) > MAX_OCCURRENCES:
        return AMBIGUOUS
    mention, ranges = copy.covering(*span), [text.covering(*place) for place in candidates]
    similar = _similar_ranges(alignment, mention, ranges)
    best = _best_aligned(alignment, mention, ranges, similar)
    if best is None:
        return AMBIGUOUS
    contexts = {words: _context(alignment, mention, words) for words in (*ranges, *similar)}
    own = contexts.pop(best)
    if not own.matches:
        return OTHER_CONTEXT
    if any(other.rivals(own) for other in contexts.values()):
        return AMBIGUOUS
    return candidates[ranges.index(best)]


def _similar_ranges(
    alignment: WordAlignment, mention: Range, ranges: Sequence[Range]
) -> list[Range]:
    """Return the other ranges of words that differ from a mention only in accents or case."""
    first, last = mention
    starts = alignment.other.find_folded(alignment.one.folded[first:last])
    found = [(start, start + last - first) for start in starts]
    return [words for words in found if words not in ranges]


def _occurrences(alignment: WordAlignment, span: Span) -> Iterator[Span]:
    """Yield the places in the text with the characters of a mention.

    A place begins and ends where words begin and end, unless the mention does not.
    """
    copy, text = alignment.one, alignment.other
    surface = copy.text[slice(*span)]
    own_edges = copy.edges(*span)
    start = text.text.find(surface)
    while start >= 0:
        place = start, start + len(surface)
        edges = text.edges(*place)
        if all(at_word or not own for at_word, own in zip(edges, own_edges, strict=True)):
            yield place
        start = text.text.find(surface, start + 1)


def _best_aligned(
    alignment: WordAlignment, mention: Range, ranges: Sequence[Range], similar: Sequence[Range]
) -> Range | None:
    """Return the place of a mention in all nearly best alignments, or None if there is none."""
    first, last = mention
    before, after = alignment.forward[first], alignment.backward[last]
    costs = [int(before[start] + after[end]) for start, end in ranges]
    best = min(costs)
    nowhere = int((before + after).min()) + ONE_SIDED * (last - first)
    others = [*costs, nowhere]
    others.remove(best)
    others += [int(before[start] + after[end]) + SIMILAR for start, end in similar]
    if best > alignment.cost or min(others) < best + ONE_SIDED:
        return None
    return ranges[costs.index(best)]


@dataclass(frozen=True, slots=True)
class _Side:
    """The comparison of the words on one side of a mention with those beside a place.

    `cost` and `near_cost` are the costs of all `words` and of the `near_words` next to the mention.
    `open_cost` ignores that the text should begin or end where the copy begins or ends.
    """

    cost: int
    open_cost: int
    near_cost: int
    words: int
    near_words: int

    def beats(self, best: _Side) -> bool:
        """Return whether all words match better than at the best place, or the nearest as well.

        Nearest words that match completely at the best place are never beaten.
        """
        return self.open_cost < best.cost or 0 < best.near_cost >= self.near_cost


@dataclass(frozen=True, slots=True)
class _Context:
    """The comparison of the words on both sides of a mention with those around a place."""

    left: _Side
    right: _Side

    @property
    def cost(self) -> int:
        return self.left.cost + self.right.cost

    @property
    def matches(self) -> bool:
        """Whether at most about half of the words differ, also among the nearest words."""
        near_cost = self.left.near_cost + self.right.near_cost
        near_words = self.left.near_words + self.right.near_words
        words = self.left.words + self.right.words
        return self.cost <= ONE_SIDED * words / 2 and near_cost <= CHANGED * near_words / 2

    def rivals(self, best: _Context) -> bool:
        """Return whether this place matches nearly as well as the best one, or better on a side."""
        if self.left.beats(best.left) or self.right.beats(best.right):
            return True
        return self.cost < 1.5 * best.cost + ONE_SIDED


def _context(alignment: WordAlignment, mention: Range, place: Range) -> _Context:
    """Compare the words around a mention of the copy with those around a place in the text."""
    (first, last), (start, end) = mention, place
    ours, theirs = alignment.one.pairs, alignment.other.pairs
    own, other = max(first - CONTEXT, 0), max(start - CONTEXT - SHIFT, 0)
    return _Context(
        _compare_side(ours[own:first][::-1], theirs[other:start][::-1]),
        _compare_side(ours[last : last + CONTEXT], theirs[end : end + CONTEXT + SHIFT]),
    )


def _compare_side(own: Sequence[FoldedWord], other: Sequence[FoldedWord]) -> _Side:
    """Compare words, the nearest to the mention first."""
    near = min(len(own), NEAR_CONTEXT)
    complete = len(own) < CONTEXT  # the copy begins or ends here, and so should the text
    if own == other[: len(own)]:  # the usual case, without an alignment
        extra = ONE_SIDED * (len(other) - len(own)) if complete else 0
        return _Side(extra, 0, 0, len(own), near)
    rows = prefix_row_costs(own, other)
    open_cost = min(rows[-1])
    cost = rows[-1][-1] if complete else open_cost
    return _Side(cost, open_cost, min(rows[near]), len(own), near)


def _without_conflicts(spans: Sequence[Span], placed: Sequence[Span | str]) -> Iterator[Span | str]:
    """Yield the places, without those of several mentions, and those that change the order."""
    mentions: dict[Span, set[Span]] = {}
    for span, place in zip(spans, placed, strict=True):
        if not isinstance(place, str):
            mentions.setdefault(place, set()).add(span)
    pairs = sorted((min(listed), place) for place, listed in mentions.items())
    inverted = Counter[Span]()
    for (_, one), (_, other) in pairwise(pairs):
        if other[0] < one[0]:
            inverted.update((one, other))
    for place in placed:
        clash = not isinstance(place, str) and (len(mentions[place]) > 1 or place in inverted)
        yield AMBIGUOUS if clash else place
