"""Backup of Label Studio projects with all work to a file, and restoration from the file.

The file contains JSON Lines: a header, then each project, followed by its tasks with predictions,
annotations and drafts. Users are recorded by e-mail address. Not saved: users, passwords, access
tokens, prediction backends, webhooks, views and uploaded files.

Label Studio sets the numbers and dates of restored tasks and annotations anew. It creates drafts
only for the account of the access token; drafts of other users are restored as drafts of this
account.

A restored project has a provisional title until it is complete, so that an interruption at any
time leaves no incomplete project under the title that other commands read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from aloi.annotation.exchange.task_import import split_batches
from aloi.annotation.labelstudio.client import MAX_TITLE_LENGTH, LabelStudioServer
from aloi.annotation.labelstudio.reader import stored_author
from aloi.annotation.labelstudio.tasks import RENAMES_KEY
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import Payload, Project, UnansweredError
from aloi.corpus.atomic_files import atomic_binary_file
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import JSON_ERRORS

FORMAT = "aloi-label-studio-backup"
FORMAT_VERSION = 1


class _Task(msgspec.Struct, frozen=True):
    """A task; `annotations` and `drafts` are in the server's order.

    The key `imported` of an annotation is true if it was sent as finished work and not changed. The
    key `annotation` of a draft is the index of the draft's annotation, or None.
    """

    data: dict[str, Any]
    meta: dict[str, Any] | None
    annotations: list[Payload]
    predictions: list[Payload]
    drafts: list[Payload]


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a backup file: the header (`format`, `version`), a project, or a task."""

    format: str | None = None
    version: int | None = None
    project: dict[str, Any] | None = None
    task: _Task | None = None


@dataclass(slots=True)
class BackupReport:
    """The number of projects, tasks, annotations and drafts that were saved or restored.

    `missing_users` contains the number of annotations of each user whom the server does not know.
    `moved_drafts` contains the number of drafts of each user that are now drafts of the access
    token's account. Both are empty after a backup.
    """

    projects: list[Project] = field(default_factory=list)
    tasks: int = 0
    annotations: int = 0
    drafts: int = 0
    missing_users: dict[str, int] = field(default_factory=dict)
    moved_drafts: dict[str, int] = field(default_factory=dict)

    def problems(self) -> Iterator[Problem]:
        """Yield a problem for each missing user and each user with moved drafts."""
        for email, number in self.missing_users.items():
            what = f"the server has no user {email}; annotations of this user: {number}"
            fix = (
                "They were restored under the account of the access token. To keep the author, "
                "delete the restored projects, invite the user, and restore again"
            )
            yield Problem("missing-user", what, fix)
        for email, number in self.moved_drafts.items():
            what = f"{number} drafts of {email} were restored under the account of the access token"
            fix = (
                "Submit each of them in Label Studio, or restore with the access token of the user"
            )
            yield Problem("moved-drafts", what, fix)


def back_up(
    server: LabelStudioServer,
    out: Path,
    *,
    projects: Iterable[Project] | None = None,
    progress: Progress = ignore_progress,
) -> BackupReport:
    """Write projects (default: all) of a server to a file, completely or not at all."""
    users, report = server.user_emails(), BackupReport()
    encoder = msgspec.json.Encoder(order="deterministic")
    with atomic_binary_file(out) as stream:
        stream.write(encoder.encode(_Line(FORMAT, FORMAT_VERSION)) + b"\n")
        for project in server.all_projects() if projects is None else projects:
            settings = server.saved_settings(project)
            entry = {"title": project.title, "settings": settings}
            stream.write(encoder.encode(_Line(project=entry)) + b"\n")
            report.projects.append(project)
            for task in _saved_tasks(server, project, users):
                progress(f"{project.title}: {report.tasks} tasks saved")
                stream.write(encoder.encode(_Line(task=task)) + b"\n")
                _count(report, task)
    return report


def _count(report: BackupReport, task: _Task) -> None:
    report.tasks += 1
    report.annotations += len(task.annotations)
    report.drafts += len(task.drafts)


def _saved_tasks(
    server: LabelStudioServer, project: Project, users: Mapping[str, str]
) -> Iterator[_Task]:
    for stored in server.fetch_tasks(
        project, sorted(task.id for task in server.list_tasks(project))
    ):
        payload = stored.payload
        works = sorted(payload.get("annotations", ()), key=lambda each: each["id"])
        numbers = {each["id"]: place for place, each in enumerate(works)}
        drafts = [
            {
                "user": each["user"],
                "result": each["result"],
                "lead_time": each.get("lead_time"),
                "annotation": numbers.get(each.get("annotation")),
            }
            for each in payload.get("drafts", ())
        ]
        kept = ("model_version", "score", "result")
        yield _Task(
            {key: value for key, value in payload["data"].items() if key != RENAMES_KEY},
            payload.get("meta"),
            [_saved_annotation(each, payload["data"], users) for each in works],
            [{key: each.get(key) for key in kept} for each in payload.get("predictions", ())],
            drafts,
        )


def _saved_annotation(
    annotation: Payload, data: Mapping[str, Any], users: Mapping[str, str]
) -> Payload:
    """Return an annotation as it is saved; `completed_by` is the e-mail address of its author.

    `data` is the data of the task.
    """
    author = stored_author(annotation, data)
    user = str(annotation.get("completed_by") if author is None else author)
    kept = (
        "id",
        "result",
        "was_cancelled",
        "ground_truth",
        "lead_time",
        "created_at",
        "updated_at",
    )
    return {
        **{key: annotation.get(key) for key in kept},
        "completed_by": users.get(user, user),
        "imported": author is None,
    }


def restore(
    server: LabelStudioServer, file: Path, *, progress: Progress = ignore_progress
) -> BackupReport:
    """Create the projects in a backup file, with their tasks and work.

    Raise `DataError` before anything is sent if the file is not a backup, or if a project with the
    same title exists, also with the provisional title of an interrupted restoration. If the server
    fails in between, raise `DataError` that names the incomplete project.
    """
    titles = [line.project["title"] for line in _read(file) if line.project is not None]
    problems = [problem for title in titles for problem in _existing_projects(server, title)]
    if problems:
        raise DataError(problems)
    restoration = _Restoration(server, set(server.user_emails().values()), server.account())
    entry: dict[str, Any] | None = None
    tasks: list[_Task] = []
    for line in _read(file):
        if line.project is not None:
            if entry is not None:
                restoration.restore_project(entry, tasks, progress)
            entry, tasks = line.project, []
        elif line.task is not None:
            tasks.append(line.task)
    if entry is not None:
        restoration.restore_project(entry, tasks, progress)
    return restoration.report


def provisional_title(title: str) -> str:
    """Return the title of a project until it is restored completely."""
    provisional = f"restoring {title}"
    if len(provisional) <= MAX_TITLE_LENGTH:
        return provisional
    digest = hashlib.sha256(title.encode()).hexdigest()[:8]
    return f"{provisional[: MAX_TITLE_LENGTH - 9]} {digest}"


def _existing_projects(server: LabelStudioServer, title: str) -> Iterator[Problem]:
    """Yield a problem for each project that prevents the restoration of a project."""
    if server.find_project(title) is not None:
        what = f"the server already contains the project «{title}»"
        yield Problem("title-taken", what, "Rename or delete this project in Label Studio")
    if server.find_project(provisional := provisional_title(title)) is not None:
        what = (
            f"the project «{provisional}» is incomplete: its restoration was interrupted, or is "
            "still running"
        )
        fix = (
            "If no other restoration is running, delete this project in Label Studio, then restore "
            "again"
        )
        yield Problem("incomplete-project", what, fix)


def _read(file: Path) -> Iterator[_Line]:
    """Yield the lines of a backup file; raise `DataError` if it is not a backup."""
    decoder = msgspec.json.Decoder(_Line)
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            try:
                line = decoder.decode(raw)
            except JSON_ERRORS as error:
                raise DataError([_not_a_backup(file, number, str(error))]) from None
            if number == 1 and (line.format, line.version) != (FORMAT, FORMAT_VERSION):
                raise DataError([_not_a_backup(file, number, "the header is missing")])
            yield line


def _not_a_backup(file: Path, line: int, reason: str) -> Problem:
    what = f"the file is not a backup by this version of aloi: {reason}"
    fix = "Use a file that `aloi annotate backup` wrote"
    return Problem("not-a-backup", what, fix, file=str(file), line=line)


@dataclass(frozen=True)
class _Restoration:
    """The restoration of projects to a server with these users; `account` is the token's."""

    server: LabelStudioServer
    users: set[str]
    account: str
    report: BackupReport = field(default_factory=BackupReport)

    def restore_project(
        self, entry: Mapping[str, Any], tasks: list[_Task], progress: Progress
    ) -> None:
        """Create a project with its tasks and work."""
        title, settings = entry["title"], dict(entry["settings"])
        # It must name predictions in the project; a prediction backend is not restored.
        model_version = settings.pop("model_version", None)
        known = {each["model_version"] for task in tasks for each in task.predictions}
        final = {"title": title}
        if model_version in known:
            final["model_version"] = model_version
        project = self.server.create_project(provisional_title(title), settings)
        try:
            for batch in split_batches(tasks):
                progress(f"{title}: {self.report.tasks} tasks restored")
                self.server.import_tasks(project, [self._payload(task) for task in batch])
                for task in batch:
                    _count(self.report, task)
            self._restore_drafts(project, tasks)
            self.server.update_project(project, final)
        except (DataError, UnansweredError) as error:
            what = f"the project «{project.title}» was restored incompletely: {error}"
            fix = "Delete this project in Label Studio, correct the error, and restore again"
            raise DataError([Problem("incomplete-project", what, fix)]) from None
        self.report.projects.append(replace(project, title=title))

    def _payload(self, task: _Task) -> Payload:
        annotations = [self._annotation(each) for each in task.annotations]
        payload: Payload = {"data": task.data, "annotations": annotations}
        if task.meta:
            payload["meta"] = task.meta
        if task.predictions:
            payload["predictions"] = task.predictions
        return payload

    def _annotation(self, annotation: Payload) -> Payload:
        """Return an annotation for import; its number shows that `completed_by` is its author."""
        left_out = {"imported", "completed_by", "created_at", "updated_at"}
        left_out |= {"id"} if annotation["imported"] else set()
        kept = {key: value for key, value in annotation.items() if key not in left_out}
        email = annotation["completed_by"]
        if email not in self.users:
            self.report.missing_users[email] = self.report.missing_users.get(email, 0) + 1
            return kept
        return {**kept, "completed_by": {"email": email}}

    def _restore_drafts(self, project: Project, tasks: Iterable[_Task]) -> None:
        """Create the drafts; the new tasks are in the order of the file."""
        listed = list(tasks)
        if not any(task.drafts for task in listed):
            return
        numbers = sorted(task.id for task in self.server.list_tasks(project))
        new = dict(zip(numbers, listed, strict=True))
        with_drafts = [number for number, task in new.items() if task.drafts]
        for stored in self.server.fetch_tasks(project, with_drafts):
            works = sorted(each["id"] for each in stored.payload.get("annotations", ()))
            for draft in new[stored.id].drafts:
                place, user = draft["annotation"], draft["user"]
                content = {"result": draft["result"], "lead_time": draft["lead_time"]}
                annotation = None if place is None else works[place]
                self.server.create_draft(stored.id, content, annotation=annotation)
                if user != self.account:
                    self.report.moved_drafts[user] = self.report.moved_drafts.get(user, 0) + 1
