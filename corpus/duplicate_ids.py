"""Detection of duplicate document ids."""

from __future__ import annotations

from dataclasses import dataclass, field

from aloi.corpus.problems import Problem

_FIX = "Give each document a unique id"


@dataclass(slots=True)
class DocumentIds:
    """The document ids found so far, each with the place of its first occurrence."""

    places: dict[str, str] = field(default_factory=dict)

    def add(self, id_: str, place: str = "", *, fix: str = _FIX) -> list[Problem]:
        """Record an id; return a list that contains a problem if the id is a duplicate.

        `place` is a file name, or a file name and line. The problem names the place of the first
        occurrence of the id, unless that place is empty.
        """
        if id_ not in self.places:
            self.places[id_] = place
            return []
        return [duplicate_id(id_, self.places[id_], fix=fix)]


def duplicate_id(id_: str, first: str = "", *, fix: str = _FIX) -> Problem:
    """Return the problem of a duplicate document id; `first` is the place of its first use."""
    where = f", first used in {first}" if first else ""
    return Problem("document-id-twice", f"duplicate document id{where}", fix, id_)
