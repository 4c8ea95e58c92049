"""The syntax of brat annotation lines, and the `Aloi` notes for all other data."""

from __future__ import annotations

import re
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

LINE_ENDS = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""The characters that spaces replace in surfaces: tabs and all kinds of line ends."""

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
    """The content of an `Aloi` note on a mention or relation."""

    id: str | None = None
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
