"""Documents as Label Studio tasks: their data, annotations and predictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from aloi.annotation.exchange.assignment import mean_score
from aloi.annotation.provenance import PROVENANCE
from aloi.annotation.server_protocol import Payload, text_hash
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.label_studio_results import InterfaceTags, to_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema

TEXT_HASH = "text_sha256"
"""The key of a task's data with the SHA-256 of the document's text when it was pushed."""

RESERVED_KEYS = ("doc_id", "text", TEXT_HASH)
"""The keys of a task's data that are not metadata of the document."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL character in JSON. After an odd number of backslashes it is literal text."""


def contains_nul(document: Document) -> bool:
    """Return whether a document has a NUL character anywhere; PostgreSQL cannot store it."""
    encoded = msgspec.json.encode(document)
    # The substring test is fast and excludes nearly all documents.
    return b"\\u0000" in encoded and _NUL.search(encoded) is not None


def interface_tags(schema: Schema) -> InterfaceTags:
    """Return the tags of the labelling interface of a schema."""
    attributes = schema.entity_attributes.items()
    return InterfaceTags(choices=frozenset(name for name, type_ in attributes if type_.values))


@dataclass(frozen=True, slots=True)
class LabelStudioTaskWriter:
    """A writer of documents as tasks of one annotator's project."""

    annotator: str
    schema: Schema
    guideline_version: str | None
    notes: Notes

    def task(
        self, document: Document, *, predictions: Iterable[Payload] = (), finished: bool = False
    ) -> Payload:
        """Return a document's task; `finished`: with its annotations as submitted work.

        Raise `DataError` if the metadata uses a key that tasks reserve.
        """
        if reserved := sorted(document.meta.keys() & set(RESERVED_KEYS)):
            what = f"metadata uses keys that tasks reserve: {', '.join(reserved)}"
            fix = "Rename the keys of the metadata"
            raise DataError([Problem("name-taken", what, fix, document.id)])
        meta = {key: value for key, value in document.meta.items() if key != PROVENANCE}
        meta["annotator"] = self.annotator
        if self.guideline_version is not None:
            meta["guideline_version"] = self.guideline_version
        own = {"doc_id": document.id, "text": document.text, TEXT_HASH: text_hash(document.text)}
        task: Payload = {"data": {**own, **meta}}
        if listed := list(predictions):
            task["predictions"] = listed
        if finished:
            task["annotations"] = [self.annotation(document)]
        return task

    def annotation(self, document: Document) -> Payload:
        """Return a document's annotations as submitted work."""
        return {"result": self._result(document), "ground_truth": False}

    def prediction(self, document: Document, model_version: str) -> Payload:
        """Return a document's annotations as a prediction; its score is their mean score."""
        mean = mean_score(document)
        score = {} if mean is None else {"score": mean}
        return {"model_version": model_version, "result": self._result(document), **score}

    def same_prediction(self, stored: Payload, new: Payload) -> bool:
        """Return whether two predictions have the same results in any order."""
        return _sorted_results(stored["result"]) == _sorted_results(new["result"])

    def _result(self, document: Document) -> list[dict[str, Any]]:
        return to_results(document, interface_tags(self.schema), self.notes)


def _sorted_results(listed: Iterable[Mapping[str, Any]]) -> list[bytes]:
    encode = msgspec.json.Encoder(order="deterministic").encode
    return sorted(map(encode, listed))
