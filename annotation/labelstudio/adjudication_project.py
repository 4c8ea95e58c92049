"""The project in which somebody decides what annotators differ on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aloi.annotation.compare.adjudication import AGREED, BASIS, Case, adjudication_interface
from aloi.annotation.labelstudio.client import LabelStudioServer, Project
from aloi.annotation.labelstudio.pull import ADJUDICATION, Reader
from aloi.annotation.labelstudio.push import batches, remove_doubles, rows_of, send
from aloi.annotation.labelstudio.tasks import Sender
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema

Tell = Callable[[str], object]


@dataclass
class Decisions:
    """What is decided so far: gold by document id, and the pages of what is not.

    `problems`: what keeps submitted work from being gold; its document is still open.
    """

    project: Project
    gold: dict[str, Document] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def adjudicate(
    studio: LabelStudioServer,
    corpus: str,
    cases: Iterable[Case],
    schema: Schema,
    *,
    guide: Guide | None = None,
    notes: Notes,
    tell: Tell = lambda step: None,
) -> Decisions:
    """Bring cases to a corpus's adjudication project, and gather what was decided there.

    However often it is called: a case that is there stays, a decided one is decided. A case whose
    versions changed since is sent anew, unless it bears work, which is kept and told of.
    """
    by_id = {case.first.id: case for case in cases}
    project = _project(studio, corpus, schema, guide)
    decisions = Decisions(project)
    remove_doubles(studio, project, rows_of(studio, project))
    tell("reading what is decided")
    works = list(studio.works(project, [task["id"] for task in studio.tasks(project)]))
    mine = {task["data"]["doc_id"]: task for task in works if task["data"].get("doc_id") in by_id}
    stale = [task for id_, task in mine.items() if _outdated(task, by_id[id_], decisions)]
    studio.delete_tasks(project, [task["id"] for task in stale])
    there = {id_: task for id_, task in mine.items() if task not in stale}
    sender = Sender(ADJUDICATION, schema, guide.version if guide else None, notes)
    missing = [case.task(sender) for id_, case in by_id.items() if id_ not in there]
    for number, batch in enumerate(batches(missing)):
        tell(f"{project.title}: batch {number + 1} of {len(missing)} documents")
        send(studio, project, batch)
    people = studio.people()
    for id_, task in there.items():
        _read(task, by_id[id_], people, Reader(notes), decisions)
    for id_, (row, *_) in rows_of(studio, project).items():
        if id_ in by_id and id_ not in decisions.gold:
            decisions.open[id_] = project.page(row.id)
    return decisions


def _project(
    studio: LabelStudioServer, corpus: str, schema: Schema, guide: Guide | None
) -> Project:
    title = studio.title(corpus, ADJUDICATION)
    how: dict[str, Any] = {
        "label_config": adjudication_interface(schema, guide=guide.text if guide else None),
        "model_version": AGREED,
        "show_collab_predictions": True,
    }
    if project := studio.project(title):
        studio.set_up(project, **how)
        return project
    return studio.make_project(title, **how)


def _outdated(task: Mapping[str, Any], case: Case, decisions: Decisions) -> bool:
    """Whether a task is of versions that changed since, and bears no work."""
    if task["data"].get(BASIS) == case.basis:
        return False
    if task["annotations"] or task["drafts"]:
        what = "an annotator changed their version after somebody had begun to decide"
        fix = f"Look whether the decision still holds: {decisions.project.page(task['id'])}"
        decisions.problems.append(Problem("changed-version", what, fix, case.first.id))
        return False
    return True


def _read(
    task: Mapping[str, Any],
    case: Case,
    people: Mapping[str, str],
    reader: Reader,
    decisions: Decisions,
) -> None:
    """Take a task's decision into gold, if there is one."""
    place = f"{decisions.project.title}, task {task['id']}"
    encoded = json.dumps(task).encode()
    documents, problems = reader.documents(encoded, decisions.project.title)
    for document in documents if not problems else ():
        try:
            decisions.gold[document.id] = case.gold(document, people)
        except DataError as error:
            problems += [problem.at(file=place) for problem in error.problems]
    decisions.problems += problems
