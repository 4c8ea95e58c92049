"""The request of a push, and the problems that are found without a server's answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from aloi.annotation.exchange.assignment import Order
from aloi.annotation.exchange.refs import RefTable
from aloi.annotation.server_protocol import AnnotationServer, Versions
from aloi.corpus.document import Document
from aloi.corpus.guides import Guide
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema, schema_problems

ChangedText = Literal["refuse", "keep", "replace"]
"""How to handle a task with a text that differs from the document's text."""


@dataclass(frozen=True, kw_only=True)
class PushRequest:
    """The documents, annotators and options of a push.

    `double` is the proportion of documents to send to two annotators. `predictions` is keyed by
    document id. The predictions are sent with the name `model_version` and replace earlier
    predictions with the same name. If `finished` is true, the annotations in `documents` are sent
    as submitted work. If `rebalance` is true, tasks that nobody has started may move to an
    annotator with fewer tasks. `without_predictions` is the proportion of new tasks that get no
    predictions; `seed` decides at random which ones. `refs` contains the refs to fill in for
    predicted mentions, and to offer for all mentions.
    """

    corpus: str
    schema: Schema
    documents: Sequence[Document]
    annotators: Sequence[str]
    double: float = 0.0
    order: Order = "as-is"
    predictions: Mapping[str, Document] = field(default_factory=dict)
    model_version: str = "aloi"
    guide: Guide | None = None
    finished: bool = False
    changed: ChangedText = "refuse"
    rebalance: bool = False
    without_predictions: float = 0.0
    seed: int = 0
    refs: RefTable = field(default_factory=RefTable)

    def with_refs(self) -> PushRequest:
        """Return the request with refs for predicted mentions without ref."""
        filled = {id_: self.refs.fill(document) for id_, document in self.predictions.items()}
        return replace(self, predictions=filled)

    def withholds(self, annotator: str, document_id: str) -> bool:
        """Return whether an annotator's task for a document gets no predictions.

        The choice depends only on the seed, the annotator and the document, so that a push can be
        repeated.
        """
        drawn = hashlib.sha256(f"{self.seed}\0{annotator}\0{document_id}".encode()).digest()
        return int.from_bytes(drawn[:8]) < self.without_predictions * 2**64

    def displayed(self, annotator: str, document_id: str) -> Document | None:
        """Return the prediction for an annotator's new task, or None if it gets none."""
        withheld = self.withholds(annotator, document_id)
        return None if withheld else self.predictions.get(document_id)

    @property
    def versions(self) -> Versions:
        """The versions under which the sent documents are annotated."""
        return Versions(None if self.guide is None else self.guide.version, self.schema.version)


def request_problems(server: AnnotationServer, request: PushRequest) -> Iterator[Problem]:
    """Yield the problems of a request.

    Problems are an empty request, labels that the schema does not contain, predictions for another
    text, and documents that the server cannot store.
    """
    if not request.documents:
        what = f"there are no documents to push to {request.corpus}"
        fix = "Add texts with `aloi corpus add SOURCE CORPUS`, or documents to the folder gold/"
        yield Problem("no-documents", what, fix)
    texts = {document.id: document.text for document in request.documents}
    for predicted in request.predictions.values():
        yield from schema_problems(predicted, request.schema)
        if texts.get(predicted.id, predicted.text) != predicted.text:
            what = "the text of the prediction differs from the document's text"
            fix = "Run `aloi predict` on the documents again"
            yield Problem("different-text", what, fix, predicted.id)
    if request.finished:
        for document in request.documents:
            yield from schema_problems(document, request.schema)
    seen: set[str] = set()
    for document in (*request.documents, *request.predictions.values()):
        problems = [] if document.id in seen else list(server.storage_problems(document))
        if problems:
            seen.add(document.id)
        yield from problems
