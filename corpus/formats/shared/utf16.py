"""Offsets that count UTF-16 units, as Java does: a character beyond U+FFFF has two."""

from __future__ import annotations

from itertools import accumulate

OUTSIDE = -1
"""Stands where a UTF-16 offset lies in the middle of a character."""


def length(text: str) -> int:
    """How many UTF-16 units the text has."""
    return len(text) + sum(character > "\uffff" for character in text)


def units(text: str) -> list[int]:
    """The UTF-16 offset of each code point, and of the text's end."""
    return [0, *accumulate(1 + (character > "\uffff") for character in text)]


def code_points(text: str) -> list[int]:
    """The code point of each UTF-16 offset, the text's end included; `OUTSIDE` inside a pair."""
    points: list[int] = []
    for point, character in enumerate(text):
        points += (point, OUTSIDE) if character > "\uffff" else (point,)
    return [*points, len(text)]
