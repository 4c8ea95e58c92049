"""Conversion between offsets in code points and offsets in UTF-16 code units, as used by Java.

A character beyond U+FFFF is one code point and two UTF-16 units.
"""

from __future__ import annotations

from itertools import accumulate

NO_CODE_POINT = -1
"""The value for a UTF-16 offset inside a surrogate pair, which has no code point offset."""


def length(text: str) -> int:
    """Return the number of UTF-16 units in a text."""
    return len(text) + sum(character > "\uffff" for character in text)


def unit_offsets(text: str) -> list[int]:
    """Return the UTF-16 offset of each code point and of the end of the text."""
    return [0, *accumulate(1 + (character > "\uffff") for character in text)]


def code_point_offsets(text: str) -> list[int]:
    """Return the code point offset of each UTF-16 offset and of the end of the text.

    For an offset inside a surrogate pair, the result contains `NO_CODE_POINT`.
    """
    offsets: list[int] = []
    for offset, character in enumerate(text):
        offsets += (offset, NO_CODE_POINT) if character > "\uffff" else (offset,)
    return [*offsets, len(text)]
