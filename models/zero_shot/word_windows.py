"""Windows of whole words that fit into a model, with the union of what was found in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from aloi.corpus.document import Entity
from aloi.corpus.segmentation import sentence_starts
from aloi.models.llm.windows import Findings, Window

Span = tuple[int, int]
"""Start and end of a word, in code points."""


def split_words(
    text: str,
    words: Sequence[Span],
    subwords: Sequence[int],
    *,
    max_words: int,
    max_subwords: int,
    overlap: int,
) -> list[Window]:
    """Return windows that together cover all words of a text.

    words: the span of each word. subwords: the number of subwords of each word. A window has at
    most `max_words` words and `max_subwords` subwords, and at least one word. It ends with a
    sentence if possible. overlap: the number of words that two windows share, if the windows are
    at least twice as long. A mention of up to half as many words is whole in the window in whose
    core it begins.
    """
    if not words:
        return []
    total = [0, *accumulate(subwords)]
    begins = _first_words(text, words)
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(words):
        fitting = bisect_right(total, total[start] + max_subwords) - 1
        end = max(min(fitting, start + max_words), start + 1)
        if end < len(words):
            sentence = begins[bisect_right(begins, end) - 1]
            end = sentence if sentence > start + 2 * overlap else end
        spans.append((start, end))
        start = end if end == len(words) else end - min(overlap, (end - start) // 2)
    borders = [(after + end) // 2 for (_, end), (after, _) in pairwise(spans)]
    edges = [0, *(words[border][0] for border in borders), len(text)]
    return [
        Window(words[first][0], words[last - 1][1], *core)
        for (first, last), core in zip(spans, pairwise(edges), strict=True)
    ]


def _first_words(text: str, words: Sequence[Span]) -> list[int]:
    """Return the number of the first word of each sentence."""
    starts = [start for start, _ in words]
    return [bisect_left(starts, offset) for offset in sentence_starts(text)]


def without_crossing(parts: Iterable[tuple[Window, Findings]]) -> Iterator[tuple[Window, Findings]]:
    """Yield the windows with the mentions that begin in their cores.

    Of two mentions of neighbouring windows that cross each other, the one with the lower score is
    left out, with its relations.
    """
    previous: tuple[Window, Findings] | None = None
    for window, found in parts:
        current = _keep(found, [e for e in found.entities if _is_in_core(e, window)])
        if previous is not None:
            before, earlier = previous
            lost = set(_crossing(earlier, before.start, current, window.start))
            yield before, _keep(earlier, [e for e in earlier.entities if (0, e.id) not in lost])
            current = _keep(current, [e for e in current.entities if (1, e.id) not in lost])
        previous = window, current
    if previous is not None:
        yield previous


def _is_in_core(entity: Entity, window: Window) -> bool:
    return window.core_start <= entity.start + window.start < window.core_end


def _keep(found: Findings, entities: Sequence[Entity]) -> Findings:
    """Return some mentions of a window, and the relations between them."""
    ids = {entity.id for entity in entities}
    relations = tuple(r for r in found.relations if r.head in ids and r.tail in ids)
    return Findings(tuple(entities), relations)


def _crossing(
    left: Findings, left_start: int, right: Findings, right_start: int
) -> Iterator[tuple[int, str]]:
    """Yield the weaker one of each crossing pair: 0 for the left window or 1, and the id."""
    shift = right_start - left_start
    ends = max((entity.end for entity in left.entities), default=0)
    near = [entity for entity in right.entities if entity.start + shift < ends]
    for one in left.entities:
        for other in near:
            if one.start < other.start + shift < one.end < other.end + shift:
                stronger = (one.score or 0) >= (other.score or 0)
                yield (1, other.id) if stronger else (0, one.id)
