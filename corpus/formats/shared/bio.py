"""BIO tagging: encode labelled token spans as tags in IOB1, IOB2 or BILOU, and decode the tags.

IOBES and BMEWO tags are read as BILOU tags, because only the letters differ.

Sources: Ramshaw and Marcus 1995 (IOB1), Sang and Veenstra 1999 (IOB2), Ratinov and Roth 2009
(BILOU).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

TagScheme = Literal["iob1", "iob2", "bilou"]
TagRepair = Literal["error", "conlleval", "discard"]
"""The treatment of tags that break the scheme.

`error` reports such tags. `conlleval` decodes such tags as the program conlleval does. `discard`
drops the mentions that contain such tags.
"""

_IOB_PREFIXES = {"B": "B", "I": "I"}
_BILOU_PREFIXES = {"B": "B", "I": "I", "M": "I", "L": "E", "E": "E", "U": "S", "S": "S", "W": "S"}
"""The prefixes of the BILOU family (IOBES, BMEWO), each mapped to B, I, E or S."""


class TokenSpan(NamedTuple):
    """A labelled token range: the indices `first` and `end` (exclusive)."""

    first: int
    end: int
    label: str


def split_tag(tag: str, scheme: TagScheme) -> tuple[str, str] | None:
    """Return the prefix of a tag as B, I, E, S or O, and its label; None if the tag is invalid."""
    if tag == "O":
        return "O", ""
    letter, _, label = tag.partition("-")
    prefix = (_BILOU_PREFIXES if scheme == "bilou" else _IOB_PREFIXES).get(letter)
    return (prefix, label) if prefix and label else None


def decode_tags(sequence: Sequence[str], scheme: TagScheme) -> tuple[list[TokenSpan], list[int]]:
    """Return the spans in a tag sequence, and the positions of the tags that break the scheme.

    Three kinds of tags break the scheme:

    - a string that is not a tag of the scheme;
    - I, L or E if the tag does not continue a span with the same label (except that, in IOB1, I may
      begin a span);
    - in BILOU, B or I if the next tag does not continue the span.

    At such tags, spans begin and end as in the program conlleval.
    """
    decoded: list[TokenSpan] = []
    invalid: set[int] = set()
    open_label = ""
    for position, tag in enumerate([*sequence, "O"]):
        prefix, label = split_tag(tag, scheme) or ("", "")
        inside = prefix in ("I", "E")
        continues = inside and label == open_label
        if open_label and not continues and scheme == "bilou":
            invalid.add(position - 1)
        if not prefix or (inside and not continues and scheme != "iob1"):
            invalid.add(position)
        if continues:
            decoded[-1] = decoded[-1]._replace(end=position + 1)
        elif label:
            decoded.append(TokenSpan(position, position + 1, label))
        open_label = label if prefix in ("B", "I") else ""
    return decoded, sorted(invalid)


class RepairedTags(NamedTuple):
    """The decoded spans, the positions of erroneous tags, and the positions of repaired tags."""

    spans: list[TokenSpan]
    errors: list[int]
    repaired: list[int]


def decode_with_repair(
    sequence: Sequence[str], scheme: TagScheme, repair: TagRepair
) -> RepairedTags:
    """Decode a tag sequence; report or repair the tags that break the scheme (see `TagRepair`).

    A string that is not a tag of the scheme is always an error.
    """
    decoded, invalid = decode_tags(sequence, scheme)
    errors = [p for p in invalid if repair == "error" or split_tag(sequence[p], scheme) is None]
    if repair == "discard":
        positions = set(invalid)
        decoded = [s for s in decoded if positions.isdisjoint(range(s.first, s.end))]
    return RepairedTags(decoded, errors, [p for p in invalid if p not in errors])


def encode_tags(
    token_spans: Iterable[TokenSpan], length: int, scheme: TagScheme = "iob2"
) -> list[str]:
    """Return the tags of `length` tokens, one tag per token.

    The spans must be in text order and must not overlap.
    """
    encoded = ["O"] * length
    previous: TokenSpan | None = None
    for span in token_spans:
        prefixes = ["B"] + ["I"] * (span.end - span.first - 1)
        if scheme == "bilou":
            prefixes[-1] = "L" if len(prefixes) > 1 else "U"
        elif scheme == "iob1" and not _touches(previous, span):
            prefixes[0] = "I"
        encoded[span.first : span.end] = [f"{prefix}-{span.label}" for prefix in prefixes]
        previous = span
    return encoded


def _touches(previous: TokenSpan | None, span: TokenSpan) -> bool:
    """Return whether `span` directly follows `previous` and has the same label."""
    return previous is not None and (previous.end, previous.label) == (span.first, span.label)


def detect_scheme(sequences: Iterable[Sequence[str]]) -> TagScheme:
    """Return the scheme that the tag sequences follow.

    The scheme is BILOU if any tag has a prefix that only BILOU uses. It is IOB1 if at least one
    span begins with I, and spans begin with B only directly after a span with the same label.
    Otherwise the scheme is IOB2.
    """
    starts_with_b = starts_with_i = False
    for sequence in sequences:
        previous = ("O", "")
        for tag in sequence:
            current = split_tag(tag, "bilou") or ("O", "")
            if current[0] in ("E", "S"):
                return "bilou"
            touches = previous[0] != "O" and previous[1] == current[1]
            starts_with_b |= current[0] == "B" and not touches
            starts_with_i |= current[0] == "I" and not touches
            previous = current
    return "iob1" if starts_with_i and not starts_with_b else "iob2"
