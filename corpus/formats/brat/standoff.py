"""The syntax of brat annotation lines, and the `Aloi` notes for all other data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec

ALOI_NOTE = "Aloi"
"""The type of the notes for data without a line type in brat; the text of such a note is JSON."""

COMMENT_NOTE = "AnnotatorNotes"
"""The type of the notes that annotators write."""

DOCUMENT_TARGET = "document"
"""The target of the `Aloi` note on the document; the target of all other notes is a line id."""

LOCAL_REF = "local:"
"""The prefix that the writer adds to refs that do not have the form `DB:ID`."""

LINE_ENDS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""The characters at which brat splits the lines of a file; no line may contain them."""

FRAGMENTS = "fragments"
"""The attribute for the fragments of a discontinuous mention, such as `0 4;9 15`.

The numbers are the start and end (exclusive) of each fragment, counted from the start of the
mention.
"""

_FRAGMENTS_VALUE = re.compile(r"0 [0-9]{1,15}(?:;[0-9]{1,15} [0-9]{1,15})+")

Span = tuple[int, int]
"""The start and end (exclusive) of a fragment or mention, in code points."""

_GRAMMAR = {
    "T": re.compile(
        r"(T\S*)\t(\S+) ([0-9]{1,15}) ([0-9]{1,15})((?:;[0-9]{1,15} [0-9]{1,15})*)(?:\t(.*))?",
        re.DOTALL,
    ),
    "R": re.compile(r"(R\S*)\t(\S+) ([^\s:]+):(\S+) ([^\s:]+):(\S+)\s*"),
    "E": re.compile(r"(E\S*)\t([^\s:]+):(\S+)((?: [^\s:]+:\S+)*)\s*"),
    "A": re.compile(r"A\S*\t(\S+) (\S+)(?: (\S+))?\s*"),
    "M": re.compile(r"M\S*\t(\S+) (\S+)(?: (\S+))?\s*"),
    "N": re.compile(r"N\S*\t\S+ (\S+) ([^\s:]+:\S*)(?:\t.*)?", re.DOTALL),
    "*": re.compile(r"\*\t\S+((?: \S+)+)\s*"),
    "#": re.compile(r"#\S*\t(\S+) (\S+)(?:\t(.*))?", re.DOTALL),
}
_EXAMPLES = {
    "T": "T1<tab>LABEL start end<tab>surface",
    "R": "R1<tab>LABEL Arg1:T1 Arg2:T2",
    "E": "E1<tab>LABEL:T1 Role:T2",
    "A": "A1<tab>NAME T1 value",
    "M": "M1<tab>NAME T1 value",
    "N": "N1<tab>Reference T1 DB:ID<tab>name",
    "*": "*<tab>Equiv T1 T2",
    "#": "#1<tab>AnnotatorNotes T1<tab>text",
}


class ItemNote(msgspec.Struct, forbid_unknown_fields=True):
    """The content of an `Aloi` note on a mention or relation.

    `span` is the span of a mention that begins or ends with a line end, which fragments leave out.
    """

    id: str | None = None
    span: Span | None = None
    score: float | None = None
    attributes: dict[str, str] = {}


class DocumentNote(msgspec.Struct, forbid_unknown_fields=True):
    """The content of the `Aloi` note on a document.

    `mentions` maps mention ids in the `.ann` file to mention ids in the document.
    """

    id: str | None = None
    meta: dict[str, Any] = {}
    mentions: dict[str, str] = {}


def match_line(line: str) -> re.Match[str] | None:
    """Return the parts of an annotation line, or None if the line is malformed."""
    grammar = _GRAMMAR.get(line[:1])
    return grammar.fullmatch(line) if grammar else None


def example_line(line: str) -> str:
    """Return an example of the same line type; for an unknown type, return the list of types."""
    return _EXAMPLES.get(line[:1], "only lines of the types T, R, E, A, M, N, * and #")


def split_at_line_ends(text: str, span: Span) -> list[Span]:
    """Return the fragments of a span: its lines, without lines that contain only white space."""
    fragments, start = [], span[0]
    breaks = [match.span() for match in LINE_ENDS.finditer(text, *span)]
    for end, next_start in (*breaks, (span[1], span[1])):
        if text[start:end].strip():
            fragments.append((start, end))
        start = next_start
    return fragments


def join_fragments(text: str, fragments: Iterable[Span]) -> list[Span]:
    """Return the fragments in text order; join fragments with only white space between them."""
    joined: list[Span] = []
    for start, end in sorted(fragments):
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def format_fragments(fragments: Sequence[Span]) -> str:
    """Return the value of the attribute `fragments`."""
    origin = fragments[0][0]
    return ";".join(f"{start - origin} {end - origin}" for start, end in fragments)


def parse_fragments(value: str, span: Span) -> list[Span] | None:
    """Return the fragments in an attribute `fragments`, or None if they do not fit the span."""
    if not _FRAGMENTS_VALUE.fullmatch(value):
        return None
    offsets = [span[0] + int(number) for number in re.split("[ ;]", value)]
    ordered = all(first < second for first, second in pairwise(offsets))
    if not ordered or offsets[-1] != span[1]:
        return None
    return list(zip(offsets[::2], offsets[1::2], strict=True))
