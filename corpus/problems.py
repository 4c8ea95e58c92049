"""Problems in data, each with a description, a place and a fix."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in the data.

    `kind` is a stable short name, `what` describes the problem, and `fix` says how to correct it.
    The remaining fields describe the place: `document` is the document id, `item` the entity or
    relation, and `line` the line number in `file`, counted from 1.
    """

    kind: str
    what: str
    fix: str
    document: str | None = None
    item: str | None = None
    file: str | None = None
    line: int | None = None

    def at(self, *, file: str | None = None, line: int | None = None) -> Problem:
        """Return the problem; `file` and `line` fill in a missing file or line."""
        return replace(self, file=self.file or file, line=self.line or line)

    def __str__(self) -> str:
        """Return the problem as one line that is safe to print (see `printable`)."""
        line = "" if self.line is None else f":{self.line}"
        place = "" if self.file is None else f"{self.file}{line}: "
        document = "" if self.document is None else f"document {self.document}: "
        item = "" if self.item is None else f"{self.item}: "
        return printable(f"{place}{document}{item}{self.what} [{self.kind}]. {self.fix}.")


class DataError(Exception):
    """An error in the data; the attribute `problems` contains every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Problem, ...]]]:
        """Return the class and the problems, from which pickle rebuilds the error."""
        return type(self), (self.problems,)


def printable(text: str) -> str:
    """Return a text in which control characters are written as escapes, such as `\\x1b`.

    Printed as they are, control characters in ids and labels could change a terminal, and hide or
    forge lines. Escaped are the Unicode categories C (except unassigned characters), Zl and Zp.
    """
    if text.isprintable():
        return text
    return "".join(
        repr(letter)[1:-1] if unicodedata.category(letter) in _ESCAPED_CATEGORIES else letter
        for letter in text
    )


def table_cell(text: str) -> str:
    """Return a text for a cell of a Markdown table: on one line, and every `|` is escaped."""
    return _BARE_PIPE.sub(r"\\|", " ".join(text.splitlines()))


_BARE_PIPE = re.compile(r"(?<!\\)\|")
_ESCAPED_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def count_noun(number: int, noun: str) -> str:
    """Return a number and a noun; the noun gets a plural `-s` unless the number is 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
