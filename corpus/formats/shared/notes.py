"""Notes: the numbers of changes that a conversion makes, such as dropped refs or repaired tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem

_READING_LOSS = re.compile(r"\b(left out|dropped|ignored|repaired|missing)\b")
"""The words in the notes of readers that mean that something was lost."""


@dataclass(slots=True)
class Notes:
    """The number of changes of each kind, and the place of the first change of each kind."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, place: str, number: int = 1) -> None:
        """Add `number` changes of the kind `what`; `place` is a document, or a file and line."""
        if number:
            self.counts[what] += number
            self.first.setdefault(what, place)

    def __iter__(self) -> Iterator[str]:
        """Yield one line per kind of change, with the number of changes and the first place."""
        yield from map(self._line, sorted(self.counts))

    def require_lossless(
        self, documents: Iterable[Document], *, reading: bool = False
    ) -> Iterator[Document]:
        """Yield the documents, then raise `DataError` if the notes contain any loss.

        In writing, every change is a loss; in reading, only what was left out or repaired. A writer
        that consumes these documents writes no file if the conversion is lossy.
        """
        yield from documents
        losses = [what for what in self.counts if not reading or _READING_LOSS.search(what)]
        if losses:
            fix = "Choose a format that can represent the data, or convert without --strict"
            if reading:
                fix = "Choose other options with --reading, or convert without --strict"
            raise DataError(Problem("lossy", self._line(what), fix) for what in sorted(losses))

    def _line(self, what: str) -> str:
        return f"{what}: {self.counts[what]} (first in {self.first[what]})"
