"""Notes: counts of changes to the data in a conversion, such as dropped refs or repaired tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem


@dataclass(slots=True)
class Notes:
    """The number of changes of each kind, and the place of the first one."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, place: str, number: int = 1) -> None:
        """Count `number` changes; `place` is a document, or a file and line. Zero adds nothing."""
        if number:
            self.counts[what] += number
            self.first.setdefault(what, place)

    def __iter__(self) -> Iterator[str]:
        """Yield one line for each kind of change, with its count and first place."""
        for what, number in sorted(self.counts.items()):
            yield f"{what}: {number} (first in {self.first[what]})"

    def require_lossless(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents, then raise `DataError` if any change was counted.

        Placed directly before a writer, it prevents a lossy conversion from writing a file.
        """
        yield from documents
        if self.counts:
            fix = "Choose a format that can represent it, or convert without --strict"
            raise DataError(Problem("lossy", note, fix) for note in self)
