"""What is wrong with data: where it stands, what it is, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `kind` is a stable short name; `fix` tells the reader what to do."""

    kind: str
    what: str
    fix: str
    document: str | None = None
    item: str | None = None
    file: str | None = None
    line: int | None = None

    def at(self, *, file: str | None = None, line: int | None = None) -> Problem:
        """The same problem, placed; what was known of its place is kept."""
        return replace(self, file=self.file or file, line=self.line or line)

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        place = "" if self.file is None else f"{self.file}{line}: "
        whose = "" if self.document is None else f"document {self.document}: "
        item = "" if self.item is None else f"{self.item}: "
        return f"{place}{whose}{item}{self.what} [{self.kind}]. {self.fix}."


class DataError(Exception):
    """The data has problems; all those found are in `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Problem, ...]]]:
        """What goes from one process to another: the problems, not their text."""
        return type(self), (self.problems,)
