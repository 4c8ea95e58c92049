"""The units (tokens and sub-tokens) of WebAnno TSV, with their sentences and addresses.

Offsets are code points; end offsets are exclusive.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.tokens import Token, source_tokens, tokenize
from aloi.corpus.languages.language import language_of
from aloi.corpus.segmentation import sentence_starts


class Unit(NamedTuple):
    """A token, or a part of a token; `token` is the index of the token."""

    token: int
    is_part: bool
    start: int
    end: int


class Sentence(NamedTuple):
    """A sentence: the index of its first token, and its end offset in the text."""

    first: int
    end: int


def split_tokens(document: Document) -> list[Token]:
    """Return the tokens of the text, including some white space.

    White space is a token at the start of the text, and if a mention starts or ends in it.
    """
    starts = sorted(entity.start for entity in document.entities)
    ends = sorted(entity.end for entity in document.entities)
    words = source_tokens(document)
    words = words or tokenize(document.text, language_of(document.meta))
    tokens: list[Token] = []
    previous_end = 0
    for token in (*words, Token(len(document.text), len(document.text))):
        gap = Token(previous_end, token.start)
        has_start = bisect_left(starts, gap.start) < bisect_left(starts, gap.end)
        has_end = bisect_right(ends, gap.start) < bisect_right(ends, gap.end)
        if gap.start < gap.end and (has_start or has_end or gap.start == 0):
            tokens.append(gap)
        tokens.append(token)
        previous_end = token.end
    return tokens[:-1]


def units_of(entity: Entity, tokens: list[Token]) -> Iterator[Unit]:
    """Yield the tokens of a mention; for a partly covered token, yield a sub-token instead."""
    first = bisect_right(tokens, entity.start, key=lambda token: token.end)
    end = bisect_left(tokens, entity.end, key=lambda token: token.start)
    for index, token in enumerate(tokens[first:end], start=first):
        span = max(token.start, entity.start), min(token.end, entity.end)
        yield Unit(index, span != token, *span)


def split_sentences(document: Document, tokens: list[Token]) -> list[Sentence]:
    """Return the sentences that contain a token, in text order."""
    text = document.text
    starts = [token.start for token in tokens]
    offsets = sentence_starts(text, language_of(document.meta))
    firsts = sorted({bisect_left(starts, start) for start in offsets})
    firsts = [first for first in firsts if first < len(tokens)]
    ends = [*(starts[first] for first in firsts[1:]), len(text)]
    return [Sentence(*pair) for pair in zip(firsts, ends, strict=False)]


def number_units(units: list[Unit], sentences: list[Sentence]) -> dict[Unit, str]:
    """Return a map from units, in text order, to their addresses.

    An address is `SENTENCE-TOKEN` or `SENTENCE-TOKEN.SUBTOKEN`, such as 2-1.1.
    """
    firsts = {sentence.first for sentence in sentences}
    addresses: dict[Unit, str] = {}
    sentence = token = part = 0
    for unit in sorted(units, key=lambda u: (u.token, u.is_part, u.start, -u.end)):
        if unit.is_part:
            part += 1
        elif unit.token in firsts:
            sentence, token, part = sentence + 1, 1, 0
        else:
            token, part = token + 1, 0
        addresses[unit] = f"{sentence}-{token}" + (f".{part}" if part else "")
    return addresses
