"""Detection of document ids that several documents have."""

from __future__ import annotations

from dataclasses import dataclass, field

from aloi.corpus.problems import Problem

_FIX = "Give each document a unique id"


@dataclass(slots=True)
class DocumentIds:
    """The document ids recorded so far, with the place where each was first found."""

    places: dict[str, str] = field(default_factory=dict)

    def add(self, id_: str, place: str = "", *, fix: str = _FIX) -> list[Problem]:
        """Record an id; return a list with one problem if it was recorded before, else no problem.

        `place` is a file name, or a file name and line. The problem names the place given with the
        first occurrence of the id, if there was one.
        """
        if id_ not in self.places:
            self.places[id_] = place
            return []
        return [duplicate_id(id_, self.places[id_], fix=fix)]


def duplicate_id(id_: str, first: str = "", *, fix: str = _FIX) -> Problem:
    """Return the problem of a duplicate document id; `first` is the place of the first document."""
    where = f", first used in {first}" if first else ""
    return Problem("document-id-twice", f"duplicate document id{where}", fix, id_)
