"""Conversion of documents to Label Studio tasks, with annotations and predictions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from aloi.annotation.exchange.assignment import mean_score
from aloi.annotation.provenance import PROVENANCE
from aloi.annotation.server_protocol import KnownRef, Payload, Versions
from aloi.corpus.document import Document, hash_text
from aloi.corpus.formats.shared.label_studio_results import InterfaceTags, to_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema

TEXT_HASH = "text_sha256"
"""The key for the SHA-256 of the pushed text in a task's data."""

GUIDELINE_VERSION, SCHEMA_VERSION = "guideline_version", "schema_version"
"""The keys for the versions under which a task is annotated, in a task's data."""

KNOWN_REFS_KEY = "known_refs"
"""The key of the refs that can be chosen for mentions in a task's data."""

RENAMES_KEY = "label_renames"
"""The key of the annotations changed by a renaming of labels, by number, in a task's data.

A value contains the `author` and the time of the last change before the renaming (`updated_at`),
and the SHA-256 of the renamed results. Older values contain the time of the renaming instead.
"""

RESULT_HASH = "result_sha256"

RESERVED_KEYS = ("doc_id", "text", TEXT_HASH, KNOWN_REFS_KEY, RENAMES_KEY)
"""The keys in a task's data that do not come from the document's metadata."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL character in JSON; after an odd number of backslashes, it is literal text."""


def contains_nul(document: Document) -> bool:
    """Return whether a document contains a NUL character, which PostgreSQL cannot store."""
    encoded = msgspec.json.encode(document)
    # The substring test is fast and excludes nearly all documents.
    return b"\\u0000" in encoded and _NUL.search(encoded) is not None


def interface_tags(schema: Schema) -> InterfaceTags:
    """Return the tags of the labelling interface for a schema."""
    attributes = schema.entity_attributes.items()
    return InterfaceTags(choices=frozenset(name for name, type_ in attributes if type_.values))


def versions_data(versions: Versions) -> dict[str, str]:
    """Return versions as a part of a task's data."""
    recorded = {GUIDELINE_VERSION: versions.guideline, SCHEMA_VERSION: versions.schema}
    return {key: version for key, version in recorded.items() if version is not None}


def task_versions(data: Mapping[str, Any]) -> Versions:
    """Return the versions recorded in a task's data."""
    return Versions(data.get(GUIDELINE_VERSION), data.get(SCHEMA_VERSION))


@dataclass(frozen=True, slots=True)
class LabelStudioTaskWriter:
    """A converter from documents to tasks for one annotator's project."""

    annotator: str
    schema: Schema
    guideline_version: str | None
    notes: Notes

    def task(
        self,
        document: Document,
        *,
        predictions: Iterable[Payload] = (),
        finished: bool = False,
        known_refs: Iterable[KnownRef] = (),
    ) -> Payload:
        """Return a task for a document.

        If `finished` is true, the task contains the document's annotations as submitted work.
        `known_refs` are the refs that can be chosen for mentions. Raise
        `DataError` if the document's metadata contains a reserved key (`RESERVED_KEYS`).
        """
        if reserved := sorted(document.meta.keys() & set(RESERVED_KEYS)):
            what = f"the metadata contains keys that are reserved in tasks: {', '.join(reserved)}"
            fix = "Rename these keys in the document's metadata"
            raise DataError([Problem("name-taken", what, fix, document.id)])
        meta = {key: value for key, value in document.meta.items() if key != PROVENANCE}
        meta["annotator"] = self.annotator
        meta |= versions_data(Versions(self.guideline_version, self.schema.version))
        own = {
            "doc_id": document.id,
            "text": document.text,
            TEXT_HASH: hash_text(document.text),
            KNOWN_REFS_KEY: [_ref_choice(known) for known in known_refs],
        }
        task: Payload = {"data": {**own, **meta}}
        if listed := list(predictions):
            task["predictions"] = listed
        if finished:
            task["annotations"] = [self.annotation(document)]
        return task

    def annotation(self, document: Document) -> Payload:
        """Return a document's annotations as submitted work in Label Studio's format."""
        return {"result": self._result(document), "ground_truth": False}

    def prediction(self, document: Document, model_version: str) -> Payload:
        """Return a document's annotations as a prediction, with their mean score."""
        mean = mean_score(document)
        score = {} if mean is None else {"score": mean}
        return {"model_version": model_version, "result": self._result(document), **score}

    def prediction_hash(self, prediction: Payload) -> str:
        """Return the SHA-256 of a prediction's results, in any order."""
        return result_hash(prediction["result"])

    def _result(self, document: Document) -> list[dict[str, Any]]:
        return to_results(document, interface_tags(self.schema), self.notes)


def _ref_choice(known: KnownRef) -> dict[str, str]:
    """Return the text displayed and searched for a ref (`value`), and the ref (`alias`)."""
    return {"value": " · ".join([known.ref, ", ".join(known.surfaces)]), "alias": known.ref}


def result_hash(listed: Iterable[Any]) -> str:
    """Return the SHA-256 of results, in any order."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    return hashlib.sha256(b"\n".join(sorted(map(encode, listed)))).hexdigest()
