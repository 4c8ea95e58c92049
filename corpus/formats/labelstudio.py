"""Label Studio: tasks with their annotations or predictions, as exported and as imported.

Source: https://labelstud.io/guide/export and /guide/task_format, and Label Studio 1.23 itself. A
file is an array of tasks `{"id", "data": {"doc_id", "text", …}, "annotations": [{"result": […],
"completed_by": 3}], "predictions": […]}`. A result is a region `{"id", "type": "labels", "value":
{"start", "end", "labels": ["PER"]}}`, text or a choice given to a region (the same id, type
`textarea` or `choices`, named by `from_name`), or an arc `{"type": "relation", "from_id", "to_id",
"direction", "labels"}`. Offsets are code points.

`data.doc_id` is the document's id, else the task's number; the rest of `data` is its metadata. The
text given to a region under the name `ref` is its ref, other names are attributes. An arc has no
attributes in Label Studio: ours are further labels `key=value`, where a label or a key has %25 for
% and %3D for =.

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

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import json_records
from aloi.corpus.formats.fitting import Holds
from aloi.corpus.formats.notes import Notes
from aloi.corpus.formats.options import Options
from aloi.corpus.problems import DataError, Problem

HOLDS = Holds(relation_ids=False, relation_scores=False)

Layer = Literal["annotations", "predictions"]
"""Whose work on a task: people's, or a model's."""

_REF = "ref"
_OWN_DATA = ("doc_id", "text")


class Reading(Options, frozen=True):
    """Which work of a task is read; `unlabelled`: the label of what was drawn without one."""

    layer: Layer = "annotations"
    annotator: str | None = None
    unlabelled: str | None = None


class Writing(Options, frozen=True):
    """As what the work is written, and the names of the tags it belongs to."""

    layer: Layer = "annotations"
    from_name: str = "label"
    to_name: str = "text"
    model_version: str = "aloi"


class _Data(msgspec.Struct, frozen=True):
    text: str
    doc_id: str | int | None = None


class _User(msgspec.Struct, frozen=True):
    id: int | None = None
    email: str | None = None


class _Result(msgspec.Struct, frozen=True):
    type: str
    id: str = ""
    from_name: str = ""
    value: msgspec.Raw = msgspec.Raw(b"{}")
    score: float | None = None
    from_id: str = ""
    to_id: str = ""
    direction: Literal["right", "left", "bi"] = "right"
    labels: list[str] | None = None
    meta: dict[str, Any] | None = None


class _Region(msgspec.Struct, frozen=True):
    start: int
    end: int
    labels: list[str] = []
    text: str | None = None


class _Given(msgspec.Struct, frozen=True):
    text: str | list[str] = []
    choices: list[str] = []

    @property
    def value(self) -> str:
        lines = [self.text] if isinstance(self.text, str) else self.text
        return "\n".join([*lines, *self.choices])


class _Work(msgspec.Struct, frozen=True):
    result: list[_Result]
    completed_by: _User | int | str | None = None
    model_version: str | int | float | None = None
    was_cancelled: bool | None = None

    def is_by(self, name: str | None) -> bool:
        """Whether it is the work of the annotator or model named; anyone's where none is."""
        by = self.completed_by
        names = (by.id, by.email) if isinstance(by, _User) else (by,)
        return name is None or name in map(str, (*names, self.model_version))


class _Task(msgspec.Struct, frozen=True):
    data: msgspec.Raw
    id: int | str | None = None
    annotations: list[_Work | int] = []
    predictions: list[_Work | int] = []
    drafts: list[Any] = []


def read(path: Path, options: Reading, notes: Notes) -> Iterator[Document]:
    """The tasks of a file, or of the `.json` files below a folder, as documents."""
    return json_records.read_documents(
        path, _Task, partial(_document, options=options, notes=notes)
    )


def write(documents: Iterable[Document], path: Path, options: Writing, notes: Notes) -> int:
    """Write one array of tasks that Label Studio imports."""
    return json_records.write_array((_task(each, options, notes) for each in documents), path)


def _document(
    task: _Task, record: json_records.Record, options: Reading, notes: Notes
) -> Document | None:
    data = json_records.decode(bytes(task.data), _Data)
    id_ = record.name(data.doc_id, task.id)
    notes.add("drafts left out", record.place, len(task.drafts))
    work = _chosen(task, id_, record.place, options, notes)
    if work is None:
        return None
    problems: list[Problem] = []
    entities = tuple(_entities(work, options.unlabelled, id_, problems))
    relations = tuple(_relations(work, options.unlabelled, id_, problems))
    if problems:
        raise DataError(problems)
    meta = json_records.decode(bytes(task.data), dict[str, Any])
    meta = {key: value for key, value in meta.items() if key not in _OWN_DATA}
    document = Document(id_, data.text, entities, relations, meta)
    _note(work, document, record.place, notes)
    return document


def _chosen(task: _Task, id_: str, place: str, options: Reading, notes: Notes) -> _Work | None:
    """The one piece of work to read; None, which is noted, where there is none."""
    works = task.annotations if options.layer == "annotations" else task.predictions
    whole = [work for work in works if isinstance(work, _Work)]
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


def _entities(
    work: _Work, unlabelled: str | None, id_: str, problems: list[Problem]
) -> Iterator[Entity]:
    given = _given(work)
    for result in work.result:
        if result.type != "labels":
            continue
        region = json_records.decode(bytes(result.value), _Region)
        attributes = dict(given.get(result.id, {}))
        ref = attributes.pop(_REF, None)
        for number, label in enumerate(region.labels or [unlabelled], start=1):
            if label is None:
                problems.append(_unlabelled(id_, result.id))
                continue
            name = result.id if number == 1 else f"{result.id}-{number}"
            yield Entity(name, region.start, region.end, label, ref, attributes, result.score)


def _given(work: _Work) -> dict[str, dict[str, str]]:
    """What texts and choices give each region: region id → name → value."""
    given: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for result in work.result:
        if result.type in ("textarea", "choices"):
            value = json_records.decode(bytes(result.value), _Given).value
            given[result.id][result.from_name] = value
    return given


def _relations(
    work: _Work, unlabelled: str | None, id_: str, problems: list[Problem]
) -> Iterator[Relation]:
    for result in work.result:
        if result.type != "relation":
            continue
        labels, attributes = _arc(result.labels or [])
        if not labels and unlabelled is None:
            problems.append(_unlabelled(id_, f"arc {result.from_id} {result.to_id}"))
            continue
        for label in labels or [unlabelled or ""]:
            if result.direction != "left":
                yield Relation(result.from_id, result.to_id, label, attributes=attributes)
            if result.direction != "right":
                yield Relation(result.to_id, result.from_id, label, attributes=attributes)


def _arc(written: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """The labels of an arc, and the attributes among them."""
    parts = [label.partition("=") for label in written]
    labels = [_unescaped(name) for name, sign, _ in parts if not sign]
    return labels, {_unescaped(name): value for name, sign, value in parts if sign}


def _unlabelled(id_: str, item: str) -> Problem:
    fix = "Label it in Label Studio, or read with unlabelled=LABEL"
    return Problem("no-label", "drawn without a label", fix, id_, item)


def _note(work: _Work, document: Document, place: str, notes: Notes) -> None:
    regions = {r.id: r for r in work.result if r.type == "labels"}
    for result in work.result:
        notes.add("remarks on regions left out", place, bool(result.meta))
        if result.type == "labels":
            region = json_records.decode(bytes(result.value), _Region)
            notes.add("regions of several labels", place, len(region.labels) > 1)
            differs = region.text not in (None, document.text[region.start : region.end])
            notes.add("regions whose `text` differs from the text", place, differs)
        elif result.type == "relation":
            notes.add("arcs both ways read as two relations", place, result.direction == "bi")
        else:
            known = result.type in ("textarea", "choices") and result.id in regions
            notes.add("results that are no mention left out", place, not known)


def _task(document: Document, options: Writing, notes: Notes) -> dict[str, Any]:
    _check_names(document, options)
    data = {"doc_id": document.id, "text": document.text, **document.meta}
    result = [*_regions(document, options), *_arcs(document, notes)]
    if options.layer == "predictions":
        return {"data": data, "predictions": [_predicted(result, options)]}
    return {"data": data, "annotations": [{"result": result, "ground_truth": False}]}


def _predicted(result: list[dict[str, Any]], options: Writing) -> dict[str, Any]:
    return {"model_version": options.model_version, "result": result}


def _check_names(document: Document, options: Writing) -> None:
    """Raise `DataError` for names that a task has other uses for."""
    tags = {options.from_name, options.to_name, _REF}
    attributes = {name for entity in document.entities for name in entity.attributes}
    taken = sorted(tags & attributes) + sorted(document.meta.keys() & set(_OWN_DATA))
    if taken:
        what = f"Label Studio's tasks use the name {' and '.join(taken)} otherwise"
        fix = "Rename the attribute or the key of the metadata"
        raise DataError([Problem("name-taken", what, fix, document.id)])


def _regions(document: Document, options: Writing) -> Iterator[dict[str, Any]]:
    for entity in document.entities:
        span = {"start": entity.start, "end": entity.end}
        common = {"id": entity.id, "to_name": options.to_name}
        score = {} if entity.score is None else {"score": entity.score}
        value = {**span, "text": document.surface(entity), "labels": [entity.label]}
        yield {**common, "from_name": options.from_name, "type": "labels", "value": value, **score}
        ref = {} if entity.ref is None else {_REF: entity.ref}
        for name, text in {**ref, **entity.attributes}.items():
            value = {**span, "text": [text]}
            yield {**common, "from_name": name, "type": "textarea", "value": value}


def _arcs(document: Document, notes: Notes) -> Iterator[dict[str, Any]]:
    """The relations as arcs, one from one region to another as far as can be.

    Those that differ by label alone share an arc; a second arc between the same two is drawn from
    tail to head and points to the left.
    """
    labels: defaultdict[tuple[str, str, tuple[tuple[str, str], ...]], list[str]] = defaultdict(list)
    for relation in document.relations:
        attributes = tuple(sorted(relation.attributes.items()))
        labels[relation.head, relation.tail, attributes].append(relation.label)
    wanted = {(head, tail) for head, tail, _ in labels}
    drawn: set[tuple[str, str]] = set()
    for (head, tail, attributes), borne in labels.items():
        turned = (head, tail) in drawn and (tail, head) not in wanted | drawn
        ends = (tail, head) if turned else (head, tail)
        lost = len(borne) if ends in drawn else 0
        notes.add("relations that its page will drop when saved", f"document {document.id}", lost)
        drawn.add(ends)
        yield {
            "type": "relation",
            "from_id": ends[0],
            "to_id": ends[1],
            "direction": "left" if turned else "right",
            "labels": [
                *map(_escaped, borne),
                *(f"{_escaped(name)}={value}" for name, value in attributes),
            ],
        }


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace("=", "%3D")


def _unescaped(name: str) -> str:
    return name.replace("%3D", "=").replace("%25", "%")
