"""Tokenisation, alignment and detokenisation, for formats that store mentions as token ranges.

Offsets of tokens and mentions are code points; end offsets are exclusive.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.languages.language import (
    DEFAULT_LANGUAGE,
    Language,
    TokenRules,
    Typography,
    find_language,
    language_of,
    load_language,
)
from aloi.corpus.problems import DataError, Problem

AlignmentPolicy = Literal["cut", "error", "expand", "drop"]
"""The treatment of a mention that does not begin and end at token boundaries.

`cut` splits tokens at the edges of mentions, `error` reports the mention, `expand` extends it to
all tokens that it overlaps, and `drop` leaves it out.
"""

TOKENS_KEY = "tokens"
"""The metadata key for the tokens of the source: the start and end of each, such as `0 3;4 7`."""


class TokenWriteOptions(Options, frozen=True):
    """The write options of formats with tokens: the treatment of unaligned mentions, the tokenizer.

    `lang` is the spaCy language whose tokenizer splits texts without tokens of their own; if it is
    empty, `tokenize` splits them by rules for the language in their metadata. Formats that drop
    metadata use the rules for the default language.
    """

    tokens: AlignmentPolicy = "cut"
    lang: str = ""


class FlatWriteOptions(TokenWriteOptions, frozen=True):
    """The write options of formats with flat mentions: also which of nested mentions to keep."""

    keep: Literal["outermost", "innermost"] = "outermost"


_TOKENS = (
    r"(?:\w\.){2,}",  # an acronym with periods: O.N.U.
    r"\w+(?:[.,]\d+)*(?:-\w+)*",  # a word, a number, a compound
    r"[^\w\s]",  # any other visible character
)
"""The patterns of tokens in all languages."""

_LINE_BREAK = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LAYER = re.compile(r"[0-9]{1,15} [0-9]{1,15}(?:;[0-9]{1,15} [0-9]{1,15})*")


class Token(NamedTuple):
    """The start and end (exclusive) of a token, in code points."""

    start: int
    end: int


class AlignedMention(NamedTuple):
    """A mention with its token range: the indices `first` and `end` (exclusive)."""

    entity: Entity
    first: int
    end: int


def tokenize(text: str, language: Language | None = None) -> list[Token]:
    """Return the words, numbers and punctuation marks of a text, split by rules for a language.

    `language` is the language of the text (default: the default language).
    """
    return [Token(*span) for span in token_spans(text, language)]


def token_spans(text: str, language: Language | None = None) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each token, faster than `tokenize`."""
    pattern = _token_pattern((language or load_language(DEFAULT_LANGUAGE)).tokens)
    return map(re.Match.span, pattern.finditer(text))


@cache
def _token_pattern(rules: TokenRules) -> re.Pattern[str]:
    return re.compile("|".join((*rules.patterns, *_TOKENS)))


def token_layer(text: str, tokens: Iterable[Token]) -> dict[str, str]:
    """Return the metadata that keep the tokens of a source; white space is not a token."""
    words = (token for token in tokens if text[token.start : token.end].strip())
    value = ";".join(f"{start} {end}" for start, end in words)
    return {TOKENS_KEY: value} if value else {}


def source_tokens(document: Document) -> list[Token] | None:
    """Return the tokens in the metadata of a document.

    Returns None if there are none, if they do not cover the text, which may have changed, or if a
    token contains a tab or line end.
    """
    value = document.meta.get(TOKENS_KEY)
    if not isinstance(value, str) or not _LAYER.fullmatch(value):
        return None
    numbers = [int(number) for number in re.split("[ ;]", value)]
    tokens = [Token(*span) for span in zip(numbers[::2], numbers[1::2], strict=True)]
    text = document.text
    starts = [*(token.start for token in tokens), len(text)]
    ends = [0, *(token.end for token in tokens)]
    covered = not any(
        end > start or text[end:start].strip() for end, start in zip(ends, starts, strict=True)
    )
    words = [text[token.start : token.end] for token in tokens]
    valid = all(word.strip() and not _LINE_BREAK.search(word) for word in words)
    return tokens if covered and valid and ends[-1] <= len(text) else None


def split_tokens(
    document: Document, options: TokenWriteOptions, notes: Notes, *, cut: bool = True
) -> list[Token]:
    """Return the tokens of the source, or the tokens of the text, cut at the edges of mentions.

    Tokens are cut if `cut` is True and the option `tokens` is `cut`.
    """
    tokens = source_tokens(document)
    if tokens is None:
        note = "tokens of the source ignored because they do not fit the text"
        notes.add(note, f"document {document.id}", TOKENS_KEY in document.meta)
        tokens = split_text(document.text, options.lang, language_of(document.meta))
    return cut_at_mentions(tokens, document) if cut and options.tokens == "cut" else tokens


def split_text(text: str, lang: str, language: Language | None = None) -> list[Token]:
    """Return the tokens of a text without white space.

    `lang` is the spaCy language whose tokenizer splits the text; if it is empty, `tokenize` splits
    the text by the rules for `language`.
    """
    if not lang:
        return tokenize(text, language)
    doc = blank_pipeline(lang).tokenizer(text)
    return [Token(word.idx, word.idx + len(word)) for word in doc if not word.is_space]


@cache
def blank_pipeline(lang: str) -> Any:  # noqa: ANN401 - a spaCy pipeline; spaCy is imported here
    """Return spaCy's tokenizer for a language; raise `DataError` if spaCy has none."""
    try:
        return import_module("spacy").blank(lang)
    except ImportError as error:
        what = f"spaCy has no tokenizer for {lang!r}: {str(error).splitlines()[0]}"
        fix = "Set lang= to a spaCy language, such as fr, en or xx, and install its packages"
        raise DataError([Problem("bad-language", what, fix)]) from error


def cut_at_mentions(tokens: Iterable[Token], document: Document) -> list[Token]:
    """Return the tokens, with those that contain the edge of a mention cut there.

    White space at the edges of the pieces is left out, unless the token is white space.
    """
    edges = sorted({edge for e in document.entities for edge in (e.start, e.end)})
    cut: list[Token] = []
    for start, end in tokens:
        inside = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        if not inside:
            cut.append(Token(start, end))
            continue
        for span in pairwise([start, *inside, end]):
            piece = document.text[slice(*span)]
            if document.text[start:end].isspace():
                cut.append(Token(*span))
            elif word := piece.strip():
                first = span[0] + piece.index(word)
                cut.append(Token(first, first + len(word)))
    return cut


def align_mentions(
    document: Document,
    tokens: Sequence[Token],
    *,
    policy: AlignmentPolicy,
    notes: Notes,
    partial: bool = False,
) -> list[AlignedMention]:
    """Return the mentions of a document with their token ranges, in text order.

    `policy` applies to mentions that do not begin and end at token boundaries. With "error", the
    function raises `DataError` with one problem per such mention. With "expand" and "cut", a
    mention that overlaps no token is dropped. With "cut", the tokens come from `split_tokens`, so
    that only white space at the edges of mentions is lost. Changed and dropped mentions are counted
    in `notes`. If `partial` is True, the format can represent mentions that begin or end inside
    tokens, so only white space outside of tokens counts as a change.
    """
    changed = "white space at the edges of mentions dropped"
    if policy != "cut":
        changed = "mentions expanded to token boundaries"
    starts = [token.start for token in tokens]
    ends = [token.end for token in tokens]
    place = f"document {document.id}"
    mentions: list[AlignedMention] = []
    problems: list[Problem] = []
    for entity in document.entities:
        first, end = bisect_right(ends, entity.start), bisect_left(starts, entity.end)
        if partial:
            fits = first < end and starts[first] <= entity.start and entity.end <= ends[end - 1]
        else:
            fits = first < end and (starts[first], ends[end - 1]) == (entity.start, entity.end)
        if not fits and policy == "error":
            problems.append(_alignment_problem(document, entity))
        elif not fits and (policy == "drop" or first >= end):
            notes.add("unaligned mentions dropped", place)
        else:
            notes.add(changed, place, not fits)
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
    fix = "Correct the mention's offsets, or set the option tokens=cut, expand or drop"
    return Problem("off-tokens", what, fix, document.id, entity.id)


_CLOSING = frozenset(",.)]}…")
"""Tokens without a space before them."""

_OPENING = frozenset("([{")
"""Tokens without a space after them."""

_SPACED = frozenset(";:!?»")
"""Tokens with the `punctuation_space` of the language before them."""

_OPENING_QUOTE = "«"
"""A token with the `punctuation_space` of the language after it."""


def detokenize(words: Sequence[str], *, lang: str = "") -> tuple[str, list[Token]]:
    """Return a text rebuilt from its tokens, and the offsets of each token.

    The rules, in this order:

    - no space before `, . ) ] } …`, after `( [ {` or between tokens that the language joins (l',
      qu' in French; 's in English);
    - before `; : ! ? »` and after `«`, the `punctuation_space` of the language: a no-break space in
      French, none without `lang`;
    - a space between all other tokens.
    """
    language = find_language(lang)
    punctuation_space = language.typography.punctuation_space if language.code == lang else ""
    is_joined = _joined_tokens(language.typography)
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    for previous, word in zip(["", *words], words, strict=False):
        if not previous or word in _CLOSING or previous in _OPENING or is_joined(previous, word):
            space = ""
        elif word in _SPACED or previous == _OPENING_QUOTE:
            space = punctuation_space
        else:
            space = " "
        pieces += [space, word]
        position += len(space) + len(word)
        tokens.append(Token(position - len(word), position))
    return "".join(pieces), tokens


@cache
def _joined_tokens(typography: Typography) -> Callable[[str, str], bool]:
    """Return a function that says whether a language joins a token and the next one."""
    to_next = re.compile(typography.joined_to_next, re.IGNORECASE)
    to_previous = re.compile(typography.joined_to_previous, re.IGNORECASE)
    return lambda token, following: bool(
        to_next.fullmatch(token) or to_previous.fullmatch(following)
    )
