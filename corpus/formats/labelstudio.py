"""Label Studio: tasks with annotations or predictions, as Label Studio exports and imports them.

Source: https://labelstud.io/guide/export and /guide/task_format, and Label Studio 1.23. A file is
an array of tasks `{"id", "data": {"doc_id", "text", …}, "annotations": [{"result": […],
"completed_by": 3}], "predictions": […]}`. `aloi.corpus.formats.shared.label_studio_results`
describes the results; `label_studio_layouts` describes JSON_MIN and tasks with `completions`, which
are read too. The document id is `data.doc_id`, or the task id if `data` has no `doc_id`.
All other keys of `data` are metadata.

The reader leaves out and counts cancelled annotations, drafts, tasks without annotations, metadata
of regions (`meta`), and results that describe neither mentions nor relations. It also counts

- arcs in both directions, which are read as two relations;
- regions with several labels, which are read as one mention per label (relations connect the
  mention with the first label);
- regions with a `text` that differs from the text at their offsets (the offsets are used).

The format represents everything in a document except ids and scores of relations. When an annotator
saves a task, Label Studio keeps only one arc from one region to another. Therefore, the writer
combines relations between the same mentions into one arc with several labels, or reverses one of
the arcs. The writer counts relations that it can neither combine nor reverse. The labelling
interface needs a tag `<TextArea name="…" perRegion="true"/>` for each attribute and for `ref`.

Read options:

- `layer`: the part of each task to read: annotations (default) or predictions; exports contain only
  the ids of predictions and cannot be read with `layer=predictions`
- `annotator`: the annotator to read, as user id or e-mail address (`completed_by`), or the model to
  read (`model_version`); required if a task has several annotations or predictions
- `unlabelled`: the label for regions and arcs without a label (default: report an error)
- `text`: the key of the text in `data` (default: text, or the only key with a string)

Write options:

- `layer`: the part of each task to write: annotations (default) or predictions
- `from_name`, `to_name`: the names of the Labels tag and the Text tag (default: label and text)
- `model_version`: the model version of predictions (default: aloi)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.formats.label_studio_layouts import read_tasks
from aloi.corpus.formats.shared import json_records, label_studio_results
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.label_studio_results import InterfaceTags, ParsedResults
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(relation_ids=False, relation_scores=False)

TaskLayer = Literal["annotations", "predictions"]
"""The part of a task to read or write: annotations by people or predictions of models."""

_RESERVED_KEYS = ("doc_id", "text")
"""The keys of a task's data that are not metadata."""


class ReadOptions(Options, frozen=True):
    """Read options: the layer, the annotator, the default label, and the key of the text."""

    layer: TaskLayer = "annotations"
    annotator: str | None = None
    unlabelled: str | None = None
    text: str = ""


class WriteOptions(Options, frozen=True):
    """Write options: the layer, the names of interface tags, and the model version."""

    layer: TaskLayer = "annotations"
    from_name: str = "label"
    to_name: str = "text"
    model_version: str = "aloi"


class TaskData(msgspec.Struct, frozen=True):
    """The text and document id in the `data` of a task; all other keys of `data` are metadata."""

    text: str
    doc_id: str | int | None = None


class LabelStudioUser(msgspec.Struct, frozen=True):
    """The author of an annotation, in files that contain more than the user id of the author."""

    id: int | None = None
    email: str | None = None


class TaskAnnotation(msgspec.Struct, frozen=True):
    """One annotation or prediction of a task; `lead_time` is in seconds.

    `updated_by` is the user who changed the annotation last. It is None if the annotation was
    imported. `import_id` is the number of an imported annotation in the file that was imported.
    """

    result: list[msgspec.Raw]
    id: int | None = None
    completed_by: LabelStudioUser | int | str | None = None
    model_version: str | int | float | None = None
    was_cancelled: bool | None = None
    lead_time: float | None = None
    created_at: str | None = None
    updated_at: str | None = None
    updated_by: Any = msgspec.UNSET
    import_id: int | None = None

    def is_by(self, annotator: str | None) -> bool:
        """Return whether this annotator or model is the author; None matches every author."""
        by = self.completed_by
        names = (by.id, by.email) if isinstance(by, LabelStudioUser) else (by,)
        return annotator is None or annotator in map(str, (*names, self.model_version))


class LabelStudioTask(msgspec.Struct, frozen=True):
    """A task; in exports, predictions are only ids, not objects."""

    data: msgspec.Raw
    id: int | str | None = None
    annotations: list[TaskAnnotation | int] = []
    predictions: list[TaskAnnotation | int] = []
    drafts: list[Any] = []

    def to_document(self, record: json_records.JsonRecord) -> Document:
        """Return the document of the task, without annotations."""
        data = json_records.decode_json(bytes(self.data), TaskData)
        values = json_records.decode_json(bytes(self.data), dict[str, Any])
        meta = {key: value for key, value in values.items() if key not in _RESERVED_KEYS}
        return Document(record.document_id(data.doc_id, self.id), data.text, (), (), meta)


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield one document per task in a file, or in the `.json` files below a folder."""
    build = partial(_to_document, options=options, notes=notes)
    find = partial(read_tasks, text=options.text)
    return json_records.read_documents(path, LabelStudioTask, build, find=find)


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one array of tasks that Label Studio can import; return the number of documents."""
    tasks = (_to_task(document, options, notes) for document in documents)
    return json_records.write_array(tasks, path)


def _to_document(
    task: LabelStudioTask, record: json_records.JsonRecord, options: ReadOptions, notes: Notes
) -> Document | None:
    blank = task.to_document(record)
    notes.add("drafts left out", record.place, len(task.drafts))
    annotation = _select(task, blank.id, record.place, options, notes)
    if annotation is None:
        return None
    parsed = label_studio_results.parse_results(
        annotation.result, blank.id, unlabelled=options.unlabelled
    )
    if parsed.problems:
        raise DataError(parsed.problems)
    draft = label_studio_results.to_draft(blank, parsed)
    document = Document(draft.id, draft.text, draft.entities, draft.relations, draft.meta)
    _add_notes(parsed, document, record.place, notes)
    return document


def _select(
    task: LabelStudioTask, id_: str, place: str, options: ReadOptions, notes: Notes
) -> TaskAnnotation | None:
    """Return the annotation or prediction that matches the options.

    Returns None, and counts the task, if no annotation or prediction matches. Raises `DataError` if
    several match.
    """
    items = task.annotations if options.layer == "annotations" else task.predictions
    full = [item for item in items if isinstance(item, TaskAnnotation)]
    if len(full) < len(items):
        what = f"the task contains only the ids of its {options.layer}, not their results"
        fix = 'Fetch complete tasks with client.tasks.list(project=…, fields="all")'
        raise DataError([Problem("only-numbers", what, fix, id_)])
    finished = [annotation for annotation in full if not annotation.was_cancelled]
    notes.add(f"cancelled {options.layer} left out", place, len(full) - len(finished))
    matching = [annotation for annotation in finished if annotation.is_by(options.annotator)]
    if len(matching) > 1:
        what = f"{len(matching)} {options.layer} of the task match the options; expected at most 1"
        fix = (
            "Choose one annotator or model with annotator=…, or delete all but one in Label Studio"
        )
        raise DataError([Problem("several-annotations", what, fix, id_)])
    notes.add(f"tasks without {options.layer} left out", place, not matching)
    return matching[0] if matching else None


def _add_notes(parsed: ParsedResults, document: Document, place: str, notes: Notes) -> None:
    for result in parsed.results:
        notes.add("region metadata left out", place, bool(result.meta))
    for region in parsed.regions:
        value = region.value
        notes.add("regions with several labels", place, len(value.labels) > 1)
        differs = value.text not in (None, document.text[value.start : value.end])
        notes.add("regions with a `text` that differs from the text", place, differs)
    for arc in parsed.arcs:
        is_two_way = arc.result.direction == "bi"
        notes.add("arcs in both directions read as two relations", place, is_two_way)
    without_region = parsed.field_values.keys() - {region.result.id for region in parsed.regions}
    ignored = len(parsed.others) + sum(len(parsed.field_values[id_]) for id_ in without_region)
    notes.add("results without a mention or relation left out", place, ignored)


def _to_task(document: Document, options: WriteOptions, notes: Notes) -> dict[str, Any]:
    _check_names(document, options)
    data = {"doc_id": document.id, "text": document.text, **document.meta}
    tags = InterfaceTags(options.from_name, options.to_name)
    results = label_studio_results.to_results(document, tags, notes)
    if options.layer == "predictions":
        prediction = {"model_version": options.model_version, "result": results}
        return {"data": data, "predictions": [prediction]}
    return {"data": data, "annotations": [{"result": results, "ground_truth": False}]}


def _check_names(document: Document, options: WriteOptions) -> None:
    """Raise `DataError` if an attribute or metadata key has a reserved name."""
    tags = {options.from_name, options.to_name, label_studio_results.REF_TAG}
    attributes = {name for entity in document.entities for name in entity.attributes}
    reserved = sorted(tags & attributes) + sorted(document.meta.keys() & set(_RESERVED_KEYS))
    if reserved:
        what = f"these attribute names or metadata keys are reserved: {', '.join(reserved)}"
        fix = "Rename these attributes or metadata keys"
        raise DataError([Problem("name-taken", what, fix, document.id)])
