"""Pull: write finished work to one folder per annotator, with one file per document.

Only tasks that changed since the last pull are fetched. The server's `TaskReader` converts tasks to
documents. A task that cannot be read is reported, and fetched again at the next pull. Files are
never deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from aloi.annotation.exchange.accounts import (
    Accounts,
    ProjectAuthors,
    Submission,
    several_own,
)
from aloi.annotation.exchange.refs import inherit_refs
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.provenance import provenance
from aloi.annotation.server_protocol import (
    ADJUDICATION,
    PRACTICE_PREFIX,
    AnnotationServer,
    EdgePolicy,
    Project,
)
from aloi.corpus import document_files
from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema, schema_problems
from aloi.corpus.text_files import JSON_ERRORS

STATE_FILE = ".pulled"
"""The name of the file in the output folder that lists the pulled tasks."""

UNASSIGNED = ".unassigned"
"""The name of the folder in the output folder with the submissions of unknown authors."""

_NOT_IN_FOLDER_NAMES = re.compile(r"[^\w.@+\-]")


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


def pull_corpus(
    server: AnnotationServer,
    corpus: str,
    out: Path,
    notes: Notes,
    *,
    annotators: Iterable[str] = (),
    accounts: Mapping[str, str] | None = None,
    schema: Schema | None = None,
    edges: EdgePolicy = "trim",
    inherited_refs: bool = True,
    progress: Progress = ignore_progress,
) -> PullReport:
    """Write the finished work of annotators (default: all) of a corpus to the folder `out`.

    `accounts` contains the account (e-mail address or user number) of an annotator, by annotator.
    See `pull_projects`. Raise `NoProjectError` if there is no project.
    """
    projects = select_projects(server, corpus, annotators)
    names = pass_annotators(server.list_projects(corpus))
    return pull_projects(
        server,
        projects.values(),
        out,
        notes,
        accounts=Accounts.of_server(server, names, accounts or {}),
        schema=schema,
        edges=edges,
        inherited_refs=inherited_refs,
        progress=progress,
    )


def pull_projects(
    server: AnnotationServer,
    projects: Iterable[Project],
    out: Path,
    notes: Notes,
    *,
    accounts: Accounts | None = None,
    schema: Schema | None = None,
    edges: EdgePolicy = "trim",
    inherited_refs: bool = True,
    progress: Progress = ignore_progress,
) -> PullReport:
    """Write the finished work in projects to the folder `out`; fetch only changed tasks.

    If `inherited_refs` is true, mentions without ref get the ref of other mentions of the same
    words (`aloi.annotation.exchange.refs.inherit_refs`).

    Work by an annotator without a known account, or by another person than the project's annotator,
    is handled as described in `TaskReport`. Accounts assigned at earlier pulls remain assigned. If
    a schema is given, labels, relations and attributes that it does not allow are reported. If a
    task was deleted on the server, its documents remain in `out`. Inherited refs and deleted
    tasks are counted in `notes`.
    """
    accounts = accounts or Accounts.of_server(server, (), {})
    empty = _State(server.url, edges, inherited_refs, accounts=dict(accounts.assigned))
    state = _State.read(out / STATE_FILE, empty)
    accounts = replace(accounts, assigned=state.accounts)
    writer = PassWriter(out, notes, inherited_refs=inherited_refs)
    reader = server.task_reader(notes, edges, by_account=True)
    foreign: list[Submission] = []
    for project in projects:
        times = server.modification_times(project)
        known = state.projects.get(project.title, {})
        deleted = len(known.keys() - times.keys())
        notes.add("documents kept after their task was deleted", project.title, deleted)
        current = {id_: task for id_, task in known.items() if task.is_current(times.get(id_), out)}
        for id_, task in current.items():
            writer.keep(task.files, _place(project, id_))
        changed = [id_ for id_ in times if id_ not in current]
        reads: list[TaskRead] = []
        for count, stored in enumerate(server.fetch_tasks(project, changed)):
            progress(f"{project.title}: {count} of {len(changed)} changed tasks read")
            documents, problems = reader.read(stored, project.title)
            reads.append(TaskRead(_place(project, stored.id), documents, problems, stored.id))
        bound = state.bound.setdefault(project.title, {})
        for read, report in zip(
            reads, write_tasks(reads, writer, accounts, bound, schema), strict=True
        ):
            foreign += report.foreign
            if report.is_complete:
                current[read.number] = _PulledTask(times[read.number], report.files)
        state.projects[project.title] = current
    pulled = {project.title for project in projects}
    for title, tasks in state.projects.items():
        for id_, task in tasks.items() if title not in pulled else ():
            writer.reserve(task.files, f"{title}, task {id_}")
    write_foreign(foreign, writer)
    state.write(out / STATE_FILE)
    return writer.report


def _place(project: Project, task: int) -> str:
    return f"{project.title}, task {task}"


@dataclass(frozen=True, slots=True)
class TaskRead:
    """The documents of a task, one per author, and the problems; `place` is used in messages."""

    place: str
    documents: Sequence[Document]
    problems: Sequence[Problem]
    number: int = 0


@dataclass(frozen=True, slots=True)
class TaskReport:
    """The files of a task's annotator, and submissions by other annotators.

    Submissions by unknown authors were written to the folder `UNASSIGNED`. `is_complete` is false
    if the task must be read again at the next pull.
    """

    files: list[str]
    foreign: list[Submission]
    is_complete: bool


def write_tasks(
    reads: Sequence[TaskRead],
    writer: PassWriter,
    accounts: Accounts,
    bound: dict[str, str],
    schema: Schema | None,
) -> list[TaskReport]:
    """Write the work that the annotators of tasks submitted under their own accounts.

    `bound` contains accounts that were taken as an annotator's at an earlier pull, by annotator; it
    is updated. Work by unknown authors is reported and written to the folder `UNASSIGNED`. Work by
    other annotators is returned, and written by `write_foreign` after all projects.
    """
    by_owner: dict[str, list[Document]] = {}
    for read in reads:
        for document in read.documents:
            by_owner.setdefault(document.meta["annotator"], []).append(document)
    authors = {
        owner: ProjectAuthors.of(accounts, owner, documents, bound.get(owner))
        for owner, documents in by_owner.items()
    }
    bound |= {owner: each.bound for owner, each in authors.items() if each.bound is not None}
    return [_write_task(read, writer, authors, schema) for read in reads]


def _write_task(
    read: TaskRead,
    writer: PassWriter,
    authors: Mapping[str, ProjectAuthors],
    schema: Schema | None,
) -> TaskReport:
    before = len(writer.report.problems)
    submissions = [
        authors[each.meta["annotator"]].submission(each, read.place) for each in read.documents
    ]
    writer.report.problems += read.problems
    files: list[str] = []
    for owner in sorted({each.owner for each in submissions}):
        own = [each for each in submissions if each.is_own and each.owner == owner]
        writer.report.problems += several_own(own)
        files += [writer.write(own[0].document, read.place)] if len(own) == 1 else []
    for each in submissions:
        if schema is not None:
            found = schema_problems(each.document, schema)
            writer.report.problems += (problem.at(file=read.place) for problem in found)
        if each.annotator is None:
            kept = writer.write_unassigned(each, authors[each.owner].account(each))
            writer.report.problems.append(authors[each.owner].problem(each, kept))
    foreign = [each for each in submissions if not each.is_own and each.annotator is not None]
    complete = not foreign and len(writer.report.problems) == before
    return TaskReport(files, foreign, complete)


def write_foreign(submissions: Iterable[Submission], writer: PassWriter) -> None:
    """Write work that annotators submitted in other annotators' projects.

    It is reported, not written, if the annotator also finished the document in another task.
    """
    for each in submissions:
        writer.withdraw(each)
        writer.write(each.authored(), each.place)


class PassWriter:
    """A writer that saves each annotator's documents in a separate folder.

    If `inherited_refs` is true, refs are given to all mentions of the same words. If two tasks
    contain the same document of an annotator, only the first document is written, and a problem is
    added to `report`. `report` also contains the numbers of documents.
    """

    def __init__(self, out: Path, notes: Notes, *, inherited_refs: bool = True) -> None:
        self.out = out
        self.notes = notes
        self.inherited_refs = inherited_refs
        self.report = PullReport()
        self._places: dict[str, str] = {}

    def keep(self, files: Iterable[str], place: str) -> None:
        """Count the files of an unchanged task; `place` is the task in error messages."""
        listed = list(files)
        self.reserve(listed, place)
        self.report.unchanged.update(str(Path(file).parent) for file in listed)

    def reserve(self, files: Iterable[str], place: str) -> None:
        """Record that these files belong to a task, so that no other task overwrites them."""
        self._places.update(dict.fromkeys(files, place))

    def write_unassigned(self, submission: Submission, account: str) -> Path:
        """Write a submission by an unknown author, outside the folders of annotators."""
        self.withdraw(submission)
        folder = self.out / UNASSIGNED / _NOT_IN_FOLDER_NAMES.sub("_", account)
        path = folder / f"{submission.document.id}.json"
        write_bytes(path, document_files.pretty_json(submission.document).encode())
        return path

    def withdraw(self, submission: Submission) -> None:
        """Delete the owner's file if an earlier pull wrote this very submission to it."""
        path = self.out / submission.owner / f"{submission.document.id}.json"
        if not path.is_file():
            return
        (written,) = document_files.read(path)
        same = ("annotation", "author")
        new, old = provenance(submission.document), provenance(written)
        if [new[key] for key in same] == [old.get(key) for key in same]:
            path.unlink()

    def write(self, document: Document, place: str) -> str:
        """Write a document unless its file already has the same content; return the file's path.

        The path is relative to `out`. `place` is the task in error messages.
        """
        annotator = document.meta["annotator"]
        file = f"{annotator}/{document.id}.json"
        if problems := self._problems(document, file, place):
            self.report.problems += problems
            return file
        if self.inherited_refs:
            document = self._with_inherited_refs(document, annotator)
        content, path = document_files.pretty_json(document).encode(), self.out / file
        if path.is_file() and path.read_bytes() == content:
            self.report.unchanged[annotator] += 1
        else:
            write_bytes(path, content)
            self.report.written[annotator] += 1
        return file

    def _with_inherited_refs(self, document: Document, annotator: str) -> Document:
        document, inherited = inherit_refs(document)
        what = "refs inherited from mentions of the same words"
        self.notes.add(what, f"document {document.id}, {annotator}", len(inherited))
        return document

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
    """The tasks read by earlier pulls, by project title and task number.

    `accounts` contains the accounts assigned to annotators, `bound` the accounts that were taken as
    an annotator's, by project title and annotator.
    """

    url: str
    edges: EdgePolicy
    inherited_refs: bool
    projects: dict[str, dict[int, _PulledTask]] = {}
    accounts: dict[str, str] = {}
    bound: dict[str, dict[str, str]] = {}

    @classmethod
    def read(cls, path: Path, empty: _State) -> _State:
        """Read the state from a file, and add the assigned accounts of `empty`.

        No task counts as read if the file is missing or invalid, or if an option or account has
        changed.
        """
        try:
            known = msgspec.json.decode(path.read_bytes(), type=cls)
        except (FileNotFoundError, *JSON_ERRORS):
            return empty
        earlier = known.accounts if known.url == empty.url else {}
        empty = msgspec.structs.replace(empty, accounts={**earlier, **empty.accounts})
        unchanged = msgspec.structs.replace(known, projects={}, bound={}) == empty
        return known if unchanged else empty

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
