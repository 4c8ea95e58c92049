"""Tokens for the formats that count in them: cut from a text, and mentions laid on them.

Offsets are code points, the end exclusive, for tokens and mentions alike.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

Policy = Literal["error", "expand", "drop"]
"""What becomes of a mention that does not begin and end with a token."""


class OnTokens(Options, frozen=True):
    """The writing option of formats that count in tokens: what becomes of mentions off them."""

    tokens: Policy = "expand"


_TOKEN = re.compile(
    r"\w+(?:[.,]\d+)*['’](?=\w)"  # an elision: l', d’, qu'
    r"|(?:\w\.){2,}"  # an acronym with points: O.N.U.
    r"|\w+(?:[.,]\d+)*(?:-\w+)*"  # a word, a number, a compound
    r"|[^\w\s]"  # any other visible character by itself
)


class Token(NamedTuple):
    """A stretch of the text: first code point, and the one after the last."""

    start: int
    end: int


class Laid(NamedTuple):
    """A mention on tokens: index of the first, and the one after the last."""

    entity: Entity
    first: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Words, numbers and signs, by rules for French; white space lies between tokens."""
    return [Token(*match.span()) for match in _TOKEN.finditer(text)]


def lay(document: Document, tokens: Sequence[Token], *, policy: Policy, notes: Notes) -> list[Laid]:
    """The document's mentions on its tokens, in text order.

    One that cuts a token, or lies between tokens, follows the policy: "expand" takes in the tokens
    it touches, "drop" leaves it out, "error" raises `DataError` naming all of them. One that
    touches no token is dropped even under "expand". What is changed is counted.
    """
    starts = [token.start for token in tokens]
    ends = [token.end for token in tokens]
    laid: list[Laid] = []
    problems: list[Problem] = []
    for entity in document.entities:
        first, end = bisect_right(ends, entity.start), bisect_left(starts, entity.end)
        whole = first < end and (starts[first], ends[end - 1]) == (entity.start, entity.end)
        if not whole and policy == "error":
            problems.append(_misaligned(document, entity))
        elif not whole and (policy == "drop" or first >= end):
            notes.add("mentions off the tokens dropped", f"document {document.id}")
        else:
            notes.add("mentions widened to tokens", f"document {document.id}", not whole)
            laid.append(Laid(entity, first, end))
    if problems:
        raise DataError(problems)
    return laid


def aligned(
    document: Document, tokens: Sequence[Token], *, policy: Policy, notes: Notes
) -> Document:
    """The document with its mentions moved to where `lay` puts them on the tokens.

    A relation goes with an end that is dropped, and is counted.
    """
    entities = tuple(
        msgspec.structs.replace(entity, start=tokens[first].start, end=tokens[end - 1].end)
        for entity, first, end in lay(document, tokens, policy=policy, notes=notes)
    )
    if entities == document.entities:
        return document
    kept = {entity.id for entity in entities}
    relations = tuple(r for r in document.relations if r.head in kept and r.tail in kept)
    lost = len(document.relations) - len(relations)
    notes.add("relations of dropped mentions lost", f"document {document.id}", lost)
    return msgspec.structs.replace(document, entities=entities, relations=relations)


def _misaligned(document: Document, entity: Entity) -> Problem:
    what = f"{document.surface(entity)[:40]!r} does not begin and end with a token"
    fix = "Correct the mention, or choose tokens=expand or tokens=drop"
    return Problem("off-tokens", what, fix, document.id, entity.id)


_CLOSING = frozenset(",.)]}…")
_OPENING = frozenset("([{")
_HIGH = frozenset(";:!?»")
_ELISION = re.compile(r"(?:[cdjlmnst]|qu|lorsqu|puisqu|jusqu|quoiqu)['’]", re.IGNORECASE)


def detokenize(words: Sequence[str]) -> tuple[str, list[Token]]:
    """A text from its tokens by rules for French, and where each token stands in it.

    Nothing before `, . ) ] } …`, after `( [ {` and after an elision (l', qu'); a no-break space
    before `; : ! ? »` and after `«`; a space anywhere else.
    """
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    for before, word in zip(["", *words], words, strict=False):
        gap = _gap(before, word) if before else ""
        pieces += [gap, word]
        position += len(gap) + len(word)
        tokens.append(Token(position - len(word), position))
    return "".join(pieces), tokens


def _gap(before: str, word: str) -> str:
    if word in _CLOSING or before in _OPENING or _ELISION.fullmatch(before):
        return ""
    return "\u00a0" if word in _HIGH or before == "«" else " "
