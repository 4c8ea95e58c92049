"""The Label Studio project in which an adjudicator decides the annotators' disagreements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from aloi.annotation.compare.adjudication import AdjudicationCase, Decisions
from aloi.annotation.compare.losses import find_losses
from aloi.annotation.exchange.task_import import (
    delete_duplicates,
    import_batch,
    split_batches,
    tasks_by_document,
)
from aloi.annotation.labelstudio.adjudication_tasks import (
    adjudication_settings,
    adjudication_task,
    is_current,
    read_answers,
    without_cards,
    without_task_keys,
)
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import (
    ADJUDICATION,
    AnnotationServer,
    Project,
    StoredTask,
)
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema


@dataclass(frozen=True, kw_only=True)
class ProjectDecisions(Decisions):
    """The decisions made in a project; `open` contains the addresses of undecided tasks."""

    project: Project


def decide_in_project(
    server: AnnotationServer,
    corpus: str,
    cases: Iterable[AdjudicationCase],
    schema: Schema,
    *,
    guide: Guide | None = None,
    notes: Notes,
    progress: Progress = ignore_progress,
) -> ProjectDecisions:
    """Send cases to a corpus's adjudication project, and return the decisions made there so far.

    The call can be repeated: existing tasks are kept. If an annotator's version has changed, a
    task without work is replaced. A task with work is reported as a problem and not read, because
    its answers are about the earlier versions.
    """
    by_id = {case.first.id: case for case in cases}
    project = _set_up_project(server, corpus, schema, guide)
    delete_duplicates(server, project, tasks_by_document(server, project))
    progress("reading decisions")
    existing, problems = _existing_tasks(server, project, by_id)
    writer = LabelStudioTaskWriter(ADJUDICATION, schema, guide.version if guide else None, notes)
    missing = [(id_, case) for id_, case in by_id.items() if id_ not in existing]
    for number, batch in enumerate(split_batches(missing), start=1):
        progress(f"{project.title}: sending {len(missing)} documents, batch {number}")
        tasks = {id_: adjudication_task(case, writer, guide) for id_, case in batch}
        import_batch(server, project, tasks)
    decisions = ProjectDecisions(project=project, problems=problems)
    users, reader = server.user_emails(), LabelStudioTaskReader(notes)
    for id_, task in existing.items():
        gold, problems = _read_decision(task, by_id[id_], users, reader, project)
        decisions.gold.update(gold)
        decisions.problems.extend(problems)
    sent, _ = delete_duplicates(server, project, tasks_by_document(server, project))
    for id_, (first, *_) in sent.items():
        if id_ in by_id and id_ not in decisions.gold:
            decisions.open[id_] = server.task_url(project, first.id)
    return decisions


def _set_up_project(
    server: AnnotationServer, corpus: str, schema: Schema, guide: Guide | None
) -> Project:
    title = server.project_title(corpus, ADJUDICATION)
    settings = adjudication_settings(schema, guide)
    if project := server.find_project(title):
        server.update_project(project, settings)
        return project
    return server.create_project(title, settings)


def _existing_tasks(
    server: AnnotationServer, project: Project, cases: Mapping[str, AdjudicationCase]
) -> tuple[dict[str, StoredTask], list[Problem]]:
    """Delete outdated tasks without work; return the remaining tasks by document id.

    Also return a problem for each outdated task with work.
    """
    fetched = server.fetch_tasks(project, [task.id for task in server.list_tasks(project)])
    tasks = {id_: task for task in fetched if (id_ := task.payload["data"].get("doc_id")) in cases}
    outdated = {
        id_: task for id_, task in tasks.items() if not is_current(task.payload, cases[id_])
    }
    deleted = {id_: task.id for id_, task in outdated.items() if not task.has_work}
    server.delete_tasks(project, list(deleted.values()))
    problems = [
        _outdated_decision(id_, server.task_url(project, task.id))
        for id_, task in outdated.items()
        if task.has_work
    ]
    return {id_: task for id_, task in tasks.items() if id_ not in deleted}, problems


def _outdated_decision(id_: str, url: str) -> Problem:
    what = "an annotator's version changed after the adjudicator had started to decide"
    fix = f"Delete the task {url} and run the command again to decide on the new versions"
    return Problem("changed-version", what, fix, id_)


def _read_decision(
    task: StoredTask,
    case: AdjudicationCase,
    users: Mapping[str, str],
    reader: LabelStudioTaskReader,
    project: Project,
) -> tuple[dict[str, Document], list[Problem]]:
    """Return the gold document of a task by document id, and the problems found.

    The problems include everything that all annotators gave and gold lacks. If the task is
    undecided or its versions have changed, the dict is empty.
    """
    if not is_current(task.payload, case):
        return {}, []
    stored = replace(task, payload=without_cards(task.payload))
    documents, problems = reader.read(stored, project.title)
    gold: dict[str, Document] = {}
    for document in documents if not problems else ():
        try:
            answers = read_answers(task.payload)
            gold[document.id] = case.gold(without_task_keys(document), answers, users)
            problems += find_losses(case.versions, gold[document.id], case.schema)
        except DataError as error:
            problems += error.problems
    place = f"{project.title}, task {task.id}"
    return gold, [problem.at(file=place) for problem in problems]
