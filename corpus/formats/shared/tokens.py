"""Tokenisation, alignment and detokenisation, for formats that store mentions as token ranges.

Offsets of tokens and mentions are code points; end offsets are exclusive.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

AlignmentPolicy = Literal["error", "expand", "drop"]
"""The treatment of a mention that does not begin and end at token boundaries.

`error` reports the mention, `expand` extends it to all tokens that it overlaps, and `drop` leaves
it out.
"""


class TokenWriteOptions(Options, frozen=True):
    """The write option of formats with tokens: the treatment of unaligned mentions."""

    tokens: AlignmentPolicy = "expand"


_TOKEN = re.compile(
    r"\w+(?:[.,]\d+)*['’](?=\w)"  # an elision: l', d’, qu'
    r"|(?:\w\.){2,}"  # an acronym with periods: O.N.U.
    r"|\w+(?:[.,]\d+)*(?:-\w+)*"  # a word, a number, a compound
    r"|[^\w\s]"  # any other visible character
)


class Token(NamedTuple):
    """The start and end (exclusive) of a token, in code points."""

    start: int
    end: int


class AlignedMention(NamedTuple):
    """A mention with its token range: the indices `first` and `end` (exclusive)."""

    entity: Entity
    first: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Return the words, numbers and punctuation marks of a text, split by rules for French."""
    return [Token(*span) for span in token_spans(text)]


def token_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each token, faster than `tokenize`."""
    return map(re.Match.span, _TOKEN.finditer(text))


def align_mentions(
    document: Document, tokens: Sequence[Token], *, policy: AlignmentPolicy, notes: Notes
) -> list[AlignedMention]:
    """Return the mentions of a document with their token ranges, in text order.

    `policy` applies to mentions that do not begin and end at token boundaries. With "error", the
    function raises `DataError` with one problem per such mention. With "expand", a mention that
    overlaps no token is dropped. Expanded and dropped mentions are counted in `notes`.
    """
    starts = [token.start for token in tokens]
    ends = [token.end for token in tokens]
    place = f"document {document.id}"
    mentions: list[AlignedMention] = []
    problems: list[Problem] = []
    for entity in document.entities:
        first, end = bisect_right(ends, entity.start), bisect_left(starts, entity.end)
        fits = first < end and (starts[first], ends[end - 1]) == (entity.start, entity.end)
        if not fits and policy == "error":
            problems.append(_alignment_problem(document, entity))
        elif not fits and (policy == "drop" or first >= end):
            notes.add("unaligned mentions dropped", place)
        else:
            notes.add("mentions expanded to token boundaries", place, not fits)
            mentions.append(AlignedMention(entity, first, end))
    if problems:
        raise DataError(problems)
    return mentions


def snap_mentions(
    document: Document, tokens: Sequence[Token], *, policy: AlignmentPolicy, notes: Notes
) -> Document:
    """Return the document with its mentions aligned with token boundaries (see `align_mentions`).

    If a mention is dropped, its relations are dropped too and counted in `notes`.
    """
    entities = tuple(
        msgspec.structs.replace(entity, start=tokens[first].start, end=tokens[end - 1].end)
        for entity, first, end in align_mentions(document, tokens, policy=policy, notes=notes)
    )
    if entities == document.entities:
        return document
    kept = {entity.id for entity in entities}
    relations = tuple(r for r in document.relations if r.head in kept and r.tail in kept)
    dropped = len(document.relations) - len(relations)
    note = "relations dropped because their head or tail was dropped"
    notes.add(note, f"document {document.id}", dropped)
    return msgspec.structs.replace(document, entities=entities, relations=relations)


def _alignment_problem(document: Document, entity: Entity) -> Problem:
    surface = document.surface(entity)[:40]
    what = f"the mention {surface!r} does not begin and end at token boundaries"
    fix = "Correct the mention's offsets, or set the option tokens=expand or tokens=drop"
    return Problem("off-tokens", what, fix, document.id, entity.id)


_CLOSING = frozenset(",.)]}…")
"""Tokens without a space before them."""

_OPENING = frozenset("([{")
"""Tokens without a space after them."""

_NO_BREAK_BEFORE = frozenset(";:!?»")
"""Tokens with a no-break space before them."""

_ELISION = re.compile(r"(?:[cdjlmnst]|qu|lorsqu|puisqu|jusqu|quoiqu)['’]", re.IGNORECASE)


def detokenize(words: Sequence[str]) -> tuple[str, list[Token]]:
    """Return a text rebuilt from its tokens by rules for French, and the offsets of each token.

    The rules, in this order:

    - no space before `, . ) ] } …`, after `( [ {` or after an elision (l', qu');
    - a no-break space before `; : ! ? »` and after `«`;
    - a space between all other tokens.
    """
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    for previous, word in zip(["", *words], words, strict=False):
        space = _space_between(previous, word) if previous else ""
        pieces += [space, word]
        position += len(space) + len(word)
        tokens.append(Token(position - len(word), position))
    return "".join(pieces), tokens


def _space_between(previous: str, word: str) -> str:
    if word in _CLOSING or previous in _OPENING or _ELISION.fullmatch(previous):
        return ""
    return "\u00a0" if word in _NO_BREAK_BEFORE or previous == "«" else " "
