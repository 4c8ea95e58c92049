"""A document as a Label Studio task: its data, the work on it, and who is to label it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.label_studio_results import InterfaceTags, to_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema

HASH = "text_sha256"
PULLED = "label_studio"
"""The key of a pulled document's metadata that says where it comes from; it is not sent back."""

OWN = ("doc_id", "text", HASH)
"""Keys of a task's data that are no metadata."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL character in JSON; one backslash more makes it text that looks like one."""


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def holds_nul(document: Document) -> bool:
    """Whether a NUL character stands in a document's text, names or values: PostgreSQL has none."""
    encoded = msgspec.json.encode(document)
    return b"\\u0000" in encoded and _NUL.search(encoded) is not None  # the first is quick


def mean_score(document: Document) -> float | None:
    """The mean score of a document's mentions and relations; None where none is scored."""
    found = [each.score for each in document.entities] + [each.score for each in document.relations]
    scores = [score for score in found if score is not None]
    return sum(scores) / len(scores) if scores else None


def tags(schema: Schema) -> InterfaceTags:
    """Return the tags of the labelling interface of a schema."""
    listed = schema.entity_attributes.items()
    return InterfaceTags(choices=frozenset(name for name, type_ in listed if type_.values))


@dataclass(frozen=True, slots=True)
class Sender:
    """What every task of one annotator's project bears."""

    annotator: str
    schema: Schema
    guideline_version: str | None
    notes: Notes

    def task(self, document: Document) -> dict[str, Any]:
        """A document's task without any work on it; raises `DataError` for a name it needs."""
        if taken := sorted(document.meta.keys() & set(OWN)):
            what = f"Label Studio's tasks use the name {' and '.join(taken)} otherwise"
            fix = "Rename the key of the metadata"
            raise DataError([Problem("name-taken", what, fix, document.id)])
        meta = {key: value for key, value in document.meta.items() if key != PULLED}
        meta["annotator"] = self.annotator
        if self.guideline_version is not None:
            meta["guideline_version"] = self.guideline_version
        own = {"doc_id": document.id, "text": document.text, HASH: text_hash(document.text)}
        return {"data": {**own, **meta}}

    def annotation(self, document: Document) -> dict[str, Any]:
        """A document's annotations as finished work."""
        return {"result": self._result(document), "ground_truth": False}

    def prediction(self, document: Document, model_version: str) -> dict[str, Any]:
        """A document's annotations as a prediction, its score the mean of theirs."""
        mean = mean_score(document)
        score = {} if mean is None else {"score": mean}
        return {"model_version": model_version, "result": self._result(document), **score}

    def _result(self, document: Document) -> list[dict[str, Any]]:
        return to_results(document, tags(self.schema), self.notes)


def same_result(one: Iterable[Mapping[str, Any]], other: Iterable[Mapping[str, Any]]) -> bool:
    """Whether two results say the same, in whatever order."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    return sorted(map(encode, one)) == sorted(map(encode, other))
