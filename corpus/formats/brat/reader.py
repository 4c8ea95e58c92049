"""Read brat standoff: pairs of a `.txt` file and an `.ann` file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar
from urllib.parse import unquote

import msgspec

from aloi.corpus.document import Document, Entity, InvalidDocumentError, Relation
from aloi.corpus.document_files import decode_id
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats.brat.standoff import (
    ALOI_NOTE,
    COMMENT_NOTE,
    DOCUMENT_TARGET,
    FRAGMENTS,
    LOCAL_REF,
    DocumentNote,
    ItemNote,
    Span,
    example_line,
    format_fragments,
    join_fragments,
    match_line,
)
from aloi.corpus.formats.shared.file_report import FileReport
from aloi.corpus.formats.shared.files import no_files, walk_folder
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import read_text

NoteT = TypeVar("NoteT", ItemNote, DocumentNote)


class ReadOptions(Options, frozen=True):
    """Read options: the treatment of discontinuous mentions."""

    fragments: Literal["whole", "first", "error"] = "whole"


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a folder, or the document of a `.txt` or `.ann` file."""
    problems: list[Problem] = []
    ids = DocumentIds()
    fix = f"Change the id in the note `{ALOI_NOTE} {DOCUMENT_TARGET}` of one of the files"
    for pair in _find_pairs(path, notes):
        file = f"{pair.stem}.ann"
        try:
            if not pair.has_text:
                raise DataError([_missing_text(file)])
            text, annotations = _read_file(f"{pair.stem}.txt"), _read_file(file)
            document = parse_standoff(pair.id, text, annotations, options, notes, file=file)
        except DataError as error:
            problems += error.problems
            continue
        duplicates = ids.add(
            document.id, file, fix=fix
        )  # paths are unique, so a duplicate id comes from a note
        problems += [problem.at(file=file) for problem in duplicates]
        if not duplicates:
            yield document
    if problems:
        raise DataError(problems)


class _FilePair(NamedTuple):
    """The `.txt` file and the `.ann` file of a document.

    `id` is the document id. `stem` is the path of the files without suffix. `has_text` is True if
    the `.txt` file exists.
    """

    id: str
    stem: str
    has_text: bool = True


def _find_pairs(path: Path, notes: Notes) -> Iterator[_FilePair]:
    """Yield the file pairs of a folder, or the pair of a `.txt` or `.ann` file.

    Counts the `.txt` files of the folder that have no `.ann` file.
    """
    if not path.is_dir():
        yield _FilePair(decode_id(path.stem), str(path.with_suffix("")))
        return
    found = False
    for folder in walk_folder(path):
        names = set(folder.names)
        for name in folder.names:
            stem, suffix = os.path.splitext(name)
            if suffix == ".txt" and f"{stem}.ann" not in names:
                notes.add(".txt files without .ann left out", os.path.join(folder.path, name))
            elif suffix == ".ann":
                found = True
                has_text = f"{stem}.txt" in names
                id_ = decode_id(folder.prefix + stem)
                yield _FilePair(id_, os.path.join(folder.path, stem), has_text)
    if not found:
        raise DataError([no_files(path, [".ann"])])


def _missing_text(file: str) -> Problem:
    what = "the .txt file is missing"
    fix = "Add the .txt file to the folder of the .ann file, or remove the .ann file"
    return Problem("text-missing", what, fix, file=file)


def _read_file(file: str) -> str:
    try:
        return read_text(Path(file), keep_bom=True)
    except OSError as error:
        what = f"cannot read the file: {error.strerror}"
        fix = "Put the .txt and the .ann file into the same folder"
        raise DataError([Problem("text-missing", what, fix, file=file)]) from error


def parse_standoff(
    id_: str, text: str, annotations: str, options: ReadOptions, notes: Notes, *, file: str
) -> Document:
    """Return the document for a text and its annotations (the content of the `.ann` file).

    Raises `DataError` with all problems of the file.
    """
    reader = _AnnotationReader(text, options, FileReport("bad-brat", file, notes))
    reader.read_lines(annotations.removeprefix("\ufeff").split("\n"))
    return reader.document(id_)


class _Mention(NamedTuple):
    """The fragments of a mention, as written in the file, and its label."""

    fragments: list[Span]
    label: str


class _Arc(NamedTuple):
    """A relation between two mentions, with the id of its `R` or `E` line."""

    id: str
    head: str
    tail: str
    label: str


class _AnnotationReader:
    """A parser for one `.ann` file that stores the annotations by line id."""

    def __init__(self, text: str, options: ReadOptions, report: FileReport) -> None:
        self._text = text
        self._options = options
        self._report = report
        self._line_of: dict[str, int] = {}
        self._mentions: dict[str, _Mention] = {}
        self._triggers: dict[str, str] = {}
        self._arcs: list[_Arc] = []
        self._refs: dict[str, str] = {}
        self._attributes: dict[str, dict[str, str]] = {}
        self._item_notes: dict[str, ItemNote] = {}
        self._document_note = DocumentNote()

    def read_lines(self, lines: list[str]) -> None:
        """Read mentions first, then lines that refer to mentions, then `Equiv` lines and notes."""
        references = []
        for number, line in enumerate(lines, start=1):
            if not line or (match := self._match(number, line.removesuffix("\r"))) is None:
                continue
            if line[0] == "T":
                self._add_mention(number, *match.groups())
                continue
            references.append((number, line[0], match.groups()))
            if line[0] == "E":
                self._triggers[match[1]] = match[3]
        for types in ("ERAMN", "*#"):  # Equiv needs all refs; Aloi notes need all relations
            for number, type_, parts in references:
                if type_ in types:
                    self._add(number, type_, parts)

    def _match(self, number: int, line: str) -> re.Match[str] | None:
        """Return the parts of a line, or None after reporting a malformed line or duplicate id."""
        match = match_line(line)
        id_ = line.partition("\t")[0]
        if match is None:
            what = f"the line is not a brat annotation: {line[:60]!r}"
            self._report.add_problem(what, f"Write {example_line(line)}", number)
        elif self._line_of.setdefault(id_, number) != number and id_[0] not in "#*":
            what = f"the id {id_} already occurs in line {self._line_of[id_]}"
            self._report.add_problem(what, "Give each line a unique id", number)
            return None
        return match

    def _add(self, line: int, type_: str, parts: tuple[str, ...]) -> None:
        """Add the annotation from a line that refers to other lines."""
        match type_:
            case "E":
                self._add_event(line, *parts)
            case "R":
                self._add_relation(line, *parts)
            case "A" | "M":
                self._add_attribute(line, *parts)
            case "N":
                self._add_ref(line, *parts)
            case "*":
                self._add_equivalence(line, *parts)
            case "#":
                self._add_note(line, *parts)

    def _find_item(self, id_: str, line: int) -> str | None:
        """Return the id of a mention or relation unchanged; for an event, return its trigger id.

        Returns None, and reports a problem, if no mention, relation or event has the id.
        """
        for _ in range(2):
            id_ = self._triggers.get(id_, id_)
        if id_ in self._mentions or (id_[:1] == "R" and id_ in self._line_of):
            return id_
        what = f"no mention, event or relation has the id {id_}"
        self._report.add_problem(what, "Correct the id, or remove the line", line)
        return None

    def _find_mention(self, id_: str, line: int) -> str | None:
        """Return the id of a mention unchanged; for an event, return its trigger id.

        Returns None, and reports a problem, for all other ids.
        """
        item = self._find_item(id_, line)
        if item is None or item in self._mentions:
            return item
        what, fix = f"{id_} is not a mention", "Use the id of a mention or event"
        self._report.add_problem(what, fix, line)
        return None

    def _add_mention(
        self, line: int, id_: str, label: str, start: str, end: str, more: str, surface: str | None
    ) -> None:
        numbers = [start, end, *re.split("[ ;]", more)[1:]]
        offsets = [int(number) for number in numbers]
        fragments = list(zip(offsets[::2], offsets[1::2], strict=True))
        if more and any(first >= last for first, last in fragments):
            self._report.add_problem("a fragment is empty", "Remove the fragment", line)
        actual = " ".join(self._text[first:last] for first, last in fragments)
        if surface is not None and _one_line(actual) != _one_line(surface):
            self._report.add_note("surfaces that differ from the text", line)
        self._mentions[id_] = _Mention(fragments, label)

    def _add_event(self, line: int, id_: str, label: str, trigger: str, arguments: str) -> None:
        head = self._find_mention(trigger, line)
        if head and self._mentions[head].label != label:
            self._report.add_note("event types left out (not equal to the trigger label)", line)
        for argument in arguments.split():
            role, _, name = argument.partition(":")
            tail = self._find_mention(name, line)
            if head and tail:
                self._arcs.append(_Arc(id_, head, tail, role))
                self._report.add_note("arguments of events read as relations", line)

    def _add_relation(
        self, line: int, id_: str, label: str, role: str, first: str, other_role: str, second: str
    ) -> None:
        if (role, other_role) == ("Arg2", "Arg1"):
            first, second = second, first
        head, tail = self._find_mention(first, line), self._find_mention(second, line)
        if head and tail:
            self._arcs.append(_Arc(id_, head, tail, label))

    def _add_attribute(self, line: int, name: str, target: str, value: str | None = None) -> None:
        item = self._find_item(target, line)
        value = "true" if value is None else value
        if item and self._attributes.setdefault(item, {}).setdefault(name, value) != value:
            self._report.add_note("further values of an attribute left out", line)

    def _add_ref(self, line: int, target: str, ref: str) -> None:
        mention = self._find_mention(target, line)
        ref = unquote(ref.removeprefix(LOCAL_REF)) if ref.startswith(LOCAL_REF) else ref
        if mention and self._refs.setdefault(mention, ref) != ref:
            self._report.add_note("further refs of a mention left out", line)

    def _add_equivalence(self, line: int, ids: str) -> None:
        mentions = [mention for id_ in ids.split() if (mention := self._find_mention(id_, line))]
        ref = next((self._refs[mention] for mention in mentions if mention in self._refs), None)
        for mention in mentions:
            self._refs.setdefault(mention, ref or mentions[0])
        self._report.add_note("equivalences read as refs", line)

    def _add_note(self, line: int, type_: str, target: str, text: str | None) -> None:
        if type_ == ALOI_NOTE and target == DOCUMENT_TARGET:
            self._document_note = self._decode(line, text, DocumentNote) or self._document_note
        elif type_ == ALOI_NOTE:
            item, note = self._find_item(target, line), self._decode(line, text, ItemNote)
            if item and note:
                self._item_notes[item] = note
        elif type_ == COMMENT_NOTE and target[:1] in "TER":
            self._add_attribute(line, COMMENT_NOTE, target, text or "")
        else:
            self._report.add_note("notes left out", line)

    def _decode(self, line: int, text: str | None, type_: type[NoteT]) -> NoteT | None:
        """Return the content of an `Aloi` note, or None after reporting an invalid note."""
        try:
            return msgspec.json.decode(text or "", type=type_)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            what = f"the {ALOI_NOTE} note is invalid: {error}"
            fix = "Remove the line: only aloi should write these notes"
            self._report.add_problem(what, fix, line)
            return None

    def document(self, id_: str) -> Document:
        """Return the document; raise `DataError` with all problems of the file."""
        note = self._document_note
        spans = {name: self._span(name) for name in self._mentions}
        self._report.raise_problems()
        names = {name: note.mentions.get(name, name) for name in self._mentions}
        entities = tuple(
            Entity(
                id=id_,
                start=spans[name][0],
                end=spans[name][1],
                label=self._mentions[name].label,
                ref=self._refs.get(name),
                **self._extras(name),
            )
            for name, id_ in names.items()
        )
        relations = tuple(
            Relation(
                head=names[arc.head],
                tail=names[arc.tail],
                label=arc.label,
                id=self._relation_id(arc.id),
                **self._extras(arc.id),
            )
            for arc in self._arcs
        )
        try:
            return Document(note.id or id_, self._text, entities, relations, note.meta)
        except InvalidDocumentError as error:
            file = self._report.file
            raise DataError(problem.at(file=file) for problem in error.problems) from error

    def _span(self, name: str) -> Span:
        """Return the span of a mention; report invalid offsets.

        The fragments of a discontinuous mention become an attribute, unless the option `fragments`
        is `first`.
        """
        line, policy = self._line_of[name], self._options.fragments
        note, fragments = self._item_notes.get(name), self._mentions[name].fragments
        start, end = min(fragments)[0], max(last for _, last in fragments)
        if note is not None and note.span is not None:
            start, end = note.span
        if not 0 <= start < end <= len(self._text):
            what = f"the offsets {start} {end} are invalid: the text ends at {len(self._text)}"
            fix = "Count offsets in code points, with exclusive ends"
            self._report.add_problem(what, fix, line)
        joined = join_fragments(self._text, fragments)
        if len(joined) > 1:
            self._report.add_note(f"discontinuous mentions read with fragments={policy}", line)
            if policy == "error":
                fix = "Make the mention continuous, or set fragments=whole or fragments=first"
                self._report.add_problem("the mention is discontinuous", fix, line)
            if policy == "first":
                return fragments[0]
            self._attributes.setdefault(name, {}).setdefault(FRAGMENTS, format_fragments(joined))
        return start, end

    def _relation_id(self, line_id: str) -> str | None:
        """Return the relation id in the `Aloi` note on a line, or None without such a note."""
        note = self._item_notes.get(line_id)
        return note.id if note else None

    def _extras(self, line_id: str) -> dict[str, Any]:
        """Return the attributes and score of a mention or relation, as keyword arguments."""
        attributes, note = self._attributes.get(line_id, {}), self._item_notes.get(line_id)
        if note is None:
            return {"attributes": attributes}
        return {"attributes": attributes | note.attributes, "score": note.score}


def _one_line(surface: str) -> str:
    """Return a surface without the differences that its line in the file may have from the text."""
    return re.sub(r"\s+", " ", surface).strip()
