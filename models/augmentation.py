"""Varied copies of training documents: other typography, other names.

French newsrooms write « or ", ' or ’, É or E, surnames in capitals or not, and a name that training
has once should not be learned by heart: copies that vary in these teach what stays the same. Copies
are for training alone; dev and test are never varied.
"""

from __future__ import annotations

import random
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity, outermost

SHARE = 0.5
"""Of the distinct surfaces of a copy that another of their label takes the place of."""

Names = Mapping[str, Sequence[str]]
"""The surfaces of each label."""


class Change(NamedTuple):
    """What stands from `start` to `end` (code points, exclusive) gives way to `text`."""

    start: int
    end: int
    text: str


Variation = Callable[[str], list[Change]]


def augmented(documents: Iterable[Document], *, copies: int, seed: int) -> Iterator[Document]:
    """The documents, each followed by so many varied copies under ids of their own."""
    documents = list(documents)
    names, rng = surfaces(documents), random.Random(seed)
    for document in documents:
        yield document
        for number in range(1, copies + 1):
            copy = rewritten(document, renamed(document, names, rng))
            copy = rewritten(copy, rng.choice(TYPOGRAPHY)(copy.text))
            yield msgspec.structs.replace(copy, id=f"{document.id}~{number}")


def surfaces(documents: Iterable[Document]) -> dict[str, list[str]]:
    """The distinct surfaces of the outermost mentions of each label, sorted."""
    found: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        for entity in outermost(document.entities):
            found[entity.label].add(document.surface(entity))
    return {label: sorted(each) for label, each in found.items()}


def renamed(document: Document, names: Names, rng: random.Random) -> list[Change]:
    """Other surfaces for some mentions: one for all mentions of a surface, of the same label.

    A mention after an elided word (*l'*, *d’*) keeps its first letter's kind, so that French stays
    right. Mentions that hold others stay, and those that cross others.
    """
    outer = _free(document)
    chosen: dict[tuple[str, str], str] = {}
    changes = []
    for entity in outer:
        surface = document.surface(entity)
        key = entity.label, surface
        if key not in chosen:
            other = rng.choice(names[entity.label]) if rng.random() < SHARE else surface
            chosen[key] = other if _vowel(other) == _vowel(surface) else surface
        if chosen[key] != surface:
            changes.append(Change(entity.start, entity.end, chosen[key]))
    return changes


def _free(document: Document) -> list[Entity]:
    """The mentions that share no character with another."""
    ordered = document.entities
    reach = list(accumulate((entity.end for entity in ordered), max, initial=0))
    starts = [*(entity.start for entity in ordered[1:]), len(document.text)]
    return [
        entity
        for entity, before, after in zip(ordered, reach, starts, strict=False)
        if before <= entity.start and entity.end <= after
    ]


def _vowel(surface: str) -> bool:
    """Whether the article would be elided before it."""
    return unicodedata.normalize("NFD", surface[:1]).lower()[:1] in set("aeiouyh")


def straight_quotes(text: str) -> list[Change]:
    """« x » as "x"."""
    opening = [Change(*m.span(), '"') for m in re.finditer(r"«\s?", text)]
    return sorted([*opening, *(Change(*m.span(), '"') for m in re.finditer(r"\s?»", text))])


def other_apostrophes(text: str) -> list[Change]:
    """' as ’, and ’ as '."""
    turned = {"'": "’", "’": "'"}
    return [Change(*m.span(), turned[m.group()]) for m in re.finditer("['’]", text)]


def bare_capitals(text: str) -> list[Change]:
    """É as E, Ç as C: capitals without their accents."""
    return [
        Change(place, place + 1, unicodedata.normalize("NFD", letter)[0])
        for place, letter in enumerate(text)
        if letter.isupper() and len(unicodedata.normalize("NFD", letter)) > 1
    ]


def headline(text: str) -> list[Change]:
    """The first line in capitals."""
    return [
        Change(place, place + 1, letter.upper())
        for place, letter in enumerate(text.split("\n", 1)[0])
        if letter.islower() and len(letter.upper()) == 1
    ]


TYPOGRAPHY: tuple[Variation, ...] = (straight_quotes, other_apostrophes, bare_capitals, headline)


def rewritten(document: Document, changes: Iterable[Change]) -> Document:
    """The document with some text changed and its mentions moved accordingly.

    `changes` are in text order and do not overlap; one inside which a mention starts or ends is
    not made.
    """
    edges = sorted({edge for entity in document.entities for edge in (entity.start, entity.end)})
    changes = [c for c in changes if bisect_right(edges, c.start) == bisect_left(edges, c.end)]
    text, done = [], 0
    for start, end, new in changes:
        text += [document.text[done:start], new]
        done = end
    ends = [change.end for change in changes]
    moves = list(accumulate((len(c.text) - (c.end - c.start) for c in changes), initial=0))
    entities = tuple(
        msgspec.structs.replace(
            entity,
            start=entity.start + moves[bisect_right(ends, entity.start)],
            end=entity.end + moves[bisect_right(ends, entity.end)],
        )
        for entity in document.entities
    )
    return msgspec.structs.replace(
        document, text="".join([*text, document.text[done:]]), entities=entities
    )
