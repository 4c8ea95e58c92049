"""Pull: write finished work to one folder per annotator, with one file per document.

Only tasks that changed since the last pull are fetched. The server's `TaskReader` converts tasks to
documents. A task that cannot be read is reported, and fetched again at the next pull. Files are
never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import (
    ADJUDICATION,
    PRACTICE_PREFIX,
    AnnotationServer,
    EdgePolicy,
    Project,
    StoredTask,
    TaskReader,
)
from aloi.corpus import document_files
from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem

STATE_FILE = ".pulled"
"""The name of the file in the output folder that lists the pulled tasks."""


@dataclass(slots=True)
class PullReport:
    """The result of a pull: written and unchanged documents per annotator, and all problems."""

    written: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


class NoProjectError(LookupError):
    """The server contains no project for an annotator, or no projects for a corpus."""


def pass_annotators(annotators: Iterable[str]) -> list[str]:
    """Return the annotator names, without the names used for adjudication and practice projects."""
    return [
        name for name in annotators if name != ADJUDICATION and not name.startswith(PRACTICE_PREFIX)
    ]


def select_projects(
    server: AnnotationServer, corpus: str, annotators: Iterable[str] = ()
) -> dict[str, Project]:
    """Return the projects of annotators (default: all annotators of the corpus), by name.

    Raise `NoProjectError` if an annotator has no project, or if the corpus has no projects.
    """
    projects, requested = server.list_projects(corpus), list(annotators)
    if unknown := set(requested) - projects.keys():
        existing = ", ".join(projects) or "none"
        raise NoProjectError(
            f"there is no project for {', '.join(sorted(unknown))}; existing projects: {existing}"
        )
    selected = requested or pass_annotators(projects)
    if not selected:
        raise NoProjectError(
            f"{server.url} contains no project «{corpus} · …»; run `aloi annotate push` first"
        )
    return {name: projects[name] for name in selected}


def pull_projects(
    server: AnnotationServer,
    projects: Iterable[Project],
    out: Path,
    notes: Notes,
    *,
    edges: EdgePolicy = "flag",
    progress: Progress = ignore_progress,
) -> PullReport:
    """Write the finished work in projects to the folder `out`; fetch only changed tasks.

    If a task was deleted on the server, its documents remain in `out`. Deleted tasks are counted in
    `notes`.
    """
    state = _State.read(out / STATE_FILE, server.url, edges)
    writer = PassWriter(out)
    reader = server.task_reader(notes, edges)
    for project in projects:
        times = server.modification_times(project)
        known = state.projects.get(project.title, {})
        deleted = len(known.keys() - times.keys())
        notes.add("documents kept after their task was deleted", project.title, deleted)
        current = {id_: task for id_, task in known.items() if task.is_current(times.get(id_), out)}
        for id_, task in current.items():
            writer.keep(task.files, _place(project, id_))
        changed = [id_ for id_ in times if id_ not in current]
        for count, stored in enumerate(server.fetch_tasks(project, changed)):
            progress(f"{project.title}: {count} of {len(changed)} changed tasks read")
            files = _pull_task(stored, project, reader, writer)
            if files is not None:
                current[stored.id] = _PulledTask(times[stored.id], files)
        state.projects[project.title] = current
    state.write(out / STATE_FILE)
    return writer.report


def _place(project: Project, task: int) -> str:
    return f"{project.title}, task {task}"


def _pull_task(
    task: StoredTask, project: Project, reader: TaskReader, writer: PassWriter
) -> list[str] | None:
    """Write the documents of a task; return their paths, or None if a problem was found."""
    before = len(writer.report.problems)
    documents, problems = reader.read(task, project.title)
    writer.report.problems += problems
    files = [writer.write(document, _place(project, task.id)) for document in documents]
    return files if len(writer.report.problems) == before else None


class PassWriter:
    """A writer that saves each annotator's documents in a separate folder.

    If two tasks contain the same document of an annotator, only the first document is written, and
    a problem is added to `report`. `report` also contains the numbers of documents.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.report = PullReport()
        self._places: dict[str, str] = {}

    def keep(self, files: Iterable[str], place: str) -> None:
        """Count the files of an unchanged task; `place` is the task in error messages."""
        for file in files:
            self._places[file] = place
            self.report.unchanged[str(Path(file).parent)] += 1

    def write(self, document: Document, place: str) -> str:
        """Write a document unless its file already has the same content; return the file's path.

        The path is relative to `out`. `place` is the task in error messages.
        """
        annotator = document.meta["annotator"]
        file = f"{annotator}/{document.id}.json"
        if problems := self._problems(document, file, place):
            self.report.problems += problems
            return file
        content, path = document_files.pretty_json(document).encode(), self.out / file
        if path.is_file() and path.read_bytes() == content:
            self.report.unchanged[annotator] += 1
        else:
            write_bytes(path, content)
            self.report.written[annotator] += 1
        return file

    def _problems(self, document: Document, file: str, place: str) -> list[Problem]:
        """Return a problem if the id is not a valid file name or another task has this document."""
        try:
            document_files.file_name(document)
        except DataError as error:
            return [problem.at(file=place) for problem in error.problems]
        if (first := self._places.setdefault(file, place)) == place:
            return []
        what = f"{document.meta['annotator']} has also finished this document in {first}"
        fix = "Delete one of the two tasks in Label Studio"
        return [Problem("several-tasks", what, fix, document.id, file=place)]


class _PulledTask(msgspec.Struct, frozen=True):
    """A task read by an earlier pull: its modification time (`stamp`) and its files."""

    stamp: str
    files: list[str]

    def is_current(self, stamp: str | None, out: Path) -> bool:
        """Return whether the task is unchanged and its files still exist."""
        return self.stamp == stamp and all((out / file).exists() for file in self.files)


class _State(msgspec.Struct):
    """The tasks read by earlier pulls, by project title and task number."""

    url: str
    edges: EdgePolicy
    projects: dict[str, dict[int, _PulledTask]] = {}

    @classmethod
    def read(cls, path: Path, url: str, edges: EdgePolicy) -> _State:
        """Read the state from a file.

        Return an empty state if the file is missing or invalid, or if `url` or `edges` has changed.
        """
        empty = cls(url, edges)
        try:
            known = msgspec.json.decode(path.read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.MsgspecError):
            return empty
        return known if (known.url, known.edges) == (url, edges) else empty

    def write(self, path: Path) -> None:
        write_bytes(path, msgspec.json.encode(self))


def finished_documents(
    server: AnnotationServer, project: Project, notes: Notes
) -> tuple[dict[str, Document], list[Problem]]:
    """Return the finished documents of a project by document id, and all problems found."""
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    reader = server.task_reader(notes)
    tasks = [task.id for task in server.list_tasks(project)]
    for task in server.fetch_tasks(project, tasks):
        finished, task_problems = reader.read(task, project.title)
        documents |= {document.id: document for document in finished}
        problems += task_problems
    return documents, problems
