"""The state of the annotators' projects on a server, read once before a push is planned.

All tasks are listed. A task is fetched only if the plan depends on its annotations, drafts or
predictions, because 10,000 tasks take half a minute to fetch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aloi.annotation.exchange.push_request import PushRequest
from aloi.annotation.exchange.task_import import TasksByDocument, tasks_by_document
from aloi.annotation.server_protocol import (
    AnnotationServer,
    Project,
    SchemaName,
    StoredTask,
    TaskSummary,
    TaskWriter,
)
from aloi.corpus.document import Document, hash_text


@dataclass(frozen=True, slots=True)
class PredictionState:
    """A stored prediction: its number, model version, content hash and schema names."""

    id: int
    model_version: str
    hash: str
    names: frozenset[SchemaName] = frozenset()


@dataclass(frozen=True, slots=True)
class TaskContent:
    """What a fetched task contains: see `StoredTask`."""

    work_key: str | None = None
    names: frozenset[SchemaName] = frozenset()
    predictions: tuple[PredictionState, ...] = ()

    @property
    def has_work(self) -> bool:
        """Whether the task contains annotations or drafts."""
        return self.work_key is not None


@dataclass(frozen=True, kw_only=True)
class ProjectSnapshot:
    """An annotator's project before a push; `project` is None if it does not exist yet.

    `tasks` contains all tasks by document id, `states` the fetched tasks by number.
    `changed_settings` contains the names of the settings that the push will change.
    """

    annotator: str
    title: str
    project: Project | None = None
    tasks: TasksByDocument = field(default_factory=dict)
    states: Mapping[int, TaskContent] = field(default_factory=dict)
    changed_settings: frozenset[str] = frozenset()

    def has_work(self, document_id: str) -> bool:
        """Return whether a fetched task of a document contains annotations or drafts."""
        return any(self.states[task.id].has_work for task in self.tasks.get(document_id, ()))


def take_snapshot(
    server: AnnotationServer, request: PushRequest, annotator: str, writer: TaskWriter
) -> ProjectSnapshot:
    """Read an annotator's project from the server."""
    title = server.project_title(request.corpus, annotator)
    project = server.find_project(title)
    if project is None:
        return ProjectSnapshot(annotator=annotator, title=title)
    settings = server.project_settings(request.schema, guide=request.guide, model_version=None)
    changed = server.changed_settings(project, settings)
    tasks = tasks_by_document(server, project)
    fetched = [task.id for listed in tasks.values() for task in listed]
    if not changed:
        fetched = list(_undecided_tasks(request, tasks))
    states = {task.id: _task_content(task, writer) for task in server.fetch_tasks(project, fetched)}
    return ProjectSnapshot(
        annotator=annotator,
        title=title,
        project=project,
        tasks=tasks,
        states=states,
        changed_settings=frozenset(changed),
    )


def _task_content(task: StoredTask, writer: TaskWriter) -> TaskContent:
    predictions = (
        PredictionState(
            each.id, each.model_version, writer.prediction_hash(each.payload), each.names
        )
        for each in task.predictions
    )
    return TaskContent(task.work_key, task.names, tuple(predictions))


def text_changed(tasks: Iterable[TaskSummary], document: Document) -> bool:
    """Return whether the text of a document differs from the text of one of its tasks."""
    return any(task.text_hash != hash_text(document.text) for task in tasks)


def _undecided_tasks(request: PushRequest, tasks: TasksByDocument) -> Iterator[int]:
    """Yield the tasks that the plan may delete, change or predict again."""
    documents = {document.id: document for document in request.documents}
    for id_, listed in tasks.items():
        document = documents.get(id_)
        if len(listed) > 1 or (
            document is not None
            and (
                request.rebalance
                or id_ in request.predictions
                or any(task.versions.outdated(request.versions) for task in listed)
                or text_changed(listed, document)
            )
        ):
            yield from (task.id for task in listed)
