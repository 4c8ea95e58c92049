"""Detection of document ids that occur more than once in the input or output."""

from __future__ import annotations

from dataclasses import dataclass, field

from aloi.corpus.problems import Problem

_FIX = "Give each document its own id"


@dataclass(slots=True)
class DocumentIds:
    """The document ids seen so far, each with the place of its first occurrence."""

    places: dict[str, str] = field(default_factory=dict)

    def add(self, id_: str, place: str = "", *, fix: str = _FIX) -> list[Problem]:
        """Record an id and return a problem if it was recorded before, else an empty list.

        `place` is a file, or a file and line; the problem names the first place, if known.
        """
        if id_ not in self.places:
            self.places[id_] = place
            return []
        return [duplicate_id(id_, self.places[id_], fix=fix)]


def duplicate_id(id_: str, first: str = "", *, fix: str = _FIX) -> Problem:
    """Return the problem of a document id that occurs again; `first` is its first place."""
    where = f", first in {first}" if first else ""
    return Problem("document-id-twice", f"duplicate document id{where}", fix, id_)
