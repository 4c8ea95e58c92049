"""The interface of an annotation server, and the values exchanged with it.

Push, pull, practice and adjudication call only the methods of `AnnotationServer`. Label Studio
implements them in `aloi.annotation.labelstudio.client`. Another annotation tool needs a class with
the same methods, and the two classes that it returns: a `TaskWriter` and a `TaskReader`.

Tasks and predictions are passed as `Payload`, which only the tool's own modules interpret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema

Payload = dict[str, Any]
"""A task or prediction in the JSON of the annotation tool."""

EdgePolicy = Literal["flag", "trim"]
"""The handling of white space at the edges of a mention: count and keep it, or remove it."""

ADJUDICATION = "adjudication"
"""The name of the adjudication project, used in its title in place of an annotator's name."""

PRACTICE_PREFIX = "practice-"
"""The prefix of an annotator's name in the title of their practice project."""


class UnansweredError(Exception):
    """A request with an unknown outcome, because the server did not answer it.

    `late`: the server may still be working on it.
    """

    def __init__(self, what: str, *, late: bool) -> None:
        super().__init__(what)
        self.late = late


@dataclass(frozen=True, slots=True)
class Project:
    """A project of the server: its number, title and address."""

    id: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A task in a listing: its number, its document's id and the SHA-256 of its text."""

    id: int
    document_id: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """A prediction of a task, as the server stores it."""

    id: int
    model_version: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with its predictions and the work on it, as the server stores it.

    `has_work`: the task has annotations (cancelled ones included) or drafts.
    """

    id: int
    payload: Payload
    has_work: bool
    predictions: tuple[StoredPrediction, ...] = ()


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class TaskWriter(Protocol):
    """A writer of documents as tasks of one annotator's project."""

    def task(
        self, document: Document, *, predictions: Iterable[Payload] = (), finished: bool = False
    ) -> Payload:
        """Return a document's task; `finished`: with its annotations as submitted work."""

    def prediction(self, document: Document, model_version: str) -> Payload:
        """Return a document's annotations as a prediction."""

    def same_prediction(self, stored: Payload, new: Payload) -> bool:
        """Return whether two predictions have the same annotations."""


class TaskReader(Protocol):
    """A reader of finished work from tasks."""

    def read(self, task: StoredTask, place: str) -> tuple[list[Document], list[Problem]]:
        """Return one document per annotator who finished the task, and the problems."""


class AnnotationServer(Protocol):
    """A server that presents documents as tasks, one project per annotator of a corpus.

    Methods raise `DataError` if the server refuses a request or cannot be reached.
    """

    url: str

    def project_title(self, corpus: str, annotator: str) -> str:
        """Return the title of an annotator's project."""

    def project_settings(
        self, schema: Schema, *, guide: Guide | None, model_version: str | None
    ) -> dict[str, Any]:
        """Return the settings of an annotator's project."""

    def find_project(self, title: str) -> Project | None:
        """Return the project with a title; raise `DataError` if several have it."""

    def list_projects(self, corpus: str) -> dict[str, Project]:
        """Return the projects of a corpus by annotator."""

    def create_project(self, title: str, settings: Mapping[str, Any]) -> Project:
        """Create a project."""

    def update_project(self, project: Project, settings: Mapping[str, Any]) -> None:
        """Change the settings of a project that differ from `settings`."""

    def task_url(self, project: Project, task: int) -> str:
        """Return the address of a task's page."""

    def storage_problems(self, document: Document) -> Iterator[Problem]:
        """Yield the reasons why the server cannot store a document."""

    def task_writer(
        self, annotator: str, schema: Schema, guideline_version: str | None, notes: Notes
    ) -> TaskWriter:
        """Return a writer of the tasks of an annotator's project."""

    def task_reader(self, notes: Notes, edges: EdgePolicy = "flag") -> TaskReader:
        """Return a reader of finished work; what it drops or flags is added to `notes`."""

    def list_tasks(self, project: Project) -> Iterator[TaskSummary]:
        """Yield the tasks of a project in their order."""

    def modification_times(self, project: Project) -> dict[int, str]:
        """Return the time of the last change to each task or its work, by the task's number."""

    def fetch_tasks(self, project: Project, tasks: Sequence[int]) -> Iterator[StoredTask]:
        """Yield tasks with their predictions and the work on them."""

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        """Add tasks, all or none; raise `UnansweredError` if the outcome is unknown."""

    def import_predictions(self, project: Project, predictions: Mapping[int, Payload]) -> None:
        """Add predictions to tasks, by the tasks' numbers."""

    def delete_tasks(self, project: Project, tasks: Sequence[int]) -> None:
        """Delete tasks and all work on them."""

    def delete_predictions(self, predictions: Iterable[int]) -> None:
        """Delete predictions by their numbers."""

    def wait_until_ready(self, timeout: float) -> None:
        """Wait until the server answers; raise `DataError` after `timeout` seconds."""

    def user_emails(self) -> dict[str, str]:
        """Return the e-mail address of each user, by the user's number."""
