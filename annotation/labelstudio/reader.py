"""A reader of finished work from Label Studio tasks.

The annotator of a document is the person to whom the task was pushed. If the task contains no name,
the annotator is the user who completed the annotation. Mentions are read from their offsets; the
texts that Label Studio stores with regions are ignored.

A task contains the SHA-256 of the pushed text. If the text was changed later, the task is reported
and not read. Unreadable regions are also reported, but the rest of their task is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from aloi.annotation.labelstudio.labelling_interface import QUESTION
from aloi.annotation.labelstudio.tasks import (
    KNOWN_REFS_KEY,
    RENAMES_KEY,
    RESULT_HASH,
    TEXT_HASH,
    result_hash,
)
from aloi.annotation.provenance import PROVENANCE
from aloi.annotation.server_protocol import EdgePolicy, Payload, StoredTask
from aloi.corpus.document import Document, Draft, Entity, hash_text, salvage
from aloi.corpus.formats.labelstudio import LabelStudioTask, LabelStudioUser, TaskAnnotation
from aloi.corpus.formats.shared import json_records, label_studio_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem

_FOLDER_NAME = re.compile(r"\w[\w.@+\-]*")


@dataclass(frozen=True)
class LabelStudioTaskReader:
    """A converter from tasks to documents; omitted and flagged items are counted in `notes`.

    If `by_account` is true, the annotations of a task by different users are different documents,
    even if the task contains an annotator's name.
    """

    notes: Notes
    edges: EdgePolicy = "trim"
    by_account: bool = False

    def read(self, task: StoredTask, place: str) -> tuple[list[Document], list[Problem]]:
        """Return one document per annotator who finished the task, and the problems found."""
        return self.read_json(json.dumps(task.payload).encode(), place)

    def read_json(self, raw: bytes, place: str) -> tuple[list[Document], list[Problem]]:
        """Return a task's documents and problems; messages name `place`."""
        try:
            task = json_records.decode_json(raw, LabelStudioTask)
            blank = task.to_document(json_records.JsonRecord(raw, Path(place), 1, 1))
            _check_text(blank)
        except DataError as error:
            return [], [problem.at(file=place) for problem in error.problems]
        self._note_unfinished(task, place)
        documents: list[Document] = []
        problems: list[Problem] = []
        for (annotator, _), works in self._finished_work(task, blank).items():
            work_problems = list(_work_problems(blank, annotator, works))
            if not work_problems:
                document, work_problems = self._document(blank, annotator, task, works[0])
                documents.append(document)
            problems += work_problems
        return documents, [problem.at(file=f"{place}, task {task.id}") for problem in problems]

    def _finished_work(
        self, task: LabelStudioTask, blank: Document
    ) -> dict[tuple[str, str | None], list[TaskAnnotation]]:
        """Return a task's submitted annotations by annotator and author, without cancelled ones.

        The author is None unless `by_account` is true.
        """
        grouped: dict[tuple[str, str | None], list[TaskAnnotation]] = {}
        for work in task.annotations:
            if isinstance(work, TaskAnnotation) and not work.was_cancelled:
                user = author(work, blank.meta) if self.by_account else None
                key = _annotator(blank, work), None if user is None else str(user)
                grouped.setdefault(key, []).append(work)
        return grouped

    def _note_unfinished(self, task: LabelStudioTask, place: str) -> None:
        cancelled = [
            x for x in task.annotations if isinstance(x, TaskAnnotation) and x.was_cancelled
        ]
        self.notes.add("drafts left out", place, len(task.drafts))
        self.notes.add("cancelled annotations left out", place, len(cancelled))

    def _document(
        self, blank: Document, annotator: str, task: LabelStudioTask, work: TaskAnnotation
    ) -> tuple[Document, list[Problem]]:
        """Return one annotator's work on a task as a document, and the problems found."""
        parsed = label_studio_results.parse_results(work.result, blank.id)
        draft = self._check_edges(label_studio_results.to_draft(blank, parsed))
        document, problems = salvage(draft)
        own = (TEXT_HASH, KNOWN_REFS_KEY, RENAMES_KEY)
        meta = {key: value for key, value in blank.meta.items() if key not in own}
        questions = _questions(parsed.field_values)
        self.notes.add(
            "questions of annotators", f"document {blank.id}, {annotator}", len(questions)
        )
        question = {"question": "\n".join(questions)} if questions else {}
        meta |= {
            "annotator": annotator,
            PROVENANCE: {**_provenance(task, work, blank.meta), **question},
        }
        return msgspec.structs.replace(document, meta=meta), [*parsed.problems, *problems]

    def _check_edges(self, draft: Draft) -> Draft:
        """Count mentions with white space at an edge; remove the space if `edges` is `trim`."""
        entities = []
        for entity in draft.entities:
            trimmed = _trim(entity, draft.text)
            self.notes.add(
                f"mentions with white space at an edge ({self.edges})",
                f"document {draft.id}, {entity.id}",
                trimmed is not None,
            )
            entities.append(trimmed if trimmed and self.edges == "trim" else entity)
        return msgspec.structs.replace(draft, entities=tuple(entities))


def _trim(entity: Entity, text: str) -> Entity | None:
    """Return a mention without white space at its edges, or None if its edges are not white space.

    A mention outside the text has no edges. A mention that consists only of white space is returned
    unchanged.
    """
    inside = 0 <= entity.start < entity.end <= len(text)
    surface = text[entity.start : entity.end]
    core = surface.strip()
    if core == surface or not inside:
        return None
    if not core:
        return entity
    start = entity.start + len(surface) - len(surface.lstrip())
    return msgspec.structs.replace(entity, start=start, end=start + len(core))


def _work_problems(
    blank: Document, annotator: str, works: list[TaskAnnotation]
) -> Iterator[Problem]:
    """Yield a problem for each reason why an annotator's work cannot become a document."""
    if len(works) > 1:
        numbers = ", ".join(str(work.id) for work in works)
        what = f"{annotator} submitted {len(works)} annotations for this task (ids {numbers})"
        fix = "Delete all but one of these annotations in Label Studio"
        yield Problem("several-annotations", what, fix, blank.id)
    elif not _FOLDER_NAME.fullmatch(annotator):
        what = f"the annotator's name {annotator!r} cannot be used as a folder name"
        fix = "Rename the annotator; use only letters, digits and the characters _ . @ + -"
        yield Problem("bad-annotator", what, fix, blank.id)


def _annotator(blank: Document, work: TaskAnnotation) -> str:
    return str(blank.meta.get("annotator") or _user(work))


def _user(work: TaskAnnotation) -> int | str | None:
    by = work.completed_by
    return (by.email or by.id) if isinstance(by, LabelStudioUser) else by


def author(work: TaskAnnotation, data: Mapping[str, Any]) -> int | str | None:
    """Return the user who changed an annotation last, or None if it was sent as finished work.

    `data` is the data of the task. A renaming of labels is not a change by its user: the task
    records the author before it. An annotation with an `import_id` was restored from a backup, in
    which `completed_by` is the author. Some files do not contain `updated_by`.
    """
    recorded = data.get(RENAMES_KEY, {}).get(str(work.id))
    if recorded is not None and _is_unchanged(work, recorded):
        before: int | str | None = recorded["author"]
        return before
    if isinstance(work.updated_by, int | str):
        return work.updated_by
    return _user(work) if work.updated_by is msgspec.UNSET or work.import_id is not None else None


def stored_author(annotation: Payload, data: Mapping[str, Any]) -> int | str | None:
    """Return the `author` of an annotation in the server's answer."""
    content = msgspec.json.encode({**annotation, "result": annotation.get("result") or []})
    return author(msgspec.json.decode(content, type=TaskAnnotation), data)


def _is_unchanged(work: TaskAnnotation, recorded: Mapping[str, object]) -> bool:
    """Return whether an annotation was not changed since its author was recorded, or only renamed.

    The author is recorded before labels are renamed, which may be interrupted.
    """
    if recorded["updated_at"] == work.updated_at:
        return True
    return recorded.get(RESULT_HASH) == result_hash(map(msgspec.json.decode, work.result))


def _check_text(blank: Document) -> None:
    """Raise `DataError` if a task's text differs from the text that was pushed."""
    pushed = blank.meta.get(TEXT_HASH)
    if pushed is not None and pushed != hash_text(blank.text):
        what = "the text of the task was changed in Label Studio, so offsets are not reliable"
        fix = "Restore the text of the task, or push the changed text under a new document id"
        raise DataError([Problem("changed-text", what, fix, blank.id)])


def _questions(field_values: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [values[QUESTION] for values in field_values.values() if QUESTION in values]


def _provenance(
    task: LabelStudioTask, work: TaskAnnotation, data: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "task": task.id,
        "annotation": work.id,
        "completed_by": _user(work),
        "author": author(work, data),
        "lead_time": work.lead_time,
        "created_at": work.created_at,
        "updated_at": work.updated_at,
    }
