"""Push: send documents to annotators, one task per document in the annotator's project.

A push reads the projects once (`snapshot`), decides everything (`push_plan`), and then applies the
plan. A task is identified by its document id, because the server chooses the task number. A push
can be repeated after any interruption: existing tasks are kept, missing tasks are sent, and
duplicate tasks are deleted unless they contain different work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec

from aloi.annotation.exchange.push_plan import ProjectPlan, PushCounts, PushPlan, plan_push
from aloi.annotation.exchange.push_request import PushRequest, request_problems
from aloi.annotation.exchange.snapshot import take_snapshot
from aloi.annotation.exchange.task_import import (
    delete_duplicates,
    import_batch,
    split_batches,
    tasks_by_document,
)
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import (
    PREDICTIONS_SHOWN,
    AnnotationServer,
    Payload,
    Project,
    TaskWriter,
)
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem

__all__ = ["ProjectPush", "PushRequest", "make_plan", "push", "push_document"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectPush(PushCounts):
    """The result of a push for one project."""

    project: Project


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
    request = request.with_refs()
    plan = make_plan(server, request, notes, progress=progress)
    if plan.problems:
        raise DataError(plan.problems)
    carried = _carried_predictions(server, plan)
    writers = _task_writers(server, request, notes)
    parts = [
        _AnnotatorPush(server, request, each, writers[name], carried)
        for name, each in plan.projects.items()
    ]
    for part in parts:
        part.delete_tasks()  # in all projects first, so that no document is sent twice
    return {part.plan.annotator: part.send(progress) for part in parts}


def make_plan(
    server: AnnotationServer,
    request: PushRequest,
    notes: Notes,
    *,
    progress: Progress = ignore_progress,
) -> PushPlan:
    """Return what a push would change, and the problems that forbid it; change nothing.

    Raise `DataError` if the request itself has problems, such as predictions with unknown labels.
    """
    request = request.with_refs()
    if problems := list(request_problems(server, request)):
        raise DataError(problems)
    progress("listing existing tasks")
    writers = _task_writers(server, request, notes)
    snapshots = [take_snapshot(server, request, name, writers[name]) for name in writers]
    return plan_push(request, snapshots, writers)


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


def _task_writers(
    server: AnnotationServer, request: PushRequest, notes: Notes
) -> dict[str, TaskWriter]:
    version = request.versions.guideline
    return {
        name: server.task_writer(name, request.schema, version, notes)
        for name in request.annotators
    }


def _carried_predictions(server: AnnotationServer, plan: PushPlan) -> dict[str, list[Payload]]:
    """Return the predictions of the tasks that move to another annotator, by document id.

    Raise `DataError` if somebody has started a task that the plan deletes.
    """
    carried: dict[str, list[Payload]] = {}
    for each in plan.projects.values():
        if each.project is None:
            continue
        document_of = {task: id_ for id_, tasks in each.moved.items() for task in tasks}
        for task in server.fetch_tasks(each.project, each.deleted):
            if task.has_new_work:
                what = f"{each.annotator} has started task {task.id} of «{each.title}» just now"
                fix = "Repeat the push; nothing was changed"
                raise DataError([Problem("task-started", what, fix)])
            if task.id in document_of:
                carried[document_of[task.id]] = [x.payload for x in task.predictions]
    return carried


@dataclass(frozen=True)
class _AnnotatorPush:
    """The application of a plan to one annotator's project.

    `carried` contains the predictions of tasks that move between annotators, by document id.
    """

    server: AnnotationServer
    request: PushRequest
    plan: ProjectPlan
    writer: TaskWriter
    carried: Mapping[str, Sequence[Payload]]

    def delete_tasks(self) -> None:
        """Delete duplicate, replaced and moved tasks."""
        if self.plan.project is not None:
            self.server.delete_tasks(self.plan.project, self.plan.deleted)

    def send(self, progress: Progress) -> ProjectPush:
        """Create or update the project, send missing documents, and update predictions."""
        plan, server = self.plan, self.server
        project = self._set_up_project()
        server.record_versions(project, plan.upgraded, self.request.versions)
        server.change_predictions(plan.changed_predictions)
        for batch in split_batches(plan.predictions.items()):
            server.import_predictions(project, dict(batch))
        sent, duplicates = 0, len(plan.duplicates)
        for documents in split_batches(plan.send):
            progress(f"{project.title}: {sent} of {len(plan.send)} documents sent")
            payloads = {document.id: self._task(document) for document in documents}
            import_batch(server, project, payloads)
            sent += len(documents)
        duplicates += self._delete_duplicates(project)
        self._display_predictions(project)
        counts = replace(plan.counts, duplicates=duplicates)
        return ProjectPush(project=project, **asdict(counts))

    def _delete_duplicates(self, project: Project) -> int:
        """Delete duplicates of the sent tasks; return their number.

        They exist if the server has also completed an earlier request, or one of another push.
        """
        sent = {document.id for document in self.plan.send}
        if not sent or self.server.count_tasks(project) == self.plan.expected:
            return 0
        tasks = tasks_by_document(self.server, project)
        own = {id_: listed for id_, listed in tasks.items() if id_ in sent}
        return delete_duplicates(self.server, project, own)[1]

    def _settings(self, model_version: str | None = None) -> dict[str, Any]:
        schema, guide = self.request.schema, self.request.guide
        return self.server.project_settings(schema, guide=guide, model_version=model_version)

    def _set_up_project(self) -> Project:
        if self.plan.project is None:
            return self.server.create_project(self.plan.title, self._settings())
        if self.plan.changed_settings:
            self.server.update_project(self.plan.project, self._settings())
        return self.plan.project

    def _display_predictions(self, project: Project) -> None:
        """Display the model version of the request; the server must have its predictions."""
        if self.plan.model_version is not None:
            self.server.update_project(project, self._settings(self.plan.model_version))

    def _task(self, document: Document) -> Payload:
        annotator = self.plan.annotator
        predicted = self.request.displayed(annotator, document.id)
        predictions = list(self.carried.get(document.id, ()))
        if self.request.without_predictions and document.id in self.request.predictions:
            shown = {PREDICTIONS_SHOWN: predicted is not None}
            document = msgspec.structs.replace(document, meta={**document.meta, **shown})
            predictions = predictions if predicted is not None else []
        if predicted is not None:
            version = self.request.model_version
            predictions = [x for x in predictions if x["model_version"] != version]
            predictions.append(self.writer.prediction(predicted, version))
        return self.writer.task(
            document,
            predictions=predictions,
            finished=self.request.finished,
            known_refs=self.request.refs.known_refs(document, predicted),
        )
