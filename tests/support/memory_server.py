"""An annotation server in memory with its own task format, for tests of push, pull and practice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.provenance import PROVENANCE
from aloi.annotation.server_protocol import (
    PREDICTIONS_SHOWN,
    EdgePolicy,
    KnownRef,
    Payload,
    PredictionBackend,
    Project,
    SchemaName,
    StoredPrediction,
    StoredTask,
    TaskState,
    TaskSummary,
    Versions,
)
from aloi.corpus.document import Document, hash_documents, hash_text
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.migration.label_renames import rename_document, rename_schema
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema


@dataclass
class MemoryTaskWriter:
    """Writes a task as a document with the annotator's name, and lists of predictions and work."""

    annotator: str
    versions: Versions = field(default_factory=Versions)

    def task(
        self,
        document: Document,
        *,
        predictions: Iterable[Payload] = (),
        finished: bool = False,
        known_refs: Iterable[KnownRef] = (),
    ) -> Payload:
        named = msgspec.structs.replace(
            document, meta={**document.meta, "annotator": self.annotator}
        )
        return {
            "document": named,
            "predictions": list(predictions),
            "work": [named] if finished else [],
            "versions": self.versions,
            "known_refs": list(known_refs),
        }

    def prediction(self, document: Document, model_version: str) -> Payload:
        return {"model_version": model_version, "document": document}

    def prediction_hash(self, prediction: Payload) -> str:
        return hash_documents([prediction["document"]])


class MemoryTaskReader:
    """Reads the finished work of a task; work with the id `broken` cannot be read."""

    def read(self, task: StoredTask, place: str) -> tuple[list[Document], list[Problem]]:
        work = task.payload["work"]
        problems = [Problem("broken", "x", "x", file=place) for each in work if each.id == "broken"]
        return [each for each in work if each.id != "broken"], problems


@dataclass
class MemoryServer:
    """Projects and tasks in dictionaries; `fetched` lists the fetched tasks."""

    url: str = "memory:"
    tasks: dict[int, dict[int, Payload]] = field(default_factory=dict)
    titles: dict[str, Project] = field(default_factory=dict)
    settings: dict[int, dict[str, Any]] = field(default_factory=dict)
    times: dict[int, str] = field(default_factory=dict)
    fetched: list[int] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    displayed: dict[str, str] = field(default_factory=dict)
    backends: list[PredictionBackend] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def project_title(self, corpus: str, annotator: str) -> str:
        return f"{corpus}/{annotator}"

    def project_settings(
        self, schema: Schema, *, guide: Guide | None, model_version: str | None
    ) -> dict[str, Any]:
        return {"schema": schema, "guide": guide} | (
            {"model_version": model_version} if model_version else {}
        )

    def find_project(self, title: str) -> Project | None:
        return self.titles.get(title)

    def list_projects(self, corpus: str) -> dict[str, Project]:
        prefix = f"{corpus}/"
        return {
            title.removeprefix(prefix): project
            for title, project in self.titles.items()
            if title.startswith(prefix)
        }

    def create_project(self, title: str, settings: Mapping[str, Any]) -> Project:
        project = self.titles[title] = Project(len(self.titles), title, f"memory:{title}")
        self.tasks[project.id] = {}
        self.settings[project.id] = dict(settings)
        return project

    def changed_settings(self, project: Project, settings: Mapping[str, Any]) -> dict[str, Any]:
        current = self.settings[project.id]
        return {key: value for key, value in settings.items() if current.get(key) != value}

    def update_project(self, project: Project, settings: Mapping[str, Any]) -> None:
        version = settings.get("model_version")
        stored = {
            x["model_version"]
            for task in self.tasks[project.id].values()
            for x in task["predictions"]
        }
        if version is not None and version not in stored:
            raise DataError([Problem("server-refuses", "status 400", "x")])
        self.settings[project.id] |= settings

    def task_url(self, project: Project, task: int) -> str:
        return f"{project.url}#{task}"

    def storage_problems(self, document: Document) -> Iterator[Problem]:
        if "\0" in document.text:
            yield Problem("nul", "x", "x", document.id)

    def task_writer(
        self, annotator: str, schema: Schema, guideline_version: str | None, notes: Notes
    ) -> MemoryTaskWriter:
        return MemoryTaskWriter(annotator, Versions(guideline_version, schema.version))

    def task_reader(
        self, notes: Notes, edges: EdgePolicy = "trim", *, by_account: bool = False
    ) -> MemoryTaskReader:
        return MemoryTaskReader()

    def list_tasks(self, project: Project) -> Iterator[TaskSummary]:
        for id_, task in self.tasks[project.id].items():
            document = task["document"]
            bare = document.meta.get(PREDICTIONS_SHOWN) is False
            yield TaskSummary(id_, document.id, hash_text(document.text), task["versions"], bare)

    def count_tasks(self, project: Project) -> int:
        return len(self.tasks[project.id])

    def modification_times(self, project: Project) -> dict[int, str]:
        return {id_: self.times[id_] for id_ in self.tasks[project.id]}

    def fetch_tasks(self, project: Project, tasks: Sequence[int]) -> Iterator[StoredTask]:
        for id_ in tasks:
            self.fetched.append(id_)
            task = self.tasks[project.id][id_]
            predictions = tuple(
                StoredPrediction(each["id"], each["model_version"], each, _names(each["document"]))
                for each in task["predictions"]
            )
            state: TaskState = "finished" if task["work"] else task.get("state", "not begun")
            names = frozenset[SchemaName]().union(*map(_names, task["work"]))
            unchanged = task["work"] and task["work"] == task["sent_work"]
            sent = hash_documents(task["work"]) if unchanged else None
            yield StoredTask(id_, task, bool(task["work"]), predictions, state, names, sent)

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        for task in tasks:
            id_ = next(self.numbers)
            self.tasks[project.id][id_] = task
            task["sent_work"] = list(task["work"])
            for prediction in task["predictions"]:
                prediction["id"] = next(self.numbers)
            self.times[id_] = "first"

    def import_predictions(self, project: Project, predictions: Mapping[int, Payload]) -> None:
        for task, prediction in predictions.items():
            stored = {**prediction, "id": next(self.numbers)}
            self.tasks[project.id][task]["predictions"].append(stored)

    def record_versions(self, project: Project, tasks: Sequence[int], versions: Versions) -> None:
        for task in tasks:
            self.tasks[project.id][task]["versions"] = versions

    def rename_labels(
        self,
        project: Project,
        renames: Mapping[str, str],
        *,
        progress: Progress = ignore_progress,
    ) -> int:
        progress(project.title)
        schema = self.settings[project.id]["schema"]
        self.settings[project.id]["schema"] = rename_schema(schema, renames)
        changed = 0
        for task in self.tasks[project.id].values():
            work = [rename_document(each, renames) for each in task["work"]]
            changed += work != task["work"]
            task["work"] = work
        return changed

    def order_by_uncertainty(self, project: Project, model_version: str) -> None:
        self.displayed[project.title] = model_version

    def delete_tasks(self, project: Project, tasks: Sequence[int]) -> None:
        for task in tasks:
            del self.tasks[project.id][task]

    def change_predictions(self, predictions: Mapping[int, Payload]) -> None:
        stored = {
            each["id"]: each
            for tasks in self.tasks.values()
            for task in tasks.values()
            for each in task["predictions"]
        }
        for number, prediction in predictions.items():
            stored[number].update(prediction)

    def wait_until_ready(self, timeout: float) -> None: ...

    def user_emails(self) -> dict[str, str]:
        return self.users

    def prediction_backends(self, project: Project) -> list[PredictionBackend]:
        return self.backends

    def submit(
        self, title: str, document: Document, user: int | None = None, **recorded: Any
    ) -> None:
        """Submit a document as the work on its task; `user` is the author, if any.

        `recorded` is added to the provenance.
        """
        tasks = self.tasks[self.titles[title].id]
        id_, task = next((k, v) for k, v in tasks.items() if v["document"].id == document.id)
        meta: dict[str, Any] = {"annotator": task["document"].meta["annotator"]}
        if user is not None:
            meta[PROVENANCE] = {"annotation": next(self.numbers), "author": user, **recorded}
        task["work"].append(msgspec.structs.replace(document, meta=meta))
        self.times[id_] += "+"


def _names(document: Document) -> frozenset[SchemaName]:
    entities = (SchemaName("entity label", each.label) for each in document.entities)
    relations = (SchemaName("relation label", each.label) for each in document.relations)
    return frozenset((*entities, *relations))
