"""The problems and notes of one file, for formats that are read line by line."""

from __future__ import annotations

from dataclasses import dataclass, field

from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem


@dataclass(slots=True)
class FileReport:
    """The problems and notes of one file, with their lines; all problems have the same `kind`."""

    kind: str
    file: str
    notes: Notes
    problems: list[Problem] = field(default_factory=list)

    def add_problem(self, what: str, fix: str, line: int) -> None:
        """Record a problem at a line of the file."""
        self.problems.append(Problem(self.kind, what, fix, file=self.file, line=line))

    def add_note(self, what: str, line: int, count: int = 1) -> None:
        """Add `count` changes of the kind `what`, made at a line of the file, to the notes."""
        self.notes.add(what, f"{self.file}:{line}", count)

    def raise_problems(self) -> None:
        """Raise `DataError` with all recorded problems, if there are any."""
        if self.problems:
            raise DataError(self.problems)
