"""Tag sequences and the spans they stand for: IOB1, IOB2 and BILOU (which IOBES is, renamed).

Source: Ramshaw and Marcus 1995 (IOB1), Sang and Veenstra 1999 (IOB2), Ratinov and Roth 2009.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Scheme = Literal["iob1", "iob2", "bilou"]
Repair = Literal["error", "conlleval", "discard"]
_SAME = {"L": "E", "U": "S", "W": "S", "M": "I"}


class Span(NamedTuple):
    """A label on tokens: index of the first, and the one after the last."""

    first: int
    end: int
    label: str


def parts(tag: str) -> tuple[str, str] | None:
    """Prefix (B, I, E, S or O) and label of a tag; None for what is no tag."""
    if tag == "O":
        return "O", ""
    prefix, dash, label = tag.partition("-")
    prefix = _SAME.get(prefix, prefix)
    return (prefix, label) if dash and label and prefix in ("B", "I", "E", "S") else None


def spans(
    tags: Sequence[str], scheme: Scheme, repair: Repair = "error"
) -> tuple[list[Span], list[int]]:
    """The spans of a sentence's tags, and the positions whose tags break the scheme.

    At these, `conlleval` begins a span, as `error` does for a reader that goes on; `discard` takes
    the tag for O. In IOB1 an I- may begin a span.
    """
    found: list[Span] = []
    wrong: list[int] = []
    going = False
    for position, tag in enumerate(tags):
        known = parts(tag)
        prefix, label = known or ("O", "")
        joins = prefix in ("I", "E") and going and found[-1].label == label
        if known is None or (prefix in ("I", "E") and not joins and scheme != "iob1"):
            wrong.append(position)
            prefix = "O" if repair == "discard" else prefix
        if prefix != "O" and joins:
            found[-1] = found[-1]._replace(end=position + 1)
        elif prefix != "O":
            found.append(Span(position, position + 1, label))
        going = prefix in ("B", "I")
    return found, wrong


def tags(spans_: Iterable[Span], length: int, scheme: Scheme = "iob2") -> list[str]:
    """The tags of `length` tokens for flat spans in order."""
    written = ["O"] * length
    last: Span | None = None
    for span in spans_:
        prefixes = ["B"] + ["I"] * (span.end - span.first - 1)
        if scheme == "bilou":
            prefixes[-1] = "L" if len(prefixes) > 1 else "U"
        elif scheme == "iob1" and (not last or last.end != span.first or last.label != span.label):
            prefixes[0] = "I"
        written[span.first : span.end] = [f"{prefix}-{span.label}" for prefix in prefixes]
        last = span
    return written


def scheme_of(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme that tags speak for: BILOU by its own prefixes, IOB1 where no B- opens freely."""
    free_b = free_i = False
    for sequence in sequences:
        before = ("O", "")
        for tag in sequence:
            now = parts(tag) or ("O", "")
            if now[0] in ("E", "S"):
                return "bilou"
            touching = before[0] != "O" and before[1] == now[1]
            free_b |= now[0] == "B" and not touching
            free_i |= now[0] == "I" and not touching
            before = now
    return "iob1" if free_i and not free_b else "iob2"
