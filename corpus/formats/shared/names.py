"""Checks of document ids and labels, for formats that write one file per document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.problems import DataError, Problem

_PATH = re.compile(r"\w[\w.\-]*(?:/\w[\w.\-]*)*")
_MAX_NAME_BYTES = 200
"""Length limit of a file or folder name: 255 bytes in most file systems, minus the suffix."""

LayerName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)*\Z")]
"""The name of an annotation layer, such as `webanno.custom.Entity`, in the options of a format."""


@dataclass(slots=True)
class NameChecker:
    """A check of the ids and labels of the documents being written, with the problems found.

    `label` is the pattern that labels must match; `rule` describes that pattern in error messages.
    """

    label: re.Pattern[str]
    rule: str
    valid_labels: set[str] = field(default_factory=set)
    bad_labels: dict[str, Problem] = field(default_factory=dict)
    ids: DocumentIds = field(default_factory=DocumentIds)
    problems: list[Problem] = field(default_factory=list)

    def check(self, document: Document) -> bool:
        """Check the labels and id of a document; return True if the id is valid and unique."""
        labels = {entity.label for entity in document.entities}
        labels |= {relation.label for relation in document.relations}
        for label in sorted(labels - self.valid_labels):
            self._check_label(label, document.id)
        problems = self._id_problems(document.id)
        self.problems += problems
        return not problems

    def _id_problems(self, id_: str) -> list[Problem]:
        names = id_.split("/")
        if _PATH.fullmatch(id_) and all(len(name.encode()) <= _MAX_NAME_BYTES for name in names):
            return self.ids.add(id_)
        fix = "Use a shorter id of letters, digits, '-', '_' and '.', with '/' between folders"
        return [Problem("bad-id", "the document id cannot be used as a file name", fix, id_)]

    def _check_label(self, label: str, document: str) -> None:
        if self.label.fullmatch(label):
            self.valid_labels.add(label)
        elif label not in self.bad_labels:
            what = f"the label {label!r} cannot be written: {self.rule}"
            fix = "Rename the label with --labels"
            self.bad_labels[label] = Problem("bad-label", what, fix, document)

    def raise_problems(self) -> None:
        """Raise `DataError` if any id or label cannot be written."""
        problems = [*self.problems, *self.bad_labels.values()]
        if problems:
            raise DataError(problems)
