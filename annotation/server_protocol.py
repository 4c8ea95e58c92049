"""The interface of an annotation server, and the values exchanged with it.

Push, pull, practice and adjudication call only the methods of `AnnotationServer`. The module
`aloi.annotation.labelstudio.client` implements these methods for Label Studio. Support for another
annotation tool requires three classes: an `AnnotationServer`, a `TaskWriter` and a `TaskReader`.

Tasks and predictions are passed as `Payload`. Only the modules for the annotation tool interpret
payloads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from aloi.annotation.progress import Progress, ignore_progress
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema

Payload = dict[str, Any]
"""A task or prediction in the JSON of the annotation tool."""

EdgePolicy = Literal["flag", "trim"]
"""White space at the edges of mentions is counted; `trim` also removes it, and `flag` keeps it."""

ADJUDICATION = "adjudication"
"""The name in the title of an adjudication project, in place of an annotator's name."""

PREDICTIONS_SHOWN = "predictions_shown"
"""The metadata key that says whether a task has predictions (true) or was left without (false).

Only tasks that were sent while predictions were withheld at random have this key.
"""

PRACTICE_PREFIX = "practice-"
"""The prefix of an annotator's name in the title of their practice project."""


TaskState = Literal["not begun", "draft", "finished", "skipped"]
"""The state of a task. A submitted task with a draft is finished, a skipped one with a draft is not
skipped."""


class UnansweredError(Exception):
    """The server did not answer a request, so the outcome of the request is unknown.

    `late` is true if the server may still be working on the request.
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
class Versions:
    """The versions of the guideline and the schema under which a task is annotated.

    A version that is not recorded is None.
    """

    guideline: str | None = None
    schema: str | None = None

    def outdated(self, current: Versions) -> bool:
        """Return whether a recorded version differs from the current one.

        A schema version that is not recorded is not outdated: earlier releases recorded none.
        """
        guideline = current.guideline not in (None, self.guideline)
        return guideline or (self.schema is not None and self.schema != current.schema)


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """A task in a listing: number, document id, SHA-256 of the task's text, and versions.

    If `is_bare` is true, the task must remain without predictions.
    """

    id: int
    document_id: str
    text_hash: str
    versions: Versions = Versions()
    is_bare: bool = False


class SchemaName(NamedTuple):
    """A name that annotations take from the schema, such as the entity label PER."""

    kind: Literal["entity label", "relation label", "attribute"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """A prediction of a task, as the server stores it, and the schema names that it uses."""

    id: int
    model_version: str
    payload: Payload
    names: frozenset[SchemaName] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task as the server stores it, with predictions, annotations and drafts.

    `has_work` is true if the task contains annotations (including cancelled annotations) or drafts;
    `names` contains the schema names that these annotations and drafts use. If the work is only the
    finished work that was sent with the task, `sent_work` is its hash.
    """

    id: int
    payload: Payload
    has_work: bool
    predictions: tuple[StoredPrediction, ...] = ()
    state: TaskState = "not begun"
    names: frozenset[SchemaName] = frozenset()
    sent_work: str | None = None

    @property
    def has_new_work(self) -> bool:
        """Whether the task contains work that was not sent with it."""
        return self.has_work and self.sent_work is None

    @property
    def work_key(self) -> str | None:
        """A key of the work, which only tasks with the same sent work share; None without work."""
        if self.has_new_work:
            return f"task {self.id}"
        return self.sent_work


@dataclass(frozen=True, slots=True)
class PredictionBackend:
    """A backend with live predictions for a project, and whether it answers the server."""

    title: str
    url: str
    answers: bool


class KnownRef(NamedTuple):
    """A ref that can be chosen for a mention, with its most frequent surface forms."""

    ref: str
    surfaces: tuple[str, ...] = ()


class TaskWriter(Protocol):
    """A converter from documents to tasks for one annotator's project."""

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
        `known_refs` are the refs that can be chosen for mentions.
        """

    def prediction(self, document: Document, model_version: str) -> Payload:
        """Return a document's annotations as a prediction."""

    def prediction_hash(self, prediction: Payload) -> str:
        """Return a hash of a prediction's annotations, in any order; stored or new."""


class TaskReader(Protocol):
    """A converter from tasks to documents with finished work."""

    def read(self, task: StoredTask, place: str) -> tuple[list[Document], list[Problem]]:
        """Return one document per annotator who finished the task, and the problems found."""


class AnnotationServer(Protocol):
    """An annotation server with one project per annotator of a corpus and one task per document.

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
        """Return the project with this title, or None if there is none.

        Raise `DataError` if several projects have this title.
        """

    def list_projects(self, corpus: str) -> dict[str, Project]:
        """Return the projects of a corpus by annotator.

        Raise `DataError` if several of them have the same title.
        """

    def create_project(self, title: str, settings: Mapping[str, Any]) -> Project:
        """Create a project."""

    def changed_settings(self, project: Project, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of `settings` that differ from the current settings of a project."""

    def update_project(self, project: Project, settings: Mapping[str, Any]) -> None:
        """Change the settings of a project; unchanged settings are not sent to the server."""

    def task_url(self, project: Project, task: int) -> str:
        """Return the address of a task's page."""

    def storage_problems(self, document: Document) -> Iterator[Problem]:
        """Yield a problem for each reason why the server cannot store a document."""

    def task_writer(
        self, annotator: str, schema: Schema, guideline_version: str | None, notes: Notes
    ) -> TaskWriter:
        """Return a converter from documents to tasks for an annotator's project."""

    def task_reader(
        self, notes: Notes, edges: EdgePolicy = "trim", *, by_account: bool = False
    ) -> TaskReader:
        """Return a reader of finished work, which counts omitted and flagged items in `notes`.

        If `by_account` is true, work by different users is returned as different documents.
        """

    def list_tasks(self, project: Project) -> Iterator[TaskSummary]:
        """Yield the tasks of a project in the server's order."""

    def count_tasks(self, project: Project) -> int:
        """Return the number of tasks of a project; much faster than a listing."""

    def modification_times(self, project: Project) -> dict[int, str]:
        """Return the last time at which each task or its annotations changed, by task number."""

    def fetch_tasks(self, project: Project, tasks: Sequence[int]) -> Iterator[StoredTask]:
        """Yield the tasks with these numbers, with predictions, annotations and drafts."""

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        """Import all tasks or none of them; raise `UnansweredError` if the outcome is unknown."""

    def import_predictions(self, project: Project, predictions: Mapping[int, Payload]) -> None:
        """Add predictions to tasks; `predictions` maps task numbers to predictions."""

    def record_versions(self, project: Project, tasks: Sequence[int], versions: Versions) -> None:
        """Record new versions in tasks without work; tasks with work keep theirs."""

    def rename_labels(
        self,
        project: Project,
        renames: Mapping[str, str],
        *,
        progress: Progress = ignore_progress,
    ) -> int:
        """Rename labels in the tasks, predictions and labelling interface of a project.

        Return the number of changed tasks. The call can be repeated after an interruption.
        """

    def order_by_uncertainty(self, project: Project, model_version: str) -> None:
        """Display this model's predictions, and serve the tasks with the lowest scores first."""

    def delete_tasks(self, project: Project, tasks: Sequence[int]) -> None:
        """Delete the tasks with these numbers and all of their annotations."""

    def change_predictions(self, predictions: Mapping[int, Payload]) -> None:
        """Change predictions, which keep their numbers; `predictions` maps numbers to contents."""

    def wait_until_ready(self, timeout: float) -> None:
        """Wait until the server answers; raise `DataError` after `timeout` seconds."""

    def user_emails(self) -> dict[str, str]:
        """Return the e-mail address of each user, by user number."""

    def prediction_backends(self, project: Project) -> list[PredictionBackend]:
        """Return the prediction backends of a project, each with the result of a request to it."""
