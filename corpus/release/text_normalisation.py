"""Normalise text to words of letters and digits, so that a copy can be compared with the original.

Normalisation removes the following features, so that texts with no other difference become equal:

- case, accents, ligatures, compatibility characters, composed or decomposed Unicode (NFC, NFD);
- white space of any kind, zero-width characters, soft hyphens, direction marks;
- punctuation and symbols;
- HTML entities (named or numeric, escaped once or twice), percent-encoding, JSON escapes;
- markup: HTML or XML tags, and Markdown such as `**word**` or `_word_`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrtbf])")
_UNESCAPE_ROUNDS = 2
"""Number of times that HTML entities are decoded, because text may be escaped twice."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\U000e0000-\U000e01ff]+"
)
"""Zero-width characters, soft hyphens, direction marks and combining accents."""

_BASE_LETTERS = (("œ", "oe"), ("æ", "ae"), ("ø", "o"), ("đ", "d"), ("ł", "l"), ("ı", "i"))
"""Replacements for letters that Unicode does not decompose."""

_SEPARATORS = re.compile(r"[\W_]+")


def normalised_variants(text: str) -> Iterator[str]:
    """Yield a text as normalised words, separated by single spaces.

    A text with HTML or XML tags is yielded in two variants. The first variant omits the tags. The
    second variant keeps the words inside the tags, because an attribute may contain restricted
    text, and because restricted text in angle brackets may look like a tag.
    """
    if "\\" in text:
        text = _JSON_ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " ", text)
    if "%" in text:
        text = unquote(text)
    for _ in range(_UNESCAPE_ROUNDS):
        text = html.unescape(text) if "&" in text else text
    if "<" in text and _TAG.search(text):
        yield _normalise_words(_TAG.sub("", text))
    yield _normalise_words(text)


def _normalise_words(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).casefold()
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        for letter, replacement in _BASE_LETTERS:
            text = text.replace(letter, replacement)
    return _SEPARATORS.sub(" ", text).strip()


def remove_spaces(words: str) -> str:
    """Return normalised words without the spaces between them."""
    return words.replace(" ", "")
