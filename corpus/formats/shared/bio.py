"""Tag sequences and the spans they stand for: IOB1, IOB2 and BILOU (which IOBES is, renamed).

Source: Ramshaw and Marcus 1995 (IOB1), Sang and Veenstra 1999 (IOB2), Ratinov and Roth 2009.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Scheme = Literal["iob1", "iob2", "bilou"]
Repair = Literal["error", "conlleval", "discard"]
"""What becomes of mentions with tags that break the scheme: conlleval reads them all the same."""

_IOB = {"B": "B", "I": "I"}
_BILOU = {"B": "B", "I": "I", "M": "I", "L": "E", "E": "E", "U": "S", "S": "S", "W": "S"}


class Span(NamedTuple):
    """A label on tokens: index of the first, and the one after the last."""

    first: int
    end: int
    label: str


def parts(tag: str, scheme: Scheme) -> tuple[str, str] | None:
    """Prefix (B, I, E, S or O) and label of a tag; None for what is no tag of the scheme."""
    if tag == "O":
        return "O", ""
    written, _, label = tag.partition("-")
    prefix = (_BILOU if scheme == "bilou" else _IOB).get(written)
    return (prefix, label) if prefix and label else None


def spans(tags: Sequence[str], scheme: Scheme) -> tuple[list[Span], list[int]]:
    """The spans of a sentence's tags, and the positions of the tags that break the scheme.

    Where one breaks it, a span begins or ends as it would for conlleval. These break it: what is
    no tag; I or E that continues nothing (in IOB1, I may begin a span); in BILOU, B or I that
    nothing closes.
    """
    found: list[Span] = []
    wrong: set[int] = set()
    open_ = ""
    for position, tag in enumerate([*tags, "O"]):
        prefix, label = parts(tag, scheme) or ("", "")
        continues = prefix in ("I", "E")
        joins = continues and label == open_
        if open_ and not joins and scheme == "bilou":
            wrong.add(position - 1)
        if not prefix or (continues and not joins and scheme != "iob1"):
            wrong.add(position)
        if joins:
            found[-1] = found[-1]._replace(end=position + 1)
        elif label:
            found.append(Span(position, position + 1, label))
        open_ = label if prefix in ("B", "I") else ""
    return found, sorted(wrong)


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
            now = parts(tag, "bilou") or ("O", "")
            if now[0] in ("E", "S"):
                return "bilou"
            touching = before[0] != "O" and before[1] == now[1]
            free_b |= now[0] == "B" and not touching
            free_i |= now[0] == "I" and not touching
            before = now
    return "iob1" if free_i and not free_b else "iob2"
