"""The status of a corpus's annotation: documents, speed, questions, disagreements, backends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from aloi.annotation.compare.content import EMPTY_SCHEMA
from aloi.annotation.compare.disagreements import find_disagreements
from aloi.annotation.compare.passes import group_by_document, measure_work
from aloi.annotation.exchange.accounts import Accounts, ProjectAuthors
from aloi.annotation.exchange.pull import pass_annotators, select_projects
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.provenance import provenance
from aloi.annotation.server_protocol import (
    AnnotationServer,
    PredictionBackend,
    Project,
    TaskState,
)
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.schema import Schema
from aloi.eval.reports.sheets import Sheet

MAX_LISTED_DOCUMENTS = 10
"""The number of documents with disagreements that the terminal shows."""

_STATE_COLUMNS = ("", "documents", *get_args(TaskState), "by others")

_WORK_COLUMNS = ("", "s per document", "s per mention", "questions", "live predictions")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of an annotator, the document's id, and the address of the task's page."""

    document: str
    text: str
    url: str


@dataclass(frozen=True)
class AnnotatorStatus:
    """The state of an annotator's project.

    `states` contains the number of documents in each state. `by_others` is the number of
    submissions by other accounts; they do not count as finished. `per_document` and `per_mention`
    are the mean lead time in seconds, or None if no time was recorded.
    """

    project: Project
    states: Mapping[TaskState, int]
    by_others: int = 0
    per_document: float | None = None
    per_mention: float | None = None
    questions: tuple[Question, ...] = ()
    backends: tuple[PredictionBackend, ...] = ()

    def counts(self) -> tuple[int, ...]:
        """Return the number of documents, in all states and in each, and `by_others`."""
        counts = [self.states.get(state, 0) for state in get_args(TaskState)]
        return (sum(counts), *counts, self.by_others)

    def to_json(self) -> dict[str, Any]:
        """Return the status as a dict for JSON, with all states."""
        states = {state: self.states.get(state, 0) for state in get_args(TaskState)}
        return asdict(self) | {"states": states}

    def work(self) -> tuple[str, ...]:
        """Return the times, the number of questions, and the states of the backends as text."""
        states = ["available" if each.answers else "unavailable" for each in self.backends]
        times = (_seconds(self.per_document), _seconds(self.per_mention))
        return (*times, str(len(self.questions)), ", ".join(states) or "–")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


@dataclass(frozen=True)
class CorpusStatus:
    """The status of every annotator, and the disagreements so far.

    `disagreements` contains the number of disagreements of each document that two or more
    annotators have finished. `problems` describes work that could not be read.
    """

    annotators: Mapping[str, AnnotatorStatus]
    disagreements: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def sheets(self) -> Iterator[Sheet]:
        """Yield tables of annotators and of the documents with most disagreements."""
        listed = self.annotators.items()
        states = tuple((name, *map(str, each.counts())) for name, each in listed)
        yield Sheet("documents", states, _STATE_COLUMNS)
        yield Sheet("work", tuple((name, *each.work()) for name, each in listed), _WORK_COLUMNS)
        counts = Counter(self.disagreements)
        most = [(id_, str(n)) for id_, n in counts.most_common(MAX_LISTED_DOCUMENTS) if n]
        if most:
            shared = count_noun(len(counts), "shared document")
            title = f"disagreements: {counts.total()} in {shared}"
            yield Sheet(title, tuple(most), ("", "disagreements"))

    def to_json(self) -> dict[str, Any]:
        """Return the status as a dict for JSON."""
        return {
            "annotators": {name: each.to_json() for name, each in self.annotators.items()},
            "disagreements": dict(self.disagreements),
            "problems": [str(problem) for problem in self.problems],
        }


def corpus_status(
    server: AnnotationServer,
    corpus: str,
    *,
    schema: Schema | None = None,
    accounts: Mapping[str, str] | None = None,
    progress: Progress = ignore_progress,
) -> CorpusStatus:
    """Return the status of a corpus's projects; nothing is written.

    Without a schema, all relations are treated as directed. `accounts` contains the account of an
    annotator, by annotator. Raise `NoProjectError` if the corpus has no project.
    """
    projects = select_projects(server, corpus)
    known = Accounts.of_server(server, pass_annotators(projects), accounts or {})
    statuses: dict[str, AnnotatorStatus] = {}
    finished: dict[str, list[Document]] = {}
    problems: list[Problem] = []
    for name, project in projects.items():
        progress(f"reading {project.title}")
        statuses[name], finished[name], found = _annotator_status(server, project, name, known)
        problems += found
    try:
        disagreements = _count_disagreements(finished, schema or EMPTY_SCHEMA)
    except DataError as error:
        disagreements, problems = {}, [*problems, *error.problems]
    return CorpusStatus(statuses, disagreements, tuple(problems))


def _annotator_status(
    server: AnnotationServer, project: Project, annotator: str, accounts: Accounts
) -> tuple[AnnotatorStatus, list[Document], list[Problem]]:
    """Return the status of a project, its annotator's finished documents, and the problems."""
    reader = server.task_reader(Notes(), by_account=True)
    states: dict[int, TaskState] = {}
    read: list[tuple[int, Document]] = []
    problems: list[Problem] = []
    for task in server.fetch_tasks(project, [task.id for task in server.list_tasks(project)]):
        documents, found = reader.read(task, project.title)
        states[task.id] = task.state
        read += ((task.id, document) for document in documents)
        problems += found
    authors = ProjectAuthors.of(accounts, annotator, [document for _, document in read], None)
    own = {id_: each for id_, each in read if authors.submission(each, "").is_own}
    others = {id_ for id_, _ in read} - own.keys()
    states |= dict.fromkeys(others, "not begun")
    questions = [
        Question(document.id, text, server.task_url(project, id_))
        for id_, document in own.items()
        if (text := provenance(document).get("question"))
    ]
    status = AnnotatorStatus(
        project,
        dict(Counter(states.values())),
        len(read) - len(own),
        *_mean_times(own.values()),
        tuple(questions),
        tuple(server.prediction_backends(project)),
    )
    return status, list(own.values()), problems


def _mean_times(documents: Iterable[Document]) -> tuple[float | None, float | None]:
    """Return the mean lead time per document and per mention of documents with a lead time."""
    timed = [each for each in documents if provenance(each).get("lead_time") is not None]
    work = measure_work(timed)
    if work.total is None:
        return None, None
    return work.total / work.timed, work.total / work.mentions if work.mentions else None


def _count_disagreements(
    finished: Mapping[str, Iterable[Document]], schema: Schema
) -> dict[str, int]:
    """Return the number of disagreements of each document with two or more versions."""
    return {
        id_: len(find_disagreements(versions, schema))
        for id_, versions in group_by_document(finished).items()
        if len(versions) > 1
    }
