"""Names that a format puts into files of its own rules: file names from ids, and labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem

_PATH = re.compile(r"\w[\w.\-]*(?:/\w[\w.\-]*)*")
_LONGEST = 200
"""Bytes of one name in a path; file systems stop at 255, and a suffix is added."""

LayerName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)*\Z")]
"""The name of a layer of annotations, as UIMA's types have it; for a format's options."""


@dataclass(slots=True)
class Names:
    """The names met while writing; those that cannot be written are told after the last document.

    `label` is the pattern that labels match, `words` says what it asks for.
    """

    label: re.Pattern[str]
    words: str
    good: set[str] = field(default_factory=set)
    bad: dict[str, Problem] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def check(self, document: Document) -> bool:
        """Whether a document's id can be a path below the output folder; labels are noted."""
        labels = {entity.label for entity in document.entities}
        labels |= {relation.label for relation in document.relations}
        for label in sorted(labels - self.good):
            self._label(label, document.id)
        fits = all(len(part.encode()) <= _LONGEST for part in document.id.split("/"))
        if not _PATH.fullmatch(document.id) or not fits:
            fix = "Use letters, digits, '-', '_' and '.' in ids, '/' between folders"
            self._problem("bad-id", "the id cannot be a file's name", fix, document.id)
        elif document.id in self.ids:
            fix = "Give each document its own id"
            self._problem("document-id-twice", "document id given twice", fix, document.id)
        else:
            self.ids.add(document.id)
            return True
        return False

    def _label(self, label: str, document: str) -> None:
        if self.label.fullmatch(label):
            self.good.add(label)
        elif label not in self.bad:
            what = f"the label {label!r} cannot be written: {self.words}"
            fix = "Rename it with --labels"
            self.bad[label] = Problem("bad-label", what, fix, document)

    def _problem(self, kind: str, what: str, fix: str, document: str) -> None:
        self.problems.append(Problem(kind, what, fix, document))

    def settle(self) -> None:
        """Raise `DataError` naming everything that could not be written."""
        found = [*self.problems, *self.bad.values()]
        if found:
            raise DataError(found)


def utf8(text: str, document: str) -> bytes:
    """The text in UTF-8; `DataError` for a lone surrogate, which is no character."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, document)]) from error


def surrogate_problem(error: UnicodeEncodeError, document: str) -> Problem:
    """What it means that a document's text or names cannot be put in UTF-8."""
    what = f"lone surrogate {error.object[error.start]!r}, which UTF-8 cannot hold"
    return Problem("lone-surrogate", what, "Remove it from the text and names", document)
