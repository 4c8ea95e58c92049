"""Work done in Label Studio as documents: one folder an annotator, one file a document.

A server is asked for what changed since the last pull only; an exported JSON file is read whole.
An annotator is whom the task was pushed to; of tasks that say nothing of that, who completed the
annotation. Offsets are trusted, a mention's text is recomputed, and the text as a whole must be the
one that was pushed (its SHA-256 is in the task).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.annotation.labelstudio.client import LabelStudioServer, Project
from aloi.annotation.labelstudio.interface import QUESTION
from aloi.annotation.labelstudio.tasks import HASH, PULLED, text_hash
from aloi.corpus import document_files
from aloi.corpus.document import Document, Draft, salvage
from aloi.corpus.files import write_bytes
from aloi.corpus.formats.labelstudio import Task, User, Work
from aloi.corpus.formats.shared import json_records, label_studio_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem

STATE = ".pulled"
"""The file that says what was pulled, so that changes alone are asked for."""

ADJUDICATION, PRACTICE = "adjudication", "practice-"
"""What stands for the annotator's name in the titles of projects that hold no annotator's work."""

Tell = Callable[[str], object]

_NAME = re.compile(r"\w[\w.@+\-]*")

Edges = Literal["flag", "trim"]
"""What becomes of white space at a mention's edges: counted and kept, or cut off."""


@dataclass(slots=True)
class Pulled:
    """What a pull brought: numbers of documents by annotator, and everything that went wrong."""

    written: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Reader:
    """How tasks are read; what is left out or flagged goes to `notes`."""

    notes: Notes
    edges: Edges = "flag"

    def documents(self, raw: bytes, place: str) -> tuple[list[Document], list[Problem]]:
        """A task's documents, one an annotator who finished it, and what could not be read.

        `raw` is the task in JSON; each problem names the task, and the region where it is of one.
        """
        try:
            task = json_records.decode(raw, Task)
            record = json_records.JsonRecord(raw, Path(place), 1, 1)
            blank = task.blank(record)
            _check_text(blank)
        except DataError as error:
            return [], [_placed(problem, place) for problem in error.problems]
        found, problems = list[Document](), list[Problem]()
        for annotator, work in self._finished(task, blank, place, problems):
            document, wrong = self._document(blank, annotator, task, work)
            found.append(document)
            problems += wrong
        return found, [_placed(problem, f"{place}, task {task.id}") for problem in problems]

    def _finished(
        self, task: Task, blank: Document, place: str, problems: list[Problem]
    ) -> Iterator[tuple[str, Work]]:
        """The finished work on a task, one piece an annotator."""
        works = [work for work in task.annotations if isinstance(work, Work)]
        done = [work for work in works if not work.was_cancelled]
        self.notes.add("drafts left out", place, len(task.drafts))
        self.notes.add("annotations cancelled, left out", place, len(works) - len(done))
        by: dict[str, list[Work]] = {}
        for work in done:
            by.setdefault(_annotator(blank, work), []).append(work)
        for name, each in by.items():
            if len(each) > 1:
                numbers = ", ".join(str(work.id) for work in each)
                what, fix = f"{len(each)} annotations of {name}: {numbers}", "Delete all but one"
                problems.append(Problem("several-annotations", what, fix, blank.id))
            elif not _NAME.fullmatch(name):
                what, fix = f"the annotator {name!r} cannot name a folder", "Rename the annotator"
                problems.append(Problem("bad-annotator", what, fix, blank.id))
            else:
                yield name, each[0]

    def _document(
        self, blank: Document, annotator: str, task: Task, work: Work
    ) -> tuple[Document, list[Problem]]:
        parsed = label_studio_results.parse(work.result, blank.id)
        draft = self._trimmed(label_studio_results.annotated(blank, parsed))
        whole, problems = salvage(draft)
        meta = {key: value for key, value in blank.meta.items() if key != HASH}
        asked = [said[QUESTION] for said in parsed.given.values() if QUESTION in said]
        self.notes.add("questions asked", f"document {blank.id}, {annotator}", len(asked))
        question = {"question": "\n".join(asked)} if asked else {}
        meta |= {"annotator": annotator, PULLED: {**_provenance(task, work), **question}}
        return msgspec.structs.replace(whole, meta=meta), [*parsed.problems, *problems]

    def _trimmed(self, draft: Draft) -> Draft:
        """The mentions with white space at their edges cut off, or counted."""
        entities = []
        for entity in draft.entities:
            surface = draft.text[max(entity.start, 0) : max(entity.end, 0)]
            core = surface.strip()
            self.notes.add(
                f"mentions with white space at an edge ({self.edges})",
                f"document {draft.id}, {entity.id}",
                core != surface,
            )
            if core and self.edges == "trim":
                start = entity.start + len(surface) - len(surface.lstrip())
                entity = msgspec.structs.replace(entity, start=start, end=start + len(core))  # noqa: PLW2901
            entities.append(entity)
        return msgspec.structs.replace(draft, entities=tuple(entities))


def _annotator(blank: Document, work: Work) -> str:
    by = work.completed_by
    who = (by.email or by.id) if isinstance(by, User) else by
    return str(blank.meta.get("annotator") or who)


def _check_text(blank: Document) -> None:
    """Raise `DataError` if a task's text is not the one that was pushed."""
    known = blank.meta.get(HASH)
    if known is not None and known != text_hash(blank.text):
        what = "its text was changed in Label Studio, so offsets are of another text"
        fix = "Restore the text of the task, or push the document as a new one"
        raise DataError([Problem("changed-text", what, fix, blank.id)])


def _provenance(task: Task, work: Work) -> dict[str, Any]:
    by = work.completed_by
    return {
        "task": task.id,
        "annotation": work.id,
        "completed_by": (by.email or by.id) if isinstance(by, User) else by,
        "lead_time": work.lead_time,
        "created_at": work.created_at,
        "updated_at": work.updated_at,
    }


def _placed(problem: Problem, place: str) -> Problem:
    return problem.at(file=place)


def passes(annotators: Iterable[str]) -> list[str]:
    """Those whose projects hold annotators' own work: neither adjudication nor practice."""
    return [name for name in annotators if name != ADJUDICATION and not name.startswith(PRACTICE)]


def pull_export(file: Path, out: Path, reader: Reader) -> Pulled:
    """Documents of an exported JSON file, written below `out`."""
    pulled, taken = Pulled(), dict[str, str]()
    for record in json_records.records(file, pulled.problems):
        place = f"{record.place}, entry {record.number}"
        documents, problems = reader.documents(record.raw, place)
        pulled.problems += problems
        for document in documents:
            _write(document, out, place, taken, pulled)
    return pulled


def pull_server(
    studio: LabelStudioServer,
    projects: Iterable[Project],
    out: Path,
    reader: Reader,
    *,
    tell: Tell = lambda step: None,
) -> Pulled:
    """Documents of a server's projects, written below `out`, those alone that changed.

    What could not be read is asked for again next time. Nothing is ever deleted here: documents
    whose task or annotation is gone stay, and are counted.
    """
    pulled, taken = Pulled(), dict[str, str]()
    state = _State.read(out / STATE, studio.url, reader.edges)
    for project in projects:
        stamps, known = studio.stamps(project), state.projects.get(project.title, {})
        gone = len(known.keys() - stamps.keys())
        reader.notes.add("tasks deleted there, documents kept here", project.title, gone)
        now = {task: had for task, had in known.items() if had.stands(stamps.get(task), out)}
        for task, had in now.items():
            taken |= dict.fromkeys(had.files, f"{project.title}, task {task}")
            pulled.unchanged.update(str(Path(file).parent) for file in had.files)
        changed = [task for task in stamps if task not in now]
        for count, whole in enumerate(studio.works(project, changed)):
            tell(f"{project.title}: {count} of {len(changed)} changed tasks read")
            files = _pull_task(whole, project, out, reader, taken, pulled)
            if files is not None:
                now[whole["id"]] = _Had(stamps[whole["id"]], files)
        state.projects[project.title] = now
    state.write(out / STATE)
    return pulled


def _pull_task(
    raw: dict[str, Any],
    project: Project,
    out: Path,
    reader: Reader,
    taken: dict[str, str],
    pulled: Pulled,
) -> list[str] | None:
    """The files written of a task; None where something could not be read."""
    before = len(pulled.problems)
    documents, problems = reader.documents(json.dumps(raw).encode(), project.title)
    pulled.problems += problems
    place = f"{project.title}, task {raw['id']}"
    files = [_write(document, out, place, taken, pulled) for document in documents]
    return files if len(pulled.problems) == before else None


def _write(document: Document, out: Path, place: str, taken: dict[str, str], pulled: Pulled) -> str:
    """Write a document into its annotator's folder; returns the file's path below `out`."""
    annotator = document.meta["annotator"]
    file = f"{annotator}/{document.id}.json"
    try:
        document_files.file_name(document)
    except DataError as error:
        pulled.problems += (_placed(problem, place) for problem in error.problems)
        return file
    if taken.setdefault(file, place) != place:
        what = f"{taken[file]} has work of {annotator} on it too"
        fix = "Delete the task whose work is not wanted"
        pulled.problems.append(Problem("several-tasks", what, fix, document.id, file=place))
        return file
    content, path = document_files.pretty_json(document).encode(), out / file
    if path.is_file() and path.read_bytes() == content:
        pulled.unchanged[annotator] += 1
    else:
        write_bytes(path, content)
        pulled.written[annotator] += 1
    return file


class _Had(msgspec.Struct, frozen=True):
    """What was pulled of a task: when it had last changed, and the files it gave."""

    stamp: str
    files: list[str]

    def stands(self, stamp: str | None, out: Path) -> bool:
        """Whether the task has not changed since, and its files are still there."""
        return self.stamp == stamp and all((out / file).exists() for file in self.files)


class _State(msgspec.Struct):
    """What earlier pulls brought; of another server, or with other edges, it counts for nothing."""

    url: str
    edges: Edges
    projects: dict[str, dict[int, _Had]] = {}

    @classmethod
    def read(cls, path: Path, url: str, edges: Edges) -> _State:
        blank = cls(url, edges)
        try:
            known = msgspec.json.decode(path.read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.MsgspecError):
            return blank
        return known if (known.url, known.edges) == (url, edges) else blank

    def write(self, path: Path) -> None:
        write_bytes(path, msgspec.json.encode(self))
