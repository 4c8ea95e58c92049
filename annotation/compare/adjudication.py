"""Annotators' passes made into gold: what they agree on as it is, the rest as somebody decides.

The documents that annotators differ on go to a project of their own. A task there opens with what
all agree on, and each disagreement marked in it: a stretch, an arc or a ref «à trancher», with a
list beside the text that says who has what. Every annotator's version is there too, as a prediction
under the annotator's name. The adjudicator relabels, completes or deletes what is marked, and
submits; a document with a mark left is not decided yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from aloi.annotation.compare.disagreements import (
    MENTION,
    RELATION,
    Difference,
    common,
    content,
    differences,
    told,
    written,
)
from aloi.annotation.compare.passes import Passes, by_document
from aloi.annotation.labelstudio.interface import labelling_interface
from aloi.annotation.labelstudio.tasks import PULLED, Sender
from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.files import write_bytes
from aloi.corpus.formats.shared.label_studio_results import REF
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema, schema_problems

MARK = "à trancher"
"""The label of what is to be decided."""

UNANIMOUS = "agreement"
"""Who decided where the annotators agree on everything."""

AGREED = "accord"
"""The version of the prediction that a task opens with."""

LISTED, BASIS = "differences", "versions_sha256"
"""Keys of a task's data: the list shown beside the text, and what it was made of."""

OWN = (LISTED, BASIS, "annotator")

AROUND = 30
"""Code points shown on either side of a disagreement."""


@dataclass(frozen=True)
class Case:
    """A document's versions by annotator, two or more."""

    versions: dict[str, Document]
    schema: Schema

    @property
    def first(self) -> Document:
        """The first annotator's version, whose ids gold keeps."""
        return next(iter(self.versions.values()))

    @cached_property
    def differences(self) -> list[Difference]:
        """All that the annotators differ on, in text order."""
        found = differences(self.versions, self.schema)
        return sorted(found, key=lambda each: (each.spans[0], each.what != MENTION))

    @property
    def basis(self) -> str:
        """A hash of the versions: another one where an annotator changed something."""
        encoder = msgspec.json.Encoder(order="sorted")
        versions = {
            name: msgspec.structs.replace(each, meta={}) for name, each in self.versions.items()
        }
        return hashlib.sha256(encoder.encode(versions)).hexdigest()

    @cached_property
    def agreed(self) -> Document:
        """What all of them have."""
        contents = [content(version, self.schema) for version in self.versions.values()]
        return written(common(contents), self.versions.values())

    def marked(self) -> Document:
        """What all agree on, and marks where they differ: mentions, arcs and refs.

        What stands on a mention that not all have bears no mark: that of the mention comes first.
        """
        entities = {each.id: each for each in self.agreed.entities}
        relations = list(self.agreed.relations)
        for number, each in enumerate(self.differences, start=1):
            ends = self._ends(each)
            if each.what == MENTION:
                name = _mark(number)
                entities[name] = Entity(name, *each.spans[0], MARK)
            elif each.what == RELATION and ends:
                relations.append(self._marked_arc(*ends))
            elif each.what == REF and ends:
                entities[ends[0]] = msgspec.structs.replace(entities[ends[0]], ref=MARK)
        return msgspec.structs.replace(
            self.agreed, entities=tuple(entities.values()), relations=tuple(relations)
        )

    def _ends(self, each: Difference) -> list[str]:
        """The ids of the mentions that a value or arc stands on; none unless all have them."""
        if each.what == MENTION or len(each.held) < len(self.versions):
            return []
        ids = {(entity.start, entity.end): entity.id for entity in self.agreed.entities}
        return [ids[span] for span in each.spans]

    def _marked_arc(self, head: str, tail: str) -> Relation:
        """A mark between two mentions, on the arc that is there already if one is.

        Label Studio's page keeps one arc between two regions.
        """
        for relation in self.agreed.relations:
            if {relation.head, relation.tail} == {head, tail}:
                return msgspec.structs.replace(relation, label=MARK, id=None)
        return Relation(head, tail, MARK)

    def remarks(self) -> dict[str, list[str]]:
        """What each marked region shows of itself when it is selected, by its id."""
        found: dict[str, list[str]] = {}
        for number, each in enumerate(self.differences, start=1):
            named = [_mark(number)] if each.what == MENTION else self._ends(each)[:1]
            for name in named:
                found.setdefault(name, []).append(f"n° {number} · {self._choices(each)}")
        return found

    def _choices(self, each: Difference) -> str:
        return " ; ".join(f"{name} : {_held(each, name)}" for name in self.versions)

    def listed(self) -> str:
        """The differences as a table in HTML, in French: number, passage, each annotator's."""
        names = "".join(f"<th>{escape(name)}</th>" for name in self.versions)
        rows = "".join(
            f"<tr><td>{number}</td><td>{self._passage(each)}</td>"
            + "".join(f"<td>{escape(_held(each, name))}</td>" for name in self.versions)
            + "</tr>"
            for number, each in enumerate(self.differences, start=1)
        )
        return f"{_TABLE}<tr><th>n°</th><th>passage</th>{names}</tr>{rows}</table>"

    def _passage(self, each: Difference) -> str:
        """Where a difference stands, in its context."""
        if each.what == RELATION:
            return " … ".join(f"<b>{escape(surface)}</b>" for surface in each.surfaces)
        (start, end), text = each.spans[0], self.first.text
        before, after = text[max(start - AROUND, 0) : start], text[end : end + AROUND]
        value = "" if each.what == MENTION else f" ({escape(each.what)})"
        return f"…{escape(before)}<b>{escape(text[start:end])}</b>{escape(after)}…{value}"

    def task(self, sender: Sender) -> dict[str, Any]:
        """The task to decide on: opened with the marks, every version beside."""
        task = sender.task(msgspec.structs.replace(self.first, meta=shared_meta(self.versions)))
        task["data"] |= {LISTED: self.listed(), BASIS: self.basis}
        marked = sender.prediction(self.marked(), AGREED)
        remarks = self.remarks()
        for result in marked["result"]:
            if result["type"] == "labels" and result["id"] in remarks:
                result["meta"] = {"text": remarks[result["id"]]}
        versions = [sender.prediction(each, name) for name, each in self.versions.items()]
        task["predictions"] = [marked, *versions]
        return task

    def gold(self, decided: Document, people: Mapping[str, str]) -> Document:
        """What was decided, under the ids of the first annotator who has each mention.

        `people`: names of Label Studio's users, by number, to say who decided. Raises `DataError`
        with every mark that is left and all that the schema does not allow.
        """
        problems = list(_undecided(decided)) or list(schema_problems(decided, self.schema))
        if problems:
            raise DataError(problems)
        done = decided.meta[PULLED]
        meta = {key: value for key, value in decided.meta.items() if key not in {*OWN, PULLED}}
        who = str(done["completed_by"])
        meta |= {"adjudicated_by": people.get(who, who), "adjudicated_at": done["updated_at"]}
        said = content(decided, self.schema)
        document = written(said, [*self.versions.values(), decided])
        return msgspec.structs.replace(document, meta=meta)


_TABLE = '<table style="line-height: 1.4; font-size: 13px">'


def _mark(number: int) -> str:
    return f"mark-{number}"


def _held(each: Difference, name: str) -> str:
    return told(each.held[name]) if name in each.held else "(mention absente)"


def cases(passes: Passes, schema: Schema) -> tuple[list[Case], list[str]]:
    """The documents that two or more annotators have, and the ids of those that one alone has."""
    versions = by_document(passes)
    found = [Case(each, schema) for each in versions.values() if len(each) > 1]
    return found, [id_ for id_, each in versions.items() if len(each) == 1]


def _undecided(decided: Document) -> Iterator[Problem]:
    """The marks that are left."""
    fix = f"Relabel, complete or delete what is marked «{MARK}» in Label Studio, and update"
    for entity in decided.entities:
        if MARK in (entity.label, entity.ref):
            what = f"«{decided.surface(entity)}» is not decided"
            yield Problem("undecided", what, fix, decided.id, entity.id)
    for relation in decided.relations:
        if relation.label == MARK:
            yield Problem("undecided", "an arc is not decided", fix, decided.id, str(relation))


def shared_meta(versions: Mapping[str, Document]) -> dict[str, Any]:
    """The first version's metadata, with all annotators and the guide's version they worked by."""
    first = next(iter(versions.values())).meta
    meta = {key: value for key, value in first.items() if key not in ("annotator", PULLED)}
    guides = {each.meta.get("guideline_version") for each in versions.values()} - {None}
    if guides:
        meta["guideline_version"] = ", ".join(sorted(map(str, guides)))
    return meta | {"annotators": list(versions)}


def settled(document: Document, versions: Mapping[str, Document], *, by: str) -> Document:
    """Gold that nobody had to decide on; `by` says how. Its date is that of the last version."""
    meta = shared_meta(versions) | {"adjudicated_by": by}
    pulled = [each.meta[PULLED] for each in versions.values() if PULLED in each.meta]
    if dates := [each["updated_at"] for each in pulled if each.get("updated_at")]:
        meta["adjudicated_at"] = max(dates)
    return msgspec.structs.replace(document, meta=meta)


def write_gold(document: Document, corpus: Corpus, out: Path | None) -> bool:
    """Write gold into `out`, else where the corpus has it; whether that changed the file."""
    kind = "restricted" if document.id in corpus.manifest.restricted else "gold"
    path = (out or corpus.folder / kind) / document_files.file_name(document)
    encoded = document_files.pretty_json(document).encode()
    if path.is_file() and path.read_bytes() == encoded:
        return False
    write_bytes(path, encoded)
    return True


def adjudication_interface(schema: Schema, *, guide: str | None = None) -> str:
    """The labelling interface with the label for marks, and the list beside the text."""
    view = ET.fromstring(labelling_interface(schema, guide=guide))
    look = {"value": MARK, "background": "#ffd400"}
    for tag, child in (("Labels", "Label"), ("Relations", "Relation")):
        for parent in view.iter(tag):
            parent.append(ET.Element(child, look))
    place = next(number for number, child in enumerate(view) if child.tag == "Text")
    beside = ET.Element("View", style="display: flex; gap: 16px; align-items: flex-start")
    left = ET.SubElement(beside, "View", style="flex: 3; min-width: 0")
    left.append(view[place])
    right = ET.SubElement(beside, "View", style=_BESIDE)
    ET.SubElement(right, "Header", value="Désaccords", size="4")
    ET.SubElement(right, "HyperText", name=LISTED, value=f"${LISTED}", inline="true")
    view[place] = beside
    return ET.tostring(view, encoding="unicode")


_BESIDE = "flex: 2; min-width: 0; position: sticky; top: 0; max-height: 80vh; overflow: auto"
