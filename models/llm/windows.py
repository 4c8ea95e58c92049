"""Windows: overlapping parts of a long text, and the union of what was found in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from aloi.corpus.document import Entity, Relation
from aloi.corpus.languages.language import Language
from aloi.corpus.segmentation import sentence_starts

MAX_CHARACTERS = 4000
"""The maximum length of a window, in code points."""

OVERLAP = 400
"""The length of the part that two windows share, in code points; sentences are not split."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part `text[start:end]` of a text.

    The mentions that begin in `core_start` to `core_end` are taken from this window. The cores of
    all windows of a text cover the text without overlap.
    """

    start: int
    end: int
    core_start: int
    core_end: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Mentions and relations of a text or of a window; the ids of the mentions are unique."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]


def split_windows(
    text: str,
    language: Language | None = None,
    *,
    size: int = MAX_CHARACTERS,
    overlap: int = OVERLAP,
) -> list[Window]:
    """Return the windows of a text; each begins and ends with a sentence unless it is too long.

    language: of the text (default: the default language).
    """
    starts = sentence_starts(text, language)
    spans = []
    start = 0
    while start + size < len(text):
        fitting = bisect_right(starts, start + size) - 1
        end = starts[fitting] if starts[fitting] > start + overlap else start + size
        spans.append((start, end))
        following = starts[bisect_left(starts, end - overlap) :][:1]
        start = following[0] if following and following[0] < end else end - overlap
    spans.append((start, len(text)))
    borders = [(after + end) // 2 for (_, end), (after, _) in pairwise(spans)]
    cores = zip([0, *borders], [*borders, len(text)], strict=True)
    return [Window(*span, *core) for span, core in zip(spans, cores, strict=True)]


def merge_windows(parts: Iterable[tuple[Window, Findings]]) -> Findings:
    """Return the findings of a text; `parts` contains each window with its findings.

    A relation is taken from each window in which its ends were found, if these are mentions of the
    text. The mentions are numbered e1, e2 … in text order.
    """
    parts = list(parts)
    mentions: dict[tuple[int, int, str], Entity] = {}
    for window, found in parts:
        for entity in _shift(found.entities, window.start):
            if window.core_start <= entity.start < window.core_end:
                mentions[entity.start, entity.end, entity.label] = entity
    ordered = sorted(mentions.items(), key=lambda item: (item[0][0], -item[0][1], item[0][2]))
    ids = {key: f"e{number}" for number, (key, _) in enumerate(ordered, start=1)}
    relations: dict[tuple[str, str, str], Relation] = {}
    for window, found in parts:
        keys = {e.id: (e.start, e.end, e.label) for e in _shift(found.entities, window.start)}
        for relation in found.relations:
            head, tail = ids.get(keys[relation.head]), ids.get(keys[relation.tail])
            if head and tail:
                moved = msgspec.structs.replace(relation, head=head, tail=tail)
                relations.setdefault((head, tail, relation.label), moved)
    entities = (msgspec.structs.replace(entity, id=ids[key]) for key, entity in ordered)
    return Findings(tuple(entities), tuple(relations.values()))


def _shift(entities: Iterable[Entity], offset: int) -> Iterator[Entity]:
    for entity in entities:
        yield msgspec.structs.replace(entity, start=entity.start + offset, end=entity.end + offset)
