"""Notes: the numbers of changes that a conversion makes, such as dropped refs or repaired tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem


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
        for what, number in sorted(self.counts.items()):
            yield f"{what}: {number} (first in {self.first[what]})"

    def require_lossless(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents, then raise `DataError` if the notes contain any change.

        A writer that consumes these documents writes no file if the conversion is lossy.
        """
        yield from documents
        if self.counts:
            fix = "Choose a format that can represent the data, or convert without --strict"
            raise DataError(Problem("lossy", note, fix) for note in self)
