"""Label Studio: tasks with their annotations or predictions, as exported and as imported.

Source: https://labelstud.io/guide/export and /guide/task_format, and Label Studio 1.23 itself. A
file is an array of tasks `{"id", "data": {"doc_id", "text", …}, "annotations": [{"result": […],
"completed_by": 3}], "predictions": […]}`; `aloi.corpus.formats.shared.label_studio_results` defines
a result.
`data.doc_id` is the document's id, else the task's number; the rest of `data` is its metadata.

Noted: annotations cancelled, drafts, tasks without an annotation, remarks on regions (`meta`) and
results that are none of the above (left out); arcs both ways (two relations); regions of several
labels (a mention each, arcs go to the first); a region's `text` that differs from the text at its
offsets, which are trusted.

Holds everything but ids and scores of relations. Its page keeps one arc from one region to another
and drops the others when work is saved, so relations between the same two share an arc of several
labels, or turn the second one; what neither helps is counted.

Options, reading: `layer=annotations|predictions`; `annotator=ID`, whose work is read where a task
has several people's (`completed_by`: number or e-mail; of predictions, the `model_version`);
`unlabelled=LABEL` for regions and arcs drawn without a label, else an error. Exports have
predictions as numbers only, which is an error. Writing: `layer`; `from_name` and `to_name`, the
names of the Labels and the Text tag; `model_version` of predictions. Attributes need a tag
`<TextArea name="…" perRegion="true"/>` of their name each, refs one named `ref`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.formats.shared import json_records, label_studio_results
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(relation_ids=False, relation_scores=False)

Layer = Literal["annotations", "predictions"]
"""Whose work on a task: people's, or a model's."""

_OWN_DATA = ("doc_id", "text")


class ReadOptions(Options, frozen=True):
    """Which work of a task is read; `unlabelled`: the label of what was drawn without one."""

    layer: Layer = "annotations"
    annotator: str | None = None
    unlabelled: str | None = None


class WriteOptions(Options, frozen=True):
    """As what the work is written, and the names of the tags it belongs to."""

    layer: Layer = "annotations"
    from_name: str = "label"
    to_name: str = "text"
    model_version: str = "aloi"


class Data(msgspec.Struct, frozen=True):
    """What a task is about; whatever else its `data` holds is metadata."""

    text: str
    doc_id: str | int | None = None


class User(msgspec.Struct, frozen=True):
    """Who completed an annotation, where that is told by more than a number."""

    id: int | None = None
    email: str | None = None


class Work(msgspec.Struct, frozen=True):
    """One annotation or prediction; `lead_time` in seconds."""

    result: list[msgspec.Raw]
    id: int | None = None
    completed_by: User | int | str | None = None
    model_version: str | int | float | None = None
    was_cancelled: bool | None = None
    lead_time: float | None = None
    created_at: str | None = None
    updated_at: str | None = None

    def is_by(self, name: str | None) -> bool:
        """Whether it is the work of the annotator or model named; anyone's where none is."""
        by = self.completed_by
        names = (by.id, by.email) if isinstance(by, User) else (by,)
        return name is None or name in map(str, (*names, self.model_version))


class Task(msgspec.Struct, frozen=True):
    """A task with the work on it, whole or, as exports have predictions, by its numbers only."""

    data: msgspec.Raw
    id: int | str | None = None
    annotations: list[Work | int] = []
    predictions: list[Work | int] = []
    drafts: list[Any] = []

    def blank(self, record: json_records.JsonRecord) -> Document:
        """The task's document, without annotations."""
        data = json_records.decode_json(bytes(self.data), Data)
        meta = json_records.decode_json(bytes(self.data), dict[str, Any])
        meta = {key: value for key, value in meta.items() if key not in _OWN_DATA}
        return Document(record.document_id(data.doc_id, self.id), data.text, (), (), meta)


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The tasks of a file, or of the `.json` files below a folder, as documents."""
    return json_records.read_documents(path, Task, partial(_document, options=options, notes=notes))


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one array of tasks that Label Studio imports."""
    return json_records.write_array((_task(each, options, notes) for each in documents), path)


def _document(
    task: Task, record: json_records.JsonRecord, options: ReadOptions, notes: Notes
) -> Document | None:
    blank = task.blank(record)
    notes.add("drafts left out", record.place, len(task.drafts))
    work = _chosen(task, blank.id, record.place, options, notes)
    if work is None:
        return None
    parsed = label_studio_results.parse(work.result, blank.id)
    draft = label_studio_results.annotated(blank, parsed, unlabelled=options.unlabelled)
    if parsed.problems:
        raise DataError(parsed.problems)
    document = Document(draft.id, draft.text, draft.entities, draft.relations, draft.meta)
    _note(parsed, document, record.place, notes)
    return document


def _chosen(task: Task, id_: str, place: str, options: ReadOptions, notes: Notes) -> Work | None:
    """The one piece of work to read; None, which is noted, where there is none."""
    works = task.annotations if options.layer == "annotations" else task.predictions
    whole = [work for work in works if isinstance(work, Work)]
    if len(whole) < len(works):
        what = f"{options.layer} are given by their numbers only, as in exports"
        fix = 'Fetch the tasks whole: client.tasks.list(project=…, fields="all")'
        raise DataError([Problem("only-numbers", what, fix, id_)])
    finished = [work for work in whole if not work.was_cancelled]
    notes.add(f"{options.layer} cancelled, left out", place, len(whole) - len(finished))
    chosen = [work for work in finished if work.is_by(options.annotator)]
    if len(chosen) > 1:
        fix = "Choose with annotator=ID, and delete all but one where they are one's"
        what = f"{len(chosen)} {options.layer} of one task"
        raise DataError([Problem("several-annotations", what, fix, id_)])
    notes.add(f"tasks without {options.layer} left out", place, not chosen)
    return chosen[0] if chosen else None


def _note(
    parsed: label_studio_results.Parsed, document: Document, place: str, notes: Notes
) -> None:
    for result in parsed.results:
        notes.add("remarks on regions left out", place, bool(result.meta))
    for _, region in parsed.regions:
        notes.add("regions of several labels", place, len(region.labels) > 1)
        differs = region.text not in (None, document.text[region.start : region.end])
        notes.add("regions whose `text` differs from the text", place, differs)
    for result in parsed.arcs:
        notes.add("arcs both ways read as two relations", place, result.direction == "bi")
    strays = parsed.given.keys() - {result.id for result, _ in parsed.regions}
    stray = len(parsed.others) + sum(len(parsed.given[id_]) for id_ in strays)
    notes.add("results that are no mention left out", place, stray)


def _task(document: Document, options: WriteOptions, notes: Notes) -> dict[str, Any]:
    _check_names(document, options)
    data = {"doc_id": document.id, "text": document.text, **document.meta}
    tags = label_studio_results.Tags(options.from_name, options.to_name)
    result = label_studio_results.results(document, tags, notes)
    if options.layer == "predictions":
        return {"data": data, "predictions": [_predicted(result, options)]}
    return {"data": data, "annotations": [{"result": result, "ground_truth": False}]}


def _predicted(result: list[dict[str, Any]], options: WriteOptions) -> dict[str, Any]:
    return {"model_version": options.model_version, "result": result}


def _check_names(document: Document, options: WriteOptions) -> None:
    """Raise `DataError` for names that a task has other uses for."""
    tags = {options.from_name, options.to_name, label_studio_results.REF}
    attributes = {name for entity in document.entities for name in entity.attributes}
    taken = sorted(tags & attributes) + sorted(document.meta.keys() & set(_OWN_DATA))
    if taken:
        what = f"Label Studio's tasks use the name {' and '.join(taken)} otherwise"
        fix = "Rename the attribute or the key of the metadata"
        raise DataError([Problem("name-taken", what, fix, document.id)])
