"""Names of things: slugs, short forms, and acronyms in parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aloi.corpus.document import Document, Entity
from aloi.corpus.refs.authority import normalise_surface

MIN_STEM = 4
"""Letters that an adjective and the name of its country have in common at least."""


def name_words(surface: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, without accents."""
    return tuple(normalise_surface(surface).split())


def slug(name: str) -> str:
    """Return a ref for a name by guideline G12: `guerre-d-algerie` for *guerre d'Algérie*."""
    return "-".join(name_words(name))


def is_short_name(short: Sequence[str], full: Sequence[str]) -> bool:
    """Return whether a person's name may be a short form of another: *Xi* or *M. Jinping*.

    The words of the short form are at the start or end of the full name; an initial stands for a
    word that begins with it.
    """
    if not short or len(short) > len(full):
        return False
    ends = (full[: len(short)], full[len(full) - len(short) :])
    return any(all(map(_same_word, short, end)) for end in ends)


def _same_word(short: str, full: str) -> bool:
    return short == full or (len(short) == 1 and full.startswith(short))


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
