"""Keys of the prefix search: words without capitals, accents and punctuation.

The function `searchKey` in templates/site.js must return the same for a query.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

MAX_KEY_LENGTH = 60
"""The number of characters of a key; the rest of a long title cannot be searched from its start."""

MIN_WORD_LENGTH = 2
"""Shorter words are found only at the start of a name, or after another word."""


def search_key(text: str) -> str:
    """Return a text as lower-case words without accents, or the text if it contains no word."""
    letters = unicodedata.normalize("NFKD", text.lower())
    kept = (each for each in letters if unicodedata.category(each)[0] != "M")
    spaced = "".join(each if unicodedata.category(each)[0] in "LN" else " " for each in kept)
    return " ".join(spaced.split()) or text.lower().strip()


def search_keys(text: str) -> Iterator[str]:
    """Yield the key of a text, and the rest of the key from each further word."""
    words = search_key(text).split(" ")
    for number, word in enumerate(words):
        if number == 0 or len(word) >= MIN_WORD_LENGTH:
            yield " ".join(words[number:])[:MAX_KEY_LENGTH]
