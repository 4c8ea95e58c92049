"""The tasks and the labelling interface of an adjudication project.

A task first displays the marked document (see `aloi.annotation.compare.adjudication`). A table
beside the text lists each annotator's version of every disagreement. The annotators' versions are
also stored as predictions of the task. Texts for adjudicators are in French, like the annotation
guide.
"""

from __future__ import annotations

from html import escape
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from aloi.annotation.compare.adjudication import (
    MARK,
    AdjudicationCase,
    mark_id,
    merge_metadata,
)
from aloi.annotation.compare.disagreements import (
    MENTION,
    RELATION,
    PassDisagreement,
    format_values,
)
from aloi.annotation.labelstudio.labelling_interface import labelling_interface
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.server_protocol import Payload
from aloi.corpus.document import Document
from aloi.corpus.schema import Schema

MARKED_VERSION = "accord"
"""The model version of the prediction with the shared annotations and the marks."""

TABLE_KEY, VERSIONS_KEY = "differences", "versions_sha256"
"""Keys in a task's data: the table of disagreements, and the hash of all versions."""

CONTEXT_LENGTH = 30
"""The number of code points shown on either side of a disagreement."""

_TABLE_TAG = '<table style="line-height: 1.4; font-size: 13px">'

_SIDE_STYLE = "flex: 2; min-width: 0; position: sticky; top: 0; max-height: 80vh; overflow: auto"


def adjudication_task(case: AdjudicationCase, writer: LabelStudioTaskWriter) -> Payload:
    """Return the task for a case.

    Its predictions are the document with marked disagreements, and each annotator's version."""
    document = msgspec.structs.replace(case.first, meta=merge_metadata(case.versions))
    marked = writer.prediction(case.marked(), MARKED_VERSION)
    _add_remarks(marked["result"], region_remarks(case))
    versions = [writer.prediction(each, name) for name, each in case.versions.items()]
    task = writer.task(document, predictions=[marked, *versions])
    task["data"] |= {TABLE_KEY: disagreement_table(case), VERSIONS_KEY: case.versions_hash}
    return task


def without_task_keys(decided: Document) -> Document:
    """Return an adjudicator's decision without the metadata that `adjudication_task` added."""
    meta = {k: value for k, value in decided.meta.items() if k not in (TABLE_KEY, VERSIONS_KEY)}
    return msgspec.structs.replace(decided, meta=meta)


def _add_remarks(result: list[dict[str, Any]], remarks: dict[str, list[str]]) -> None:
    """Add remarks to regions; Label Studio displays the remarks of the selected region."""
    for each in result:
        if each["type"] == "labels" and each["id"] in remarks:
            each["meta"] = {"text": remarks[each["id"]]}


def region_remarks(case: AdjudicationCase) -> dict[str, list[str]]:
    """Return remarks that list the annotators' versions of a disagreement, by region id."""
    remarks: dict[str, list[str]] = {}
    for number, each in enumerate(case.disagreements, start=1):
        is_mention = each.aspect == MENTION
        ids = [mark_id(number)] if is_mention else case.shared_ends(each)[:1]
        versions = " ; ".join(f"{name} : {_version(each, name)}" for name in case.versions)
        for id_ in ids:
            remarks.setdefault(id_, []).append(f"n° {number} · {versions}")
    return remarks


def _version(each: PassDisagreement, name: str) -> str:
    return format_values(each.versions[name]) if name in each.versions else "(mention absente)"


def disagreement_table(case: AdjudicationCase) -> str:
    """Return the disagreements as an HTML table: number, passage, each annotator's version."""
    names = "".join(f"<th>{escape(name)}</th>" for name in case.versions)
    rows = "".join(
        f"<tr><td>{number}</td><td>{_passage(each, case.first.text)}</td>"
        + "".join(f"<td>{escape(_version(each, name))}</td>" for name in case.versions)
        + "</tr>"
        for number, each in enumerate(case.disagreements, start=1)
    )
    return f"{_TABLE_TAG}<tr><th>n°</th><th>passage</th>{names}</tr>{rows}</table>"


def _passage(each: PassDisagreement, text: str) -> str:
    """Return the marked words of a disagreement in HTML; a single span has its context."""
    if each.aspect == RELATION:
        return " … ".join(f"<b>{escape(surface)}</b>" for surface in each.surfaces)
    ((start, end),) = each.spans
    before = text[max(start - CONTEXT_LENGTH, 0) : start]
    after = text[end : end + CONTEXT_LENGTH]
    value = "" if each.aspect == MENTION else f" ({escape(each.aspect)})"
    return f"…{escape(before)}<b>{escape(text[start:end])}</b>{escape(after)}…{value}"


def adjudication_interface(schema: Schema, *, guide: str | None = None) -> str:
    """Return the labelling interface with the label «à trancher» and a table of disagreements."""
    view = ET.fromstring(labelling_interface(schema, guide=guide))
    mark = {"value": MARK, "background": "#ffd400"}
    for tag, child in (("Labels", "Label"), ("Relations", "Relation")):
        for parent in view.iter(tag):
            parent.append(ET.Element(child, mark))
    position = next(number for number, child in enumerate(view) if child.tag == "Text")
    columns = ET.Element("View", style="display: flex; gap: 16px; align-items: flex-start")
    left = ET.SubElement(columns, "View", style="flex: 3; min-width: 0")
    left.append(view[position])
    right = ET.SubElement(columns, "View", style=_SIDE_STYLE)
    ET.SubElement(right, "Header", value="Désaccords", size="4")
    ET.SubElement(right, "HyperText", name=TABLE_KEY, value=f"${TABLE_KEY}", inline="true")
    view[position] = columns
    return ET.tostring(view, encoding="unicode")
