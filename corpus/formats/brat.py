r"""brat: standoff annotation, a text `NAME.txt` and what is marked in it, `NAME.ann`, beside it.

Source: https://brat.nlplab.org/standoff.html. A document is a `.txt` with its `.ann`, in a folder
read recursively, or one such pair; its id is the path below the folder, without suffix. Offsets
count code points, a line end as its characters.

Read are `T` as mentions, `R` as relations from the first argument to the second, `E` as relations
from the trigger to each argument, labelled by the role, `A` and `M` as attributes (one without a
value is "true"), `N` as `ref` (`DB:ID`; the database `local` stands for a name of our own,
percent-encoded), `*` Equiv as one `ref` for all, and `AnnotatorNotes` as an attribute of that
name. Other notes are left out and counted. A surface that differs from the text is counted too;
the offsets count.

Holds everything a document has. What brat has no place for stands in notes of the type `Aloi`:
ids that are not brat's, scores, metadata, attributes with white space. Labels with white space and
ids that cannot be file names are a `DataError`.

Reading option `fragments`: a discontinuous mention becomes the "whole" stretch from its first
character to its last (the default), its "first" fragment alone, or an "error".
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote, unquote

import msgspec

from aloi.corpus.document import Document, Entity, InvalidDocumentError, Relation
from aloi.corpus.files import atomic_folder
from aloi.corpus.formats.shared.capabilities import EVERYTHING
from aloi.corpus.formats.shared.names import Names, utf8
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = EVERYTHING
OWN, DOCUMENT, COMMENT, LOCAL = "Aloi", "document", "AnnotatorNotes", "local:"

_LINE_ENDS = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_WORD = re.compile(r"\S+")
_MENTION_ID = re.compile(r"T[0-9]+")
_DATABASE_REF = re.compile(r"(?!local:)[^\s:]+:\S*")
_GRAMMAR = {
    "T": re.compile(
        r"(T\S*)\t(\S+) ([0-9]{1,15}) ([0-9]{1,15})((?:;[0-9]{1,15} [0-9]{1,15})*)(?:\t(.*))?",
        re.DOTALL,
    ),
    "R": re.compile(r"(R\S*)\t(\S+) ([^\s:]+):(\S+) ([^\s:]+):(\S+)\s*"),
    "E": re.compile(r"(E\S*)\t([^\s:]+):(\S+)((?: [^\s:]+:\S+)*)\s*"),
    "A": re.compile(r"A\S*\t(\S+) (\S+)(?: (\S+))?\s*"),
    "M": re.compile(r"M\S*\t(\S+) (\S+)(?: (\S+))?\s*"),
    "N": re.compile(r"N\S*\t\S+ (\S+) ([^\s:]+:\S*)(?:\t.*)?", re.DOTALL),
    "*": re.compile(r"\*\t\S+((?: \S+)+)\s*"),
    "#": re.compile(r"#\S*\t(\S+) (\S+)(?:\t(.*))?", re.DOTALL),
}
_SHAPES = {
    "T": "T1<tab>LABEL start end<tab>surface",
    "R": "R1<tab>LABEL Arg1:T1 Arg2:T2",
    "E": "E1<tab>LABEL:T1 Role:T2",
    "A": "A1<tab>NAME T1 value",
    "M": "M1<tab>NAME T1 value",
    "N": "N1<tab>Reference T1 DB:ID<tab>name",
    "*": "*<tab>Equiv T1 T2",
    "#": "#1<tab>AnnotatorNotes T1<tab>text",
}


class ReadOptions(Options, frozen=True):
    """What becomes of discontinuous mentions."""

    fragments: Literal["whole", "first", "error"] = "whole"


WriteOptions = Options
N = TypeVar("N")


class _ItemNote(msgspec.Struct, forbid_unknown_fields=True):
    """What brat has no place for in a mention or relation."""

    id: str | None = None
    score: float | None = None
    attributes: dict[str, str] = {}


class _DocumentNote(msgspec.Struct, forbid_unknown_fields=True):
    """What brat has no place for in a document; `mentions`: our ids by brat's."""

    id: str | None = None
    meta: dict[str, Any] = {}
    mentions: dict[str, str] = {}


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The documents of a folder, or of one `.txt` or `.ann` with its twin."""
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for name, stem in _stems(path, notes, problems):
        file = f"{stem}.ann"
        try:
            text, annotations = _content(f"{stem}.txt"), _content(file)
            document = parse(name, text, annotations, options, notes, file=file)
        except DataError as error:
            problems += error.problems
            continue
        if files.setdefault(document.id, file) is file:
            yield document
        else:  # only a note of ours can give an id that is not the path
            what = f"document id given twice, first in {files[document.id]}"
            fix = f"Correct it in the note `{OWN} {DOCUMENT}` of one of them"
            problems.append(Problem("document-id-twice", what, fix, document.id, file=file))
    if problems:
        raise DataError(problems)


def _stems(path: Path, notes: Notes, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Each document's id, and its path without suffix."""
    if not path.is_dir():
        yield path.stem, str(path.with_suffix(""))
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        within = os.path.relpath(folder, path).replace(os.sep, "/")
        names = set(files)
        for file in sorted(files):
            stem, suffix = os.path.splitext(file)
            if suffix == ".txt" and f"{stem}.ann" not in names:
                notes.add(".txt files without .ann left out", os.path.join(folder, file))
            elif suffix == ".ann" and f"{stem}.txt" not in names:
                what, fix = "no .txt beside it", "Put the text there, or remove the file"
                problems.append(Problem("text-missing", what, fix, file=os.path.join(folder, file)))
            elif suffix == ".ann":
                yield stem if within == "." else f"{within}/{stem}", os.path.join(folder, stem)


def _content(file: str) -> str:
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError as error:
        problem = Problem("not-utf8", f"not UTF-8: {error.reason}", "Save it as UTF-8", file=file)
        raise DataError([problem]) from error
    except OSError as error:
        what, fix = f"cannot be read: {error.strerror}", "A document is a .txt with its .ann"
        raise DataError([Problem("text-missing", what, fix, file=file)]) from error


def parse(
    id_: str, text: str, annotations: str, options: ReadOptions, notes: Notes, *, file: str
) -> Document:
    """A document from its text and the lines of its `.ann`; raises `DataError` with all wrong."""
    standoff = _Standoff(text, options, notes, file)
    pointing = []
    for number, line in enumerate(annotations.removeprefix("\ufeff").split("\n"), start=1):
        if line and (match := standoff.match(number, line.removesuffix("\r"))):
            kind = line[0]
            if kind == "T":
                standoff.mention(number, *match.groups())
            else:
                pointing.append((number, kind, match.groups()))
                standoff.triggers.update({match[1]: match[3]} if kind == "E" else {})
    for kinds in ("ERAMN", "*#"):  # equivalence asks for refs, our notes for relations
        for number, kind, parts in pointing:
            if kind in kinds:
                _TAKEN[kind](standoff, number, *parts)
    return standoff.document(id_)


@dataclass(slots=True)
class _Standoff:
    """What the lines of one `.ann` say."""

    text: str
    options: ReadOptions
    notes: Notes
    file: str
    flat: str = ""
    lines: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    arcs: list[tuple[str, str, str, str]] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    own: dict[str, _ItemNote] = field(default_factory=dict)
    about: _DocumentNote = field(default_factory=_DocumentNote)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flat = _LINE_ENDS.sub(" ", self.text)

    def match(self, number: int, line: str) -> re.Match[str] | None:
        """The parts of a line, if it is well formed and its id is new."""
        grammar = _GRAMMAR.get(line[:1])
        match = grammar.fullmatch(line) if grammar else None
        id_ = line.partition("\t")[0]
        if match is None:
            shape = _SHAPES.get(line[:1], "lines of T, R, E, A, M, N, * and # alone")
            self.problem(f"not a brat line: {line[:60]!r}", f"Write {shape}", number)
        elif self.lines.setdefault(id_, number) != number and id_[0] not in "#*":
            what = f"id {id_} given twice, first in line {self.lines[id_]}"
            self.problem(what, "Give each line its own id", number)
            return None
        return match

    def problem(self, what: str, fix: str, line: int) -> None:
        self.problems.append(Problem("bad-brat", what, fix, file=self.file, line=line))

    def noted(self, what: str, line: int) -> None:
        self.notes.add(what, f"{self.file}:{line}")

    def target(self, name: str, line: int) -> str | None:
        """The mention or relation that a name means: an event's is its trigger."""
        for _ in range(2):
            name = self.triggers.get(name, name)
        if name in self.mentions or (name[:1] == "R" and name in self.lines):
            return name
        self.problem(f"nothing has the id {name}", "Correct it, or remove the line", line)
        return None

    def end(self, name: str, line: int) -> str | None:
        """The mention at an end of a relation."""
        found = self.target(name, line)
        if found is None or found in self.mentions:
            return found
        self.problem(f"{name} is no mention", "Relate mentions or events", line)
        return None

    def mention(
        self, line: int, id_: str, label: str, first: str, last: str, more: str, surface: str | None
    ) -> None:
        start, end = int(first), int(last)
        shown = self.flat[start:end]
        if more:
            start, end, shown = self.fragments(line, start, end, more)
        if not 0 <= start < end <= len(self.text):
            what = f"offsets {start} {end}, the text has {len(self.text)} characters"
            self.problem(what, "Offsets count code points, the end exclusive", line)
        if surface is not None and shown != surface and shown != _LINE_ENDS.sub(" ", surface):
            self.noted("surfaces that differ from the text", line)
        self.mentions[id_] = (start, end, label)

    def fragments(self, line: int, start: int, end: int, more: str) -> tuple[int, int, str]:
        """The stretch that a discontinuous mention becomes, and the surface brat shows for it."""
        spans = [(start, end)]
        for span in more[1:].split(";"):
            first, last = span.split(" ")
            spans.append((int(first), int(last)))
        shown = " ".join(self.flat[first:last] for first, last in spans)
        if any(first >= last for first, last in spans):
            self.problem("an empty fragment", "Remove it", line)
        if self.options.fragments == "error":
            fix = "Make it one stretch, or choose fragments=whole or fragments=first"
            self.problem("a discontinuous mention", fix, line)
        self.noted(f"discontinuous mentions read as {self.options.fragments}", line)
        if self.options.fragments == "first":
            return start, end, shown
        return min(spans)[0], max(last for _, last in spans), shown

    def event(self, line: int, id_: str, label: str, trigger: str, arguments: str) -> None:
        head = self.end(trigger, line)
        if head and self.mentions[head][2] != label:
            self.noted("event types that differ from the trigger's left out", line)
        for argument in arguments.split():
            role, _, name = argument.partition(":")
            tail = self.end(name, line)
            if head and tail:
                self.arcs.append((id_, head, tail, role))
                self.noted("arguments of events read as relations", line)

    def relation(
        self, line: int, id_: str, label: str, role: str, first: str, other: str, second: str
    ) -> None:
        if role == "Arg2" and other == "Arg1":
            first, second = second, first
        head, tail = self.end(first, line), self.end(second, line)
        if head and tail:
            self.arcs.append((id_, head, tail, label))

    def attribute(self, line: int, name: str, target: str, value: str | None) -> None:
        self.describe(line, name, target, "true" if value is None else value)

    def describe(self, line: int, name: str, target: str, value: str) -> None:
        bearer = self.target(target, line)
        if bearer and self.attributes.setdefault(bearer, {}).setdefault(name, value) != value:
            self.noted("further values of an attribute left out", line)

    def normalization(self, line: int, target: str, ref: str) -> None:
        bearer = self.end(target, line)
        named = unquote(ref.removeprefix(LOCAL)) if ref.startswith(LOCAL) else ref
        if bearer and self.refs.setdefault(bearer, named) != named:
            self.noted("further refs of a mention left out", line)

    def equivalence(self, line: int, names: str) -> None:
        alike = [found for name in names.split() if (found := self.end(name, line))]
        ref = next((self.refs[name] for name in alike if name in self.refs), None)
        for name in alike:
            self.refs.setdefault(name, ref or alike[0])
        self.noted("equivalences read as refs", line)

    def comment(self, line: int, kind: str, target: str, text: str | None) -> None:
        if kind == OWN and target == DOCUMENT:
            self.about = self.decode(line, text, _DocumentNote()) or self.about
        elif kind == OWN:
            bearer, own = self.target(target, line), self.decode(line, text, _ItemNote())
            if bearer and own:
                self.own[bearer] = own
        elif kind == COMMENT and target[:1] in "TER":
            self.describe(line, COMMENT, target, text or "")
        else:
            self.noted("notes left out", line)

    def decode(self, line: int, text: str | None, shape: N) -> N | None:
        """A note of our own, of the type of `shape`."""
        try:
            return msgspec.json.decode(text or "", type=type(shape))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self.problem(f"broken note: {error}", f"Remove it; {OWN} notes are not typed", line)
            return None

    def document(self, id_: str) -> Document:
        """The document; raises `DataError` with everything wrong in the file."""
        names = {name: self.about.mentions.get(name, name) for name in self.mentions}
        entities = tuple(
            Entity(names[name], *span, self.refs.get(name), *self.extras(name))
            for name, span in self.mentions.items()
        )
        relations = tuple(
            Relation(names[head], names[tail], label, self.own_id(id_), *self.extras(id_))
            for id_, head, tail, label in self.arcs
        )
        if self.problems:
            raise DataError(self.problems)
        try:
            return Document(self.about.id or id_, self.text, entities, relations, self.about.meta)
        except InvalidDocumentError as error:
            raise DataError(problem.at(file=self.file) for problem in error.problems) from error

    def own_id(self, name: str) -> str | None:
        return self.own[name].id if name in self.own else None

    def extras(self, name: str) -> tuple[dict[str, str], float | None]:
        """Attributes and score."""
        attributes, own = self.attributes.get(name, {}), self.own.get(name)
        return (attributes, None) if own is None else (attributes | own.attributes, own.score)


_TAKEN: dict[str, Callable[..., None]] = {
    "E": _Standoff.event,
    "R": _Standoff.relation,
    "A": _Standoff.attribute,
    "M": _Standoff.attribute,
    "N": _Standoff.normalization,
    "*": _Standoff.equivalence,
    "#": _Standoff.comment,
}


def write(
    documents: Iterable[Document],
    path: Path,
    options: Options,
    notes: Notes,
) -> int:
    """Write a folder with the two files of each document."""
    names = Names(_WORD, "brat labels have no white space")
    count = 0
    with atomic_folder(path) as scratch:
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            if names.check(document) and not names.bad:
                try:
                    _save(document, os.path.join(scratch, document.id))
                except DataError as error:
                    names.problems += error.problems
        names.settle()
    return count


def _save(document: Document, stem: str) -> None:
    if "/" in document.id:
        os.makedirs(os.path.dirname(stem), exist_ok=True)
    for suffix, content in (("txt", document.text), ("ann", render(document))):
        with open(f"{stem}.{suffix}", "wb") as stream:
            stream.write(utf8(content, document.id))


def render(document: Document) -> str:
    """The lines of a document's `.ann`; labels are free of white space."""
    flat = _LINE_ENDS.sub(" ", document.text)
    names = _brat_ids(document)
    lines = [
        f"{names[e.id]}\t{e.label} {e.start} {e.end}\t{flat[e.start : e.end]}\n"
        for e in document.entities
    ]
    extras = _Extras(lines)
    for entity in document.entities:
        name = names[entity.id]
        if entity.ref is not None:
            ref = entity.ref
            written = ref if _DATABASE_REF.fullmatch(ref) else LOCAL + quote(ref, safe="")
            extras.line("N", f"Reference {name} {written}\t{flat[entity.start : entity.end]}")
        extras.item(name, None, entity.score, entity.attributes)
    for relation in document.relations:
        ends = f"Arg1:{names[relation.head]} Arg2:{names[relation.tail]}"
        name = extras.line("R", f"{relation.label} {ends}")
        extras.item(name, relation.id, relation.score, relation.attributes)
    extras.document(document, names)
    return "".join(lines)


def _brat_ids(document: Document) -> dict[str, str]:
    """The mentions' ids as brat's: T and a number; those that are so already stay."""
    taken = {entity.id for entity in document.entities if _MENTION_ID.fullmatch(entity.id)}
    free = (name for number in itertools.count(1) if (name := f"T{number}") not in taken)
    return {e.id: e.id if e.id in taken else next(free) for e in document.entities}


@dataclass(slots=True)
class _Extras:
    """Adds lines that are numbered by kind."""

    lines: list[str]
    last: dict[str, int] = field(default_factory=dict)

    def line(self, kind: str, rest: str) -> str:
        """Add a line; returns its id."""
        self.last[kind] = self.last.get(kind, 0) + 1
        name = f"{kind}{self.last[kind]}"
        self.lines.append(f"{name}\t{rest}\n")
        return name

    def item(
        self, name: str, id_: str | None, score: float | None, attributes: dict[str, str]
    ) -> None:
        """What a mention or relation has beside its ends and label."""
        unfit = {}
        for key, value in attributes.items():
            if key == COMMENT and not _LINE_ENDS.search(value):
                self.line("#", f"{COMMENT} {name}\t{value}")
            elif key != COMMENT and _WORD.fullmatch(key) and _WORD.fullmatch(value):
                self.line("A", f"{key} {name} {value}")
            else:
                unfit[key] = value
        given = {"id": id_, "score": score, "attributes": unfit or None}
        self.own(name, {key: value for key, value in given.items() if value is not None})

    def document(self, document: Document, names: dict[str, str]) -> None:
        """The id, metadata and ids of mentions that brat's are not."""
        renamed = {name: id_ for id_, name in names.items() if name != id_}
        given = {"id": document.id, "meta": document.meta, "mentions": renamed}
        if document.meta or renamed:
            self.own(DOCUMENT, {key: value for key, value in given.items() if value})

    def own(self, target: str, content: dict[str, Any]) -> None:
        # JSON in ASCII: some readers of brat files take U+2028 and the like for line ends.
        if content:
            self.line("#", f"{OWN} {target}\t{json.dumps(content)}")
