"""Checks of document ids and labels, for formats that write one file per document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.document_files import encode_id
from aloi.corpus.duplicate_ids import DocumentIds, FileNames
from aloi.corpus.problems import DataError, Problem

LayerName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)*\Z")]
"""The name of an annotation layer, such as `webanno.custom.Entity`, in the options of a format."""


@dataclass(slots=True)
class NameChecker:
    """A check of the ids and labels of the documents being written, with the problems found.

    `label` is the pattern that labels must match; `rule` describes that pattern in error messages.
    `files` contains the names of the files that exist already.
    """

    label: re.Pattern[str]
    rule: str
    files: FileNames
    valid_labels: set[str] = field(default_factory=set)
    bad_labels: dict[str, Problem] = field(default_factory=dict)
    ids: DocumentIds = field(default_factory=DocumentIds)
    problems: list[Problem] = field(default_factory=list)

    def check(self, document: Document) -> str | None:
        """Check the labels and id of a document; return its path without suffix.

        Returns None, and records problems, if the id is too long for a file name, not unique, or
        differs from another one in case alone on a file system that ignores case.
        """
        labels = {entity.label for entity in document.entities}
        labels |= {relation.label for relation in document.relations}
        for label in sorted(labels - self.valid_labels):
            self._check_label(label, document.id)
        try:
            path = encode_id(document.id)
            problems = self.ids.add(document.id) or self.files.add(document.id, path)
        except DataError as error:
            path, problems = "", list(error.problems)
        self.problems += problems
        return None if problems else path

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
