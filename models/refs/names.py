"""Names of things: slugs, short forms, and acronyms in parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aloi.corpus.document import Document, Entity
from aloi.corpus.refs.authority import normalise_surface

Words = tuple[str, ...]

MIN_STEM = 4
"""Letters that an adjective and the name of its country have in common at least."""


def name_words(surface: str) -> Words:
    """Return the words of a name in lower case, without accents."""
    return tuple(normalise_surface(surface).split())


def slug(name: str) -> str:
    """Return a ref for a name by guideline G12: `guerre-d-algerie` for *guerre d'Algérie*."""
    return "-".join(name_words(name))


def short_names(full: Words) -> set[Words]:
    """Return the short forms of a person's name, as words: *Xi*, *Jinping*, *Léo M.*, *L. Martel*.

    A short form is the start or end of the name; the word where it is cut may be an initial.
    """
    found = set()
    for length in range(1, len(full) + 1):
        start, end = full[:length], full[len(full) - length :]
        found |= {start, end}
        if length > 1:
            found |= {(*start[:-1], start[-1][0]), (end[0][0], *end[1:])}
    return found


def acronym_pairs(document: Document) -> Iterator[tuple[Entity, Entity]]:
    """Yield a mention and the mention in the parentheses after it: *Organisation … (ONU)*."""
    ends: dict[int, list[Entity]] = {}
    for entity in document.entities:
        ends.setdefault(entity.end, []).append(entity)
    for entity in document.entities:
        before = re.search(r"\s?\($", document.text[: entity.start][-2:])
        if before is None or document.text[entity.end : entity.end + 1] != ")":
            continue
        for full in ends.get(entity.start - len(before[0]), []):
            if full.label == entity.label and " " not in document.surface(entity):
                yield full, entity


def common_stem(adjective: str, name: str) -> int:
    """Return the number of letters with which both words begin, 0 if there are too few."""
    length = 0
    for one, other in zip(adjective, name, strict=False):
        if one != other:
            break
        length += 1
    return length if length >= MIN_STEM and length >= len(name) - 3 else 0
