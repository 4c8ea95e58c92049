"""Predictions for the tasks that nobody has begun, in all projects of a corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aloi.annotation.exchange.task_import import split_batches
from aloi.annotation.server_protocol import AnnotationServer, Project, TaskWriter
from aloi.corpus.document import Document, hash_text


@dataclass(frozen=True)
class OpenTasks:
    """The tasks of an annotator's project that wait for predictions: task numbers by document id.

    `known` are the ids of all documents that have a task in the project. `has_current` is true if a
    task of an unlabelled document has a prediction of the current model.
    """

    annotator: str
    project: Project
    tasks: dict[str, list[int]]
    known: frozenset[str]
    has_current: bool


def find_open_tasks(
    server: AnnotationServer,
    annotator: str,
    project: Project,
    texts: Mapping[str, Document],
    model_version: str,
) -> OpenTasks:
    """Return the tasks without work and without predictions of this model.

    `texts` are the documents that wait for annotation; tasks of other documents, and tasks with
    another text or that must remain without predictions, are left out.
    """
    summaries = list(server.list_tasks(project))
    same = {
        each.id: each.document_id
        for each in summaries
        if each.document_id in texts
        and not each.is_bare
        and each.text_hash == hash_text(texts[each.document_id].text)
    }
    tasks: dict[str, list[int]] = {}
    has_current = False
    for task in server.fetch_tasks(project, list(same)):
        current = any(each.model_version == model_version for each in task.predictions)
        has_current |= current
        if not (task.has_work or current):
            tasks.setdefault(same[task.id], []).append(task.id)
    known = frozenset(each.document_id for each in summaries)
    return OpenTasks(annotator, project, tasks, known, has_current)


def send_predictions(
    server: AnnotationServer,
    writer: TaskWriter,
    open_tasks: OpenTasks,
    predicted: Mapping[str, Document],
    model_version: str,
) -> int:
    """Add predictions to open tasks, and serve the most uncertain tasks first.

    Return the number of tasks. Predictions of earlier models are kept: an annotator may have a page
    with such a prediction open, and Label Studio does not save work that refers to a deleted
    prediction.
    """
    payloads = {
        task: writer.prediction(predicted[id_], model_version)
        for id_, tasks in open_tasks.tasks.items()
        for task in tasks
        if id_ in predicted
    }
    for batch in split_batches(payloads.items()):
        server.import_predictions(open_tasks.project, dict(batch))
    if payloads or open_tasks.has_current:
        server.order_by_uncertainty(open_tasks.project, model_version)
    return len(payloads)
