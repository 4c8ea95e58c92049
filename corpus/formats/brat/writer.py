"""Write brat standoff: a `.txt` file and an `.ann` file per document."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aloi.corpus.atomic_files import atomic_folder
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.duplicate_ids import FileNames
from aloi.corpus.formats.brat.configuration import (
    BINARY_VALUE,
    CONFIGURATION_FILE,
    Configuration,
)
from aloi.corpus.formats.brat.standoff import (
    ALOI_NOTE,
    COMMENT_NOTE,
    DOCUMENT_TARGET,
    FRAGMENTS,
    LINE_ENDS,
    LOCAL_REF,
    Span,
    join_fragments,
    parse_fragments,
    split_at_line_ends,
)
from aloi.corpus.formats.shared.names import NameChecker
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError
from aloi.corpus.text_files import encode_utf8

WriteOptions = Options

_NO_SPACES = re.compile(r"\S+")
_MENTION_ID = re.compile(r"T[0-9]+")
_DATABASE_REF = re.compile(r"(?!local:)[^\s:]+:\S*")


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write a folder with two files per document and `annotation.conf`.

    A file `annotation.conf` that the folder already contains is kept. Returns the number of
    documents.
    """
    rule = "brat labels cannot contain white space"
    configuration = Configuration()
    count = 0
    with atomic_folder(path) as scratch:
        names = NameChecker(_NO_SPACES, rule, FileNames.of(path, ".ann", scratch=scratch))
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            name = names.check(document)
            if name and not names.bad_labels:
                try:
                    _write_pair(document, os.path.join(scratch, name), configuration)
                except DataError as error:
                    names.problems += error.problems
        names.raise_problems()
        if not (path / CONFIGURATION_FILE).exists():
            unlisted = configuration.unlisted()
            notes.add(f"names left out of {CONFIGURATION_FILE}", f"{unlisted[:1]}", len(unlisted))
            (scratch / CONFIGURATION_FILE).write_bytes(configuration.render().encode())
    return count


def _write_pair(document: Document, stem: str, configuration: Configuration) -> None:
    os.makedirs(os.path.dirname(stem), exist_ok=True)
    annotations = format_annotations(document, configuration)
    for suffix, content in (("txt", document.text), ("ann", annotations)):
        with open(f"{stem}.{suffix}", "wb") as stream:
            stream.write(encode_utf8(content, document.id))


def format_annotations(document: Document, configuration: Configuration) -> str:
    """Return the content of the `.ann` file of a document; labels must not contain white space.

    The types of the document are added to `configuration`.
    """
    configuration.add(document)
    writer = _AnnotationWriter(document, configuration)
    for entity in document.entities:
        writer.add_mention(entity)
    for entity in document.entities:
        writer.add_mention_extras(entity)
    for relation in document.relations:
        writer.add_relation(relation)
    writer.add_document_note(document)
    return "".join(writer.lines)


def _brat_ids(document: Document) -> dict[str, str]:
    """Return a map from mention ids to brat ids.

    An id that consists of `T` and a number stays the same. All other mentions get a new id.
    """
    kept = {entity.id for entity in document.entities if _MENTION_ID.fullmatch(entity.id)}
    free = (name for number in itertools.count(1) if (name := f"T{number}") not in kept)
    return {e.id: e.id if e.id in kept else next(free) for e in document.entities}


def _fragments(text: str, entity: Entity) -> list[Span]:
    """Return the fragments of a mention: its lines, without line ends.

    The attribute `fragments` of a discontinuous mention is used if the reader would read the same
    value again. A mention that contains only line ends has one empty fragment.
    """
    span = (entity.start, entity.end)
    discontinuous = parse_fragments(entity.attributes.get(FRAGMENTS, ""), span)
    for parts in filter(None, (discontinuous, [span])):
        fragments = [piece for part in parts for piece in split_at_line_ends(text, part)]
        if parts == [span] or join_fragments(text, fragments) == parts:
            break
    return fragments or [(entity.start, entity.start)]


class _AnnotationWriter:
    """The lines of an `.ann` file; the lines of each type except `T` are numbered from 1."""

    def __init__(self, document: Document, configuration: Configuration) -> None:
        self.lines: list[str] = []
        self._text = document.text
        self._configuration = configuration
        self._ids = _brat_ids(document)
        self._fragments = {e.id: _fragments(document.text, e) for e in document.entities}
        self._counts = Counter[str]()

    def _add_line(self, type_: str, content: str) -> str:
        """Add a line with the next free id of the line type; return this id."""
        self._counts[type_] += 1
        id_ = f"{type_}{self._counts[type_]}"
        self.lines.append(f"{id_}\t{content}\n")
        return id_

    def add_mention(self, entity: Entity) -> None:
        """Add the `T` line of a mention."""
        fragments = ";".join(f"{start} {end}" for start, end in self._fragments[entity.id])
        content = f"{entity.label} {fragments}\t{self._surface(entity)}"
        self.lines.append(f"{self._ids[entity.id]}\t{content}\n")

    def _surface(self, entity: Entity) -> str:
        return " ".join(self._text[start:end] for start, end in self._fragments[entity.id])

    def add_mention_extras(self, entity: Entity) -> None:
        """Add the lines for the ref, attributes, score and span of a mention."""
        id_, ref = self._ids[entity.id], entity.ref
        if ref is not None:
            ref = ref if _DATABASE_REF.fullmatch(ref) else LOCAL_REF + quote(ref, safe="")
            self._add_line("N", f"Reference {id_} {ref}\t{self._surface(entity)}")
        attributes, span = dict(entity.attributes), (entity.start, entity.end)
        joined = join_fragments(self._text, self._fragments[entity.id])
        if len(joined) > 1:
            del attributes[FRAGMENTS]
        unwritten = self._add_attributes(id_, attributes, of_relation=False)
        exact = (joined[0][0], joined[-1][1]) == span
        extras = {"score": entity.score, "attributes": unwritten or None}
        self._add_aloi_note(id_, {"span": None if exact else span, **extras})

    def add_relation(self, relation: Relation) -> None:
        """Add the lines for a relation and for its id, attributes and score."""
        ends = f"Arg1:{self._ids[relation.head]} Arg2:{self._ids[relation.tail]}"
        id_ = self._add_line("R", f"{relation.label} {ends}")
        unwritten = self._add_attributes(id_, relation.attributes, of_relation=True)
        extras = {"id": relation.id, "score": relation.score, "attributes": unwritten or None}
        self._add_aloi_note(id_, extras)

    def _add_attributes(
        self, id_: str, attributes: dict[str, str], *, of_relation: bool
    ) -> dict[str, str]:
        """Add a line for each attribute that brat can represent; return all other attributes."""
        unwritten = {}
        for name, value in attributes.items():
            if name == COMMENT_NOTE and not LINE_ENDS.search(value):
                self._add_line("#", f"{COMMENT_NOTE} {id_}\t{value}")
            elif (
                name != COMMENT_NOTE and _NO_SPACES.fullmatch(name) and _NO_SPACES.fullmatch(value)
            ):
                self._add_line("A", f"{name} {id_}" + (f" {value}") * (value != BINARY_VALUE))
                self._configuration.add_attribute(name, value, of_relation=of_relation)
            else:
                unwritten[name] = value
        return unwritten

    def add_document_note(self, document: Document) -> None:
        """Add a note with the document id, the metadata and the renamed mention ids.

        Adds nothing if the document has no metadata and no mention was renamed.
        """
        renamed = {brat_id: id_ for id_, brat_id in self._ids.items() if brat_id != id_}
        if document.meta or renamed:
            meta, mentions = document.meta or None, renamed or None
            content = {"id": document.id, "meta": meta, "mentions": mentions}
            self._add_aloi_note(DOCUMENT_TARGET, content)

    def _add_aloi_note(self, target: str, content: dict[str, Any]) -> None:
        """Add an `Aloi` note with all values except None; if all values are None, add nothing."""
        # ASCII only: some programs treat U+2028 and similar characters as line ends.
        values = {key: value for key, value in content.items() if value is not None}
        if values:
            self._add_line("#", f"{ALOI_NOTE} {target}\t{json.dumps(values)}")
