"""Push: send documents to annotators, one task per document in the annotator's project.

A task is identified by its document id, because the server chooses the task number. A push can be
repeated: existing tasks are kept, missing tasks are sent, and duplicate tasks without annotations
or drafts are deleted. The server's `TaskWriter` converts documents to tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aloi.annotation.exchange.assignment import Order, assign_documents, order_documents
from aloi.annotation.exchange.task_import import (
    TasksByDocument,
    delete_duplicates,
    import_batch,
    split_batches,
    tasks_by_document,
    tasks_with_work,
)
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import (
    AnnotationServer,
    Payload,
    Project,
    TaskWriter,
)
from aloi.corpus.document import Document, hash_text
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema, schema_problems

ChangedText = Literal["refuse", "keep", "replace"]
"""How to handle a task with a text that differs from the document's text."""


@dataclass(frozen=True, kw_only=True)
class PushRequest:
    """The documents, annotators and options of a push.

    `double` is the proportion of documents to send to two annotators. `predictions` is keyed by
    document id. The predictions are sent with the name `model_version` and replace earlier
    predictions with the same name. If `finished` is true, the annotations in `documents` are sent
    as submitted work.
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


@dataclass(frozen=True, slots=True)
class ProjectPush:
    """The result of a push for one project.

    `sent` is the number of sent documents, `present` the number of documents already in the
    project, and `replaced` the number of documents with a replaced task. `predictions` is the
    number of updated predictions, `duplicates` the number of deleted duplicate tasks.
    """

    project: Project
    sent: int = 0
    present: int = 0
    replaced: int = 0
    predictions: int = 0
    duplicates: int = 0


def push(
    server: AnnotationServer,
    request: PushRequest,
    notes: Notes,
    *,
    progress: Progress = ignore_progress,
) -> dict[str, ProjectPush]:
    """Send documents to their annotators; return the result by annotator.

    Before anything is sent, raise `DataError` with all problems, such as unknown labels, or
    predictions or tasks with a text that differs from the document's text. A task with a different
    text is accepted if `changed` is `keep`, or if `changed` is `replace` and the task contains no
    annotations or drafts.
    """
    if problems := list(_request_problems(server, request)):
        raise DataError(problems)
    progress("listing existing tasks")
    parts = [_AnnotatorPush.create(server, request, name, notes) for name in request.annotators]
    documents = order_documents(request.documents, request.order, predictions=request.predictions)
    by_id = {document.id: document for document in documents}
    placed = {part.annotator: part.tasks for part in parts}
    assigned = assign_documents(
        list(by_id), request.annotators, double=request.double, placed=placed
    )
    parts = [
        replace(part, documents=[by_id[id_] for id_ in assigned[part.annotator]]) for part in parts
    ]
    if problems := [problem for part in parts for problem in part.problems()]:
        raise DataError(problems)
    return {part.annotator: part.send(progress) for part in parts}


def push_document(
    server: AnnotationServer,
    request: PushRequest,
    notes: Notes,
    *,
    progress: Progress = ignore_progress,
) -> str:
    """Push one document to one annotator, and return the address of the task's page."""
    (document,), (annotator,) = request.documents, request.annotators
    project = push(server, request, notes, progress=progress)[annotator].project
    return server.task_url(project, tasks_by_document(server, project)[document.id][0].id)


def _request_problems(server: AnnotationServer, request: PushRequest) -> Iterator[Problem]:
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


@dataclass(frozen=True)
class _AnnotatorPush:
    """The push to one annotator, with the annotator's documents and existing tasks."""

    server: AnnotationServer
    request: PushRequest
    annotator: str
    title: str
    writer: TaskWriter
    project: Project | None
    tasks: TasksByDocument
    documents: Sequence[Document] = ()

    @classmethod
    def create(
        cls, server: AnnotationServer, request: PushRequest, annotator: str, notes: Notes
    ) -> _AnnotatorPush:
        """Return the push to an annotator, with the annotator's existing project and tasks."""
        version = None if request.guide is None else request.guide.version
        writer = server.task_writer(annotator, request.schema, version, notes)
        title = server.project_title(request.corpus, annotator)
        project = server.find_project(title)
        tasks = {} if project is None else tasks_by_document(server, project)
        return cls(server, request, annotator, title, writer, project, tasks)

    def problems(self) -> Iterator[Problem]:
        """Yield a problem for each document with a changed text, unless `changed` allows it."""
        changed = self._changed_documents(self.tasks)
        if self.project is None or not changed or self.request.changed == "keep":
            return
        tasks = {task.id for document in changed for task in self.tasks[document.id]}
        with_work = tasks_with_work(self.server, self.project, tasks)
        for document in changed:
            has_work = any(task.id in with_work for task in self.tasks[document.id])
            if self.request.changed == "replace" and not has_work:
                continue
            what = f"the text of {self.annotator}'s task differs from the document's text"
            fix = "Push with --changed keep to keep the task, or --changed replace to replace it"
            if has_work:
                what += ", and the task contains work"
                fix = "Push with --changed keep, or pull the annotations and delete the task"
            yield Problem("changed-text", what, fix, document.id)

    def send(self, progress: Progress) -> ProjectPush:
        """Create or update the project, send missing documents, and update predictions."""
        project = self._set_up_project()
        tasks, duplicates = delete_duplicates(self.server, project, self.tasks)
        replaced: list[str] = []
        if self.request.changed == "replace":
            replaced = [document.id for document in self._changed_documents(tasks)]
            outdated = [task.id for id_ in replaced for task in tasks.pop(id_)]
            self.server.delete_tasks(project, outdated)
        missing = [document for document in self.documents if document.id not in tasks]
        predictions = self._update_predictions(project, tasks)
        sent = 0
        for batch in split_batches(missing):
            progress(f"{project.title}: {sent} of {len(missing)} documents sent")
            payloads = {document.id: self._task(document) for document in batch}
            duplicates += import_batch(self.server, project, payloads)
            sent += len(batch)
        present = len(self.documents) - len(missing)
        return ProjectPush(project, sent, present, len(replaced), predictions, duplicates)

    def _set_up_project(self) -> Project:
        request = self.request
        settings: dict[str, Any] = self.server.project_settings(
            request.schema,
            guide=request.guide,
            model_version=request.model_version if request.predictions else None,
        )
        if self.project is None:
            return self.server.create_project(self.title, settings)
        self.server.update_project(self.project, settings)
        return self.project

    def _changed_documents(self, tasks: TasksByDocument) -> list[Document]:
        """Return the documents with a text that differs from the text of their task."""
        return [
            document
            for document in self.documents
            if any(
                task.text_hash != hash_text(document.text) for task in tasks.get(document.id, ())
            )
        ]

    def _task(self, document: Document) -> Payload:
        predicted = self.request.predictions.get(document.id)
        predictions = (
            []
            if predicted is None
            else [self.writer.prediction(predicted, self.request.model_version)]
        )
        return self.writer.task(document, predictions=predictions, finished=self.request.finished)

    def _update_predictions(self, project: Project, tasks: TasksByDocument) -> int:
        """Replace outdated predictions of this model version; return the number sent."""
        predictions, version = self.request.predictions, self.request.model_version
        wanted = {
            tasks[document.id][0].id: predictions[document.id]
            for document in self.documents
            if document.id in predictions and document.id in tasks
        }
        outdated, new = list[int](), dict[int, Payload]()
        for task in self.server.fetch_tasks(project, list(wanted)):
            prediction = self.writer.prediction(wanted[task.id], version)
            stored = [each for each in task.predictions if each.model_version == version]
            if len(stored) == 1 and self.writer.same_prediction(stored[0].payload, prediction):
                continue
            outdated += (each.id for each in stored)
            new[task.id] = prediction
        self.server.delete_predictions(outdated)
        for batch in split_batches(new.items()):
            self.server.import_predictions(project, dict(batch))
        return len(new)
