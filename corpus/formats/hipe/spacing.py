"""White space between tokens, which flags in the column MISC represent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from aloi.corpus.formats.shared.tokens import Token

SPACING_FLAGS = frozenset(("_", "", "O", "NoSpaceAfter", "EndOfLine"))
"""The values of MISC that are empty or represented in the text, so they are not left out."""


def join_words(words: Sequence[str], flags: Sequence[Sequence[str]]) -> tuple[str, list[Token]]:
    """Return the text and the word offsets; the flags in MISC determine the white space."""
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    gap = ""
    for word, word_flags in zip(words, flags, strict=True):
        start = position + len(gap)
        pieces += [gap, word]
        position = start + len(word)
        tokens.append(Token(start, position))
        gap = "" if "NoSpaceAfter" in word_flags else "\n" if "EndOfLine" in word_flags else " "
    return "".join(pieces), tokens


def spacing_flags(text: str, tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """Return the MISC flags for the gap after each token; a space needs no flag."""
    flags: list[tuple[str, ...]] = []
    for token, following in pairwise(tokens):
        gap = text[token.end : following.start]
        flags.append(() if "\n" not in gap and gap else ("EndOfLine" if gap else "NoSpaceAfter",))
    return [*flags, ()] if tokens else []
