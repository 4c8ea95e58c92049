"""Documents to Label Studio, each as one task of one annotator's project, however often it is sent.

A task is known by its document's id in its own data (`doc_id`), never by its number, which Label
Studio gives anew. What is there already is left alone; what a stopped or unanswered push left
undone is done by the next; a task that came twice and bears no work is deleted.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, TypeVar

from aloi.annotation.labelstudio.assignment import Order, assign, ordered
from aloi.annotation.labelstudio.client import LabelStudioServer, Project, UnansweredError
from aloi.annotation.labelstudio.interface import labelling_interface
from aloi.annotation.labelstudio.tasks import Sender, holds_nul, same_result, text_hash
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema, schema_problems

BATCH = 1000
"""Tasks imported at once: Label Studio takes about 8 ms a task, and holds a batch in memory."""

ATTEMPTS = 5
"""How often the rest of a batch is sent when the server did not answer."""

PATIENCE = 120.0
"""Seconds a server that does not answer is waited for."""

SETTLING = 3.0
"""Seconds between two listings that must be the same before an unanswered import is over."""

GRACE = 60.0
"""Seconds that a server that answers too late is given to finish."""

Changed = Literal["refuse", "keep", "replace"]
"""What becomes of a task whose text is no longer the document's."""

T = TypeVar("T")
Tell = Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What is sent, to whom, and how.

    `predictions` (by document id) stand under `model_version`, in place of earlier ones of the
    same. `finished`: the documents' own annotations are sent as the annotators' finished work.
    `double`: the share of documents that two annotators get.
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
    changed: Changed = "refuse"


@dataclass(slots=True)
class Pushed:
    """What a push did to an annotator's project; numbers of documents, `doubles` of tasks."""

    project: Project
    sent: int = 0
    there: int = 0
    replaced: int = 0
    predictions: int = 0
    doubles: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A task as it is there."""

    id: int
    hash: str


Rows = dict[str, list[_Row]]
"""The tasks of a project by document id, oldest first."""


def push(
    studio: LabelStudioServer, delivery: Delivery, notes: Notes, *, tell: Tell = lambda step: None
) -> dict[str, Pushed]:
    """Bring documents to their annotators; returns what was done, by annotator.

    Nothing is sent if anything is wrong. Raises `DataError` with all that is: labels that the
    schema lacks, predictions for another text, and tasks whose text changed since, unless
    `changed` says to keep them, or to replace those without work.
    """
    _check(delivery)
    tell("looking what is there")
    projects, rows = _survey(studio, delivery)
    documents = ordered(delivery.documents, delivery.order, predictions=delivery.predictions)
    shares = assign(
        [document.id for document in documents],
        delivery.annotators,
        double=delivery.double,
        placed=rows,
    )
    by_id = {document.id: document for document in documents}
    parcels = {
        name: _Parcel(delivery, name, [by_id[id_] for id_ in shares[name]], rows[name], notes)
        for name in delivery.annotators
    }
    problems = [
        problem
        for name, parcel in parcels.items()
        for problem in parcel.problems(studio, projects[name])
    ]
    if problems:
        raise DataError(problems)
    return {name: parcel.deliver(studio, projects[name], tell) for name, parcel in parcels.items()}


def page(
    studio: LabelStudioServer, delivery: Delivery, notes: Notes, *, tell: Tell = lambda step: None
) -> str:
    """Bring one document to one annotator; returns the address of its page."""
    (document,), (annotator,) = delivery.documents, delivery.annotators
    project = push(studio, delivery, notes, tell=tell)[annotator].project
    return project.page(rows_of(studio, project)[document.id][0].id)


def _check(delivery: Delivery) -> None:
    problems: list[Problem] = []
    texts = {document.id: document.text for document in delivery.documents}
    for predicted in delivery.predictions.values():
        problems += schema_problems(predicted, delivery.schema)
        if texts.get(predicted.id, predicted.text) != predicted.text:
            what, fix = "the prediction is for another text", "Predict the documents anew"
            problems.append(Problem("different-text", what, fix, predicted.id))
    if delivery.finished:
        for document in delivery.documents:
            problems += schema_problems(document, delivery.schema)
    sent = (*delivery.documents, *delivery.predictions.values())
    for id_ in dict.fromkeys(document.id for document in sent if holds_nul(document)):
        what, fix = "it holds a NUL character, which PostgreSQL cannot store", "Remove it"
        problems.append(Problem("nul", what, fix, id_))
    if problems:
        raise DataError(problems)


def _survey(
    studio: LabelStudioServer, delivery: Delivery
) -> tuple[dict[str, Project | None], dict[str, Rows]]:
    """Each annotator's project, if there is one, and what is in it."""
    titles = {name: studio.title(delivery.corpus, name) for name in delivery.annotators}
    projects = {name: studio.project(title) for name, title in titles.items()}
    rows = {name: rows_of(studio, each) if each else {} for name, each in projects.items()}
    return projects, rows


def rows_of(studio: LabelStudioServer, project: Project) -> Rows:
    """The tasks of a project by document id."""
    rows: defaultdict[str, list[_Row]] = defaultdict(list)
    for task in studio.tasks(project):
        id_, text = str(task["data"].get("doc_id", "")), str(task["data"].get("text", ""))
        rows[id_].append(_Row(task["id"], text_hash(text)))
    return dict(rows)


def worked(studio: LabelStudioServer, project: Project, tasks: Iterable[int]) -> set[int]:
    """Those of some tasks that bear work: annotations, cancelled ones and drafts too.

    The tasks themselves are looked at: the counts that a list gives are wrong after a crash.
    """
    found = studio.works(project, list(tasks))
    return {task["id"] for task in found if task["annotations"] or task["drafts"]}


def settings(delivery: Delivery) -> dict[str, Any]:
    """How an annotator's project is set up, its labelling interface included."""
    guide = None if delivery.guide is None else delivery.guide.text
    return {
        "label_config": labelling_interface(delivery.schema, guide=guide),
        "sampling": "Sequential sampling",
        "show_collab_predictions": True,
        "show_skip_button": True,
        "enable_empty_annotation": True,
        **({"model_version": delivery.model_version} if delivery.predictions else {}),
    }


@dataclass
class _Parcel:
    """One annotator's documents, and what is there of them."""

    delivery: Delivery
    annotator: str
    documents: Sequence[Document]
    rows: Rows
    notes: Notes

    def problems(self, studio: LabelStudioServer, project: Project | None) -> Iterator[Problem]:
        """Tasks whose text changed and that may not be replaced."""
        changed = self._changed()
        if project is None or not changed or self.delivery.changed == "keep":
            return
        tasks = {row.id for document in changed for row in self.rows[document.id]}
        done = worked(studio, project, tasks)
        for document in changed:
            busy = any(row.id in done for row in self.rows[document.id])
            if self.delivery.changed == "replace" and not busy:
                continue
            fix = "Push with --changed keep, or replace, which loses no work"
            if busy:
                fix = "Push with --changed keep; or pull that work and delete the task there"
            what = f"{self.annotator} has another text of it{', and work on it' * busy}"
            yield Problem("changed-text", what, fix, document.id)

    def deliver(self, studio: LabelStudioServer, project: Project | None, tell: Tell) -> Pushed:
        """Send what is missing, and bring predictions up to date; without a project, make it."""
        if project is None:
            title = studio.title(self.delivery.corpus, self.annotator)
            project = studio.make_project(title, **settings(self.delivery))
        else:
            studio.set_up(project, **settings(self.delivery))
        pushed = Pushed(project, doubles=remove_doubles(studio, project, self.rows))
        if self.delivery.changed == "replace":
            outdated = [document.id for document in self._changed()]
            tasks = [row.id for id_ in outdated for row in self.rows.pop(id_)]
            studio.delete_tasks(project, tasks)
            pushed.replaced = len(outdated)
        missing = [document for document in self.documents if document.id not in self.rows]
        pushed.there = len(self.documents) - len(missing)
        pushed.predictions = self._predict_again(studio, project)
        for batch in batches(missing):
            tell(f"{project.title}: {pushed.sent} of {len(missing)} documents sent")
            pushed.doubles += send(studio, project, [self._task(document) for document in batch])
            pushed.sent += len(batch)
        return pushed

    def _changed(self) -> list[Document]:
        return [
            document
            for document in self.documents
            if any(row.hash != text_hash(document.text) for row in self.rows.get(document.id, ()))
        ]

    @property
    def _sender(self) -> Sender:
        guide = self.delivery.guide
        version = None if guide is None else guide.version
        return Sender(self.annotator, self.delivery.schema, version, self.notes)

    def _task(self, document: Document) -> dict[str, Any]:
        sender, delivery = self._sender, self.delivery
        task = sender.task(document)
        if predicted := delivery.predictions.get(document.id):
            task["predictions"] = [sender.prediction(predicted, delivery.model_version)]
        if delivery.finished:
            task["annotations"] = [sender.annotation(document)]
        return task

    def _predict_again(self, studio: LabelStudioServer, project: Project) -> int:
        """Put predictions that differ from those of their version into their place."""
        predictions, version = self.delivery.predictions, self.delivery.model_version
        wanted = {
            self.rows[document.id][0].id: predictions[document.id]
            for document in self.documents
            if document.id in predictions and document.id in self.rows
        }
        stale, new = list[int](), list[dict[str, Any]]()
        for task in studio.works(project, list(wanted)):
            prediction = self._sender.prediction(wanted[task["id"]], version)
            there = [each for each in task["predictions"] if each["model_version"] == version]
            if len(there) == 1 and same_result(there[0]["result"], prediction["result"]):
                continue
            stale += (each["id"] for each in there)
            new.append({"task": task["id"], **prediction})
        studio.delete_predictions(stale)
        for batch in batches(new):
            studio.import_predictions(project, batch)
        return len(new)


def remove_doubles(studio: LabelStudioServer, project: Project, rows: Rows) -> int:
    """Delete tasks of a document that has another and bear no work; returns how many.

    `rows` keeps what is left. Two tasks with work on them are both left: `pull` tells of them.
    """
    doubled = {id_: tasks for id_, tasks in rows.items() if len(tasks) > 1}
    done = worked(studio, project, [row.id for tasks in doubled.values() for row in tasks])
    spare: list[int] = []
    for id_, tasks in doubled.items():
        rows[id_] = [row for row in tasks if row.id in done] or tasks[:1]
        spare += (row.id for row in tasks if row not in rows[id_])
    studio.delete_tasks(project, spare)
    return len(spare)


def send(studio: LabelStudioServer, project: Project, tasks: Sequence[dict[str, Any]]) -> int:
    """Import a batch; returns how many tasks had come twice and were deleted.

    Where the server does not answer it is not known what it did: it is waited for, and what is
    missing then is sent.
    """
    doubles, unanswered, waiting = 0, 0, list(tasks)
    while waiting:
        try:
            studio.import_tasks(project, waiting)
            waiting = []
        except UnansweredError as error:
            unanswered += 1
            if unanswered == ATTEMPTS:
                raise DataError([_lost(waiting, error)]) from None
            ids = [task["data"]["doc_id"] for task in waiting]
            rows = _settled(studio, project, ids, late=error.late)
            waiting = [task for task in waiting if task["data"]["doc_id"] not in rows]
    if unanswered:  # an import given up for lost may have come after all
        doubles = remove_doubles(studio, project, rows_of(studio, project))
    return doubles


def _lost(waiting: Sequence[object], error: UnansweredError) -> Problem:
    what = f"{len(waiting)} tasks did not get through in {ATTEMPTS} attempts: {error}"
    fix = "Look into the server's log, then repeat the push: nothing is sent twice"
    return Problem("no-answer", what, fix)


def _settled(
    studio: LabelStudioServer, project: Project, sent: Iterable[str], *, late: bool
) -> Rows:
    """What is in a project once an import is over: it is all there, or nothing comes any more."""
    studio.wait(PATIENCE)
    ids, until = set(sent), time.monotonic() + (GRACE if late else 0)
    before, rows = None, rows_of(studio, project)
    while not ids <= rows.keys() and (before != rows or time.monotonic() < until):
        time.sleep(SETTLING)
        before, rows = rows, rows_of(studio, project)
    return rows


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
