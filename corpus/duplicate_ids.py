"""Detection of duplicate document ids.

On file systems that ignore case, as on macOS and Windows, two ids that differ only in case are
duplicates too, because both documents would have one file.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from aloi.corpus.problems import Problem

_FIX = "Give each document a unique id"
_CASE_FIX = "Rename one of the two documents, or write a .jsonl file"


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


@dataclass(frozen=True, slots=True)
class FileNames:
    """The ids of the documents in a folder with one file per document.

    `ids` contains the id by folded path. It is None if the file system distinguishes case: then
    each id has a file of its own.
    """

    ids: dict[str, str] | None

    @classmethod
    def of(cls, folder: Path, suffix: str, *, scratch: Path) -> Self:
        """Return the names in a folder of files that end with `suffix`.

        `scratch` is an existing folder on the same file system.
        """
        if not ignores_case(scratch):
            return cls(None)
        paths = (file.relative_to(folder).as_posix() for file in folder.rglob(f"*{suffix}"))
        names = (path.removesuffix(suffix) for path in paths)
        return cls({fold_case(name): unquote(name) for name in names})

    def add(self, id_: str, path: str) -> list[Problem]:
        """Record a document with its path without suffix; return a problem if the file is taken."""
        other = id_ if self.ids is None else self.ids.setdefault(fold_case(path), id_)
        return [] if other == id_ else [same_file_problem(id_, other)]


def ignores_case(path: Path) -> bool:
    """Return whether an existing path, with letters in its name, is found in the other case."""
    return path.with_name(path.name.swapcase()).exists()


def fold_case(name: str) -> str:
    """Return a key that is the same for names that differ only in case or Unicode composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def same_file_problem(id_: str, other: str) -> Problem:
    """Return the problem of two documents that would have one file."""
    what = f"the file of document {other} has the same name where case is ignored (macOS, Windows)"
    return Problem("ids-differ-in-case", what, _CASE_FIX, id_)
