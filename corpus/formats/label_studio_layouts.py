"""Other layouts of Label Studio's tasks, and tasks whose text has another key than `text`.

- JSON_MIN, an export option: `{"id", KEY: text, "label": [{"start", "end", "labels"}], "annotator",
  "annotation_id", "lead_time", …}`. The lists of regions have the names of their Labels tags.
- Before version 1.0, the annotations of a task were its `completions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.formats.shared.json_records import JsonRecord, decode_json, read_records
from aloi.corpus.problems import DataError, Problem

_TEXT = "text"
_ANNOTATION_KEYS = {
    "annotation_id": "id",
    "annotator": "completed_by",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "lead_time": "lead_time",
}
"""The keys of JSON_MIN that describe the annotation, and their names in a task."""

_MIN_KEYS = frozenset(("annotation_id", "annotator"))
"""The keys that every record of JSON_MIN has."""

_IDS = frozenset(("doc_id",))
"""The keys of `data` that are no text."""


def read_tasks(path: Path, *, text: str) -> Iterator[JsonRecord | Problem]:
    """Yield the tasks of a file or folder in the present layout, with the text in `data.text`.

    `text` is the key of the text; if it is empty, the key is `text`, or the only key of `data` with
    a string.
    """
    for record in read_records(path):
        if isinstance(record, Problem):
            yield record
            continue
        try:
            yield _to_present_layout(record, text)
        except DataError as error:
            for problem in error.problems:
                yield problem.at(file=str(record.file), line=record.line)


def _to_present_layout(record: JsonRecord, text: str) -> JsonRecord:
    task = decode_json(record.raw, dict[str, msgspec.Raw])
    if "data" not in task and task.keys() & _MIN_KEYS:
        task = _from_json_min(task)
    if "completions" in task:
        task.setdefault("annotations", task.pop("completions"))
    if "data" in task:
        task["data"] = _with_text(task["data"], text)
    return replace(record, raw=msgspec.json.encode(task))


def _from_json_min(record: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Return the task of a record in JSON_MIN."""
    annotation = {_ANNOTATION_KEYS[key]: record[key] for key in record.keys() & _ANNOTATION_KEYS}
    data: dict[str, msgspec.Raw] = {}
    results: list[dict[str, Any]] = []
    for key, raw in record.items():
        values = msgspec.json.decode(raw)
        if _is_list_of_regions(values):
            for value in values:
                id_ = f"{key}-{len(results) + 1}"
                results.append({"id": id_, "type": "labels", "from_name": key, "value": value})
        elif key != "id" and key not in _ANNOTATION_KEYS:
            data[key] = raw
    task = {"data": data, "annotations": [{"result": results, **annotation}]}
    encoded = {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in task.items()}
    return encoded | {key: record[key] for key in ("id",) if key in record}


def _is_list_of_regions(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and item.keys() >= {"start", "end", "labels"} for item in value
    )


def _with_text(raw: msgspec.Raw, key: str) -> msgspec.Raw:
    """Return the data of a task with the text in `text`; a former `text` gets the other key."""
    data = decode_json(bytes(raw), dict[str, Any])
    strings = [name for name, value in data.items() if isinstance(value, str)]
    if not key and _TEXT not in data:
        others = [name for name in strings if name not in _IDS]
        key = others[0] if len(others) == 1 else ""
    key = key or _TEXT
    if key not in strings:
        what = f"the task has no text under the key {key!r}"
        fix = f"Set the option text= to the key of the text: {', '.join(strings) or 'none found'}"
        raise DataError([Problem("no-text", what, fix)])
    if key == _TEXT:
        return raw
    text = data.pop(key)
    if _TEXT in data:
        data[key] = data[_TEXT]
    return msgspec.Raw(msgspec.json.encode(data | {_TEXT: text}))
