"""The rules of brat's own parser for `.ann` files, written from its standoff documentation."""

import re
from collections.abc import Iterator
from itertools import pairwise

_T_LINE = re.compile(r"(T[0-9]+)\t(\S+) ([0-9]+ [0-9]+(?:;[0-9]+ [0-9]+)*)(?:\t(.*))?")
_OTHER_LINES = {
    "R": r"R[0-9]+\t\S+ Arg1:T[0-9]+ Arg2:T[0-9]+",
    "A": r"A[0-9]+\t\S+ [TR][0-9]+(?: \S+)?",
    "N": r"N[0-9]+\t\S+ T[0-9]+ [^\s:]+:\S*\t.*",
    "#": r"#[0-9]+\t\S+ \S+\t.*",
}


def rejected_lines(text: str, annotations: str) -> Iterator[str]:
    """The lines that brat would reject: it reads lines as Python's `splitlines` does."""
    for line in annotations.splitlines():
        if line[:1] == "T":
            if not _accepts_mention(text, line):
                yield line
        elif not re.fullmatch(_OTHER_LINES.get(line[:1], "(?!)"), line):
            yield line


def _accepts_mention(text: str, line: str) -> bool:
    """The surface is the fragments joined by spaces; they are in the text and do not overlap."""
    match = _T_LINE.fullmatch(line)
    if match is None:
        return False
    spans = [tuple(map(int, span.split())) for span in match[3].split(";")]
    ordered = all(start <= end <= len(text) for start, end in spans)
    apart = all(one[1] < other[0] for one, other in pairwise(spans))
    return ordered and apart and match[4] == " ".join(text[start:end] for start, end in spans)
