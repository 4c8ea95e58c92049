"""Notes: what a conversion did to the data that is no error, counted and told.

A format that cannot hold refs loses them; a reader that must repair tags repairs them. None of it
happens in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem


@dataclass(slots=True)
class Notes:
    """How often each thing was done, and where it was done first."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, place: str, number: int = 1) -> None:
        """Note that `what` happened, `number` times, at a place a person can find."""
        if number:
            self.counts[what] += number
            self.first.setdefault(what, place)

    def __iter__(self) -> Iterator[str]:
        for what, number in sorted(self.counts.items()):
            yield f"{what}: {number} (first in {self.first[what]})"

    def refuse(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents as they come; then `DataError` if anything was noted meanwhile.

        As the last step before a writer, it keeps what is lossy from being written at all.
        """
        yield from documents
        if self.counts:
            fix = "Choose a format that holds it, or convert without --strict"
            raise DataError(Problem("lossy", note, fix) for note in self)
