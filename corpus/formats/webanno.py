r"""WebAnno TSV 3: one token a line, as INCEpTION and WebAnno import and export it.

Source: https://webanno.github.io/webanno/releases/3.4.5/docs/user-guide.html#sect_webannotsv. A
document is one file; its id is the path below the folder, without `.tsv`. Offsets count UTF-16
units. The text is that of the `#Text=` lines; what stands between sentences is not recorded, and
is read as INCEpTION reads it: a line end, then spaces up to the next sentence.

Read are versions 3.0 to 3.3. One span layer gives the mentions, the relation layers based on it
the relations, from the governor to the dependent; `identifier` is the `ref`, other features are
attributes. What has no value is labelled by its layer's short name. Other layers, chains and slot
features, and mentions of no character with their relations, are left out and counted.

Written is version 3.3, in layers of our own, attributes as features: a project that imports the
files must have these layers and features, as far as they are used. Sentences include the white
space that follows them, white space at which a mention begins or ends is a token, and a mention
that cuts a token stands on a sub-token, so text and mentions come back exactly. Lost are ids,
scores and metadata. Ids that cannot be file names, attributes that cannot be names of features,
and carriage returns in values, which the format has no escape for, are a `DataError`.

Reading options: `layer`, the span layer's name or the last part of it (default: the first that is
no part of speech, lemma, token or the like), and `feature`, which of its features is the label
(default: `value` if it has that, else the first but `identifier`). Writing options: `layer` and
`relations`, the layers' names (default `webanno.custom.Mention` and `webanno.custom.Relation`).
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.files import atomic_folder
from aloi.corpus.formats.shared import utf16
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.names import LayerName, Names, utf8
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import Token, tokenize
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.segmentation import sentence_starts

CAPABILITIES = Capabilities(
    entity_ids=False,
    entity_scores=False,
    relation_ids=False,
    relation_scores=False,
    meta=False,
)
NONE, NULL = "_", "*"
VALUE, REF = "value", "identifier"
LONGEST_GAP = 10_000
"""UTF-16 units of white space between sentences; a broken offset must not fill the memory."""

_LINGUISTIC = re.compile(r".*\.(?:lexmorph|segmentation|morph|coref|pdf)\..*")
_FORMAT = re.compile(r"#FORMAT=WebAnno TSV 3\.([0-3])\s*")
_LAYER = re.compile(r"#T_(SP|CH|RL)=(.+)")
_ADDRESS = re.compile(r"[0-9]{1,9}-[0-9]{1,9}(?:\.[0-9]{1,9})?")
_OFFSETS = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")
_STACKED = re.compile(r"\\.|\|", re.DOTALL)
_NUMBERED = re.compile(r"((?:\\.|[^\\])*?)(?:\[([0-9]{1,9})\])?", re.DOTALL)
_ARC = re.compile(r"([0-9]+-[0-9]+(?:\.[0-9]+)?)(?:\[([0-9]{1,9})_([0-9]{1,9})\])?")
_RESERVED = re.compile(r"->|[\\\[\]|_;*\t\n]")
_ESCAPED = re.compile(r"\\(->|[\\\[\]|_;*tn])")
_TEXT_RESERVED = re.compile(r"[\x00-\x0a\x0c-\x1f\\]")
_TEXT_ESCAPED = re.compile(r"\\([\x00-\x07\x0e-\x1f\\tnfrb])")
_JAVA_ESCAPED = re.compile(r"""(?:\\u[0-9a-fA-F]{4})+|\\([\\tnfrb"'/])""")
_LETTERS = {"\t": "t", "\n": "n", "\f": "f", "\r": "r", "\b": "b"}
_MEANT = {letter: character for character, letter in _LETTERS.items()}
_FEATURE = re.compile(r"[A-Za-z]\w*", re.ASCII)


class ReadOptions(Options, frozen=True):
    """Which layer holds the mentions, and which of its features their labels."""

    layer: str = ""
    feature: str = ""


class WriteOptions(Options, frozen=True):
    """The names of the layers."""

    layer: LayerName = "webanno.custom.Mention"
    relations: LayerName = "webanno.custom.Relation"


@dataclass(frozen=True, slots=True)
class _Layer:
    """A declared layer: `fields` are the places in a line of what has a value, by feature.

    A layer without features has one unnamed field; `base` is what a relation layer relates, and
    `arc` where its lines tell from which unit.
    """

    kind: str
    name: str
    line: int
    fields: dict[str, int]
    slots: int = 0
    base: str = ""
    arc: int = -1

    @property
    def short_name(self) -> str:
        return self.name.rpartition(".")[2]

    def label(self, wanted: str = "") -> str:
        """The feature that is the label, empty where there is none."""
        if wanted or VALUE in self.fields:
            return wanted or VALUE
        return next((name for name in self.fields if name != REF), "")


@dataclass(slots=True)
class _Annotation:
    """A mention as lines tell it; offsets in UTF-16 units."""

    start: int
    end: int
    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Arc:
    """A relation as a line tells it: units, each with a mention's number, 0 where it has none."""

    head: tuple[str, int]
    tail: tuple[str, int]
    line: int
    label: str
    attributes: dict[str, str]


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.tsv` files below a folder."""
    problems: list[Problem] = []
    for file in sorted(path.rglob("*.tsv")) if path.is_dir() else [path]:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        try:
            content = file.read_bytes().decode("utf-8-sig")
            yield parse(name.removesuffix(".tsv"), content, options, notes, file=str(file))
        except UnicodeDecodeError as error:
            what, fix = f"not UTF-8: {error.reason}", "Save it as UTF-8"
            problems.append(Problem("not-utf8", what, fix, file=str(file)))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


def parse(id_: str, content: str, options: ReadOptions, notes: Notes, *, file: str) -> Document:
    """A document from a file's content; raises `DataError` with all that is wrong."""
    lines = enumerate((line.removesuffix("\r") for line in content.split("\n")), start=1)
    reader = _Reader(options, notes, file)
    reader.header(lines)
    for number, line in lines:
        reader.body(number, line)
    return reader.document(id_)


@dataclass(slots=True)
class _Reader:
    """What the lines of one file say."""

    options: ReadOptions
    notes: Notes
    file: str
    version: int = 3
    width: int = 3
    mentions: _Layer | None = None
    relations: list[_Layer] = field(default_factory=list)
    sentence: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    units: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    surfaces: list[tuple[int, int, int, str]] = field(default_factory=list)
    annotations: dict[tuple[str, int], _Annotation] = field(default_factory=dict)
    arcs: list[_Arc] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, what: str, fix: str, line: int) -> None:
        self.problems.append(Problem("bad-webanno", what, fix, file=self.file, line=line))

    def noted(self, what: str, line: int, number: int = 1) -> None:
        self.notes.add(what, f"{self.file}:{line}", number)

    def header(self, lines: Iterator[tuple[int, str]]) -> None:
        """The lines up to the first empty one: the format, and the layers."""
        number, first = next(lines)
        match = _FORMAT.fullmatch(first)
        if match is None:
            fix = "Export it as WebAnno TSV 3.3"
            self.problem("no first line #FORMAT=WebAnno TSV 3.0 to 3.3", fix, number)
            raise DataError(self.problems)
        self.version = int(match[1])
        layers = []
        for number, line in lines:
            if not line:
                break
            if declared := _LAYER.fullmatch(line):
                layers.append(self.layer(number, declared[1], declared[2]))
            else:
                self.problem(f"not a layer: {line[:60]!r}", "Write #T_SP=layer|feature", number)
        self.choose(layers)

    def layer(self, line: int, kind: str, declaration: str) -> _Layer:
        """A layer from its declaration, `NAME|feature|feature`."""
        name, *declared = declaration.split("|")
        features = [feature for feature in declared if feature] or [""]
        values: dict[str, int] = {}
        slots: list[int] = []
        base, arc, before = "", -1, ""
        for place, feature in enumerate(features, start=self.width):
            if kind == "SP" and (feature.startswith("ROLE_") or before.startswith("ROLE_")):
                slots.append(place)
            elif kind == "RL" and feature.startswith("BT_"):
                base, arc = feature[3:], place
            else:
                values[feature] = place
            before = feature
        self.width += len(features)
        if slots and not values:
            values[""] = slots[0]
        return _Layer(kind, name, line, values, len(slots) // 2, base, arc)

    def choose(self, layers: list[_Layer]) -> None:
        """Which layers are mentions and relations; the others are told."""
        wanted = self.options.layer
        spans = [layer for layer in layers if layer.kind == "SP"]
        if wanted:
            spans = [layer for layer in spans if wanted in (layer.name, layer.short_name)]
        else:
            spans = [layer for layer in spans if not _LINGUISTIC.fullmatch(layer.name)]
        self.mentions = next(iter(spans), None)
        name = self.mentions.name if self.mentions else None
        self.relations = [layer for layer in layers if layer.base == name and layer.arc >= 0]
        if wanted and self.mentions is None:
            self.problem(f"no span layer {wanted}", "Name one of the file's with layer=", 1)
        feature = self.options.feature
        if feature and self.mentions and feature not in self.mentions.fields:
            what = f"the layer {name} has no feature {feature}"
            self.problem(what, "Name one of its own with feature=", self.mentions.line)
        taken = {layer.line for layer in (*spans[:1], *self.relations)}
        for layer in layers:
            if layer.line not in taken:
                self.noted(f"layer {layer.name} left out", layer.line)
        if self.mentions:
            self.noted("slot features left out", self.mentions.line, self.mentions.slots)

    def body(self, number: int, line: str) -> None:
        """A line below the header."""
        if line.startswith("#Text="):
            self.sentence.append(self.unescape_text(line.removeprefix("#Text=")))
        elif line.startswith("#"):
            self.noted("sentence ids and comments left out", number)
        elif line:
            self.row(number, line)
        elif self.sentence:
            self.place(number, self.length + bool(self.pieces))  # a sentence without tokens

    def unescape_text(self, text: str) -> str:
        if self.version > 1:
            return _TEXT_ESCAPED.sub(lambda match: _MEANT.get(match[1], match[1]), text)
        return _JAVA_ESCAPED.sub(_java_character, text)

    def place(self, line: int, start: int) -> None:
        """The sentence read last stands at `start`."""
        gap = start - self.length
        if 0 <= gap <= LONGEST_GAP:
            between = " " * gap if not self.pieces else "\n"[:gap] + " " * (gap - 1)
            self.noted("gaps between sentences filled with white space", line, bool(gap))
            text = "\n".join(self.sentence)
            self.pieces += (between, text)
            self.length = start + utf16.length(text)
        else:
            what = f"a sentence at {start}, the one before ends at {self.length}"
            self.problem(what, "Offsets count UTF-16 units and go up", line)
            raise DataError(self.problems)  # no later offset means anything
        self.sentence = []

    def row(self, number: int, line: str) -> None:
        """A token or sub-token."""
        fields = line.split("\t")
        if len(fields) == self.width + 1 and not fields[-1]:
            fields.pop()
        address, span = fields[0], _OFFSETS.fullmatch(fields[1] if len(fields) > 1 else "")
        if len(fields) != self.width or span is None or not _ADDRESS.fullmatch(address):
            what = f"not a token's line of {self.width} fields: {line[:60]!r}"
            self.problem(what, "Write 1-1<tab>start-end<tab>token, then the columns", number)
            return
        start, end = int(span[1]), int(span[2])
        if self.sentence:
            self.place(number, start)
        shortest = 0 if "." in address else 1  # a part may be a place between characters
        if not start + shortest <= end <= self.length:
            what = f"offsets {start}-{end}, the sentence ends at {self.length}"
            self.problem(what, "Offsets count UTF-16 units, the end exclusive", number)
        elif address in self.units:
            self.problem(f"{address} given twice", "Number each token once", number)
        else:
            self.units[address] = []
            self.surfaces.append((number, start, end, fields[2]))
            self.spans(number, address, start, end, fields)
            for layer in self.relations:
                self.arc(number, address, layer, fields)

    def stacks(self, number: int, places: Mapping[str, int], fields: list[str]) -> list[list[str]]:
        """What stands in some fields, each annotation's values together."""
        columns = [_split(fields[place]) for place in places.values()]
        if all(column == [NONE] for column in columns):
            return []
        if len({len(column) for column in columns}) > 1:
            fix = "Write * for a feature without a value, and the same number of | in each"
            self.problem("features of one layer stacked differently", fix, number)
            return []
        return [list(values) for values in zip(*columns, strict=True)]

    def spans(self, number: int, address: str, start: int, end: int, fields: list[str]) -> None:
        """The mentions on a unit."""
        places = self.mentions.fields if self.mentions else {}
        for place, values in enumerate(self.stacks(number, places, fields)):
            parts = [_numbered(value) for value in values]
            id_ = max(number for _, number in parts)
            key = ("", id_) if id_ else (address, place)
            given = {
                feature: _unescape(value)
                for feature, (value, _) in zip(places, parts, strict=True)
                if feature and value not in (NULL, NONE)
            }
            self.units[address].append(key)
            known = self.annotations.setdefault(key, _Annotation(start, end, number, given))
            known.start, known.end = min(known.start, start), max(known.end, end)
            self.noted("further values of a mention left out", number, known.values != given)

    def arc(self, number: int, address: str, layer: _Layer, fields: list[str]) -> None:
        """The relations of a layer whose dependent is on a unit."""
        places = {**layer.fields, "BT_": layer.arc}
        for *values, source in self.stacks(number, places, fields):
            match = _ARC.fullmatch(source)
            if match is None:
                what = f"not the source of a relation: {source[:60]!r}"
                self.problem(what, "Write 1-1, or 1-1[2_3]", number)
                continue
            given = {
                feature: _unescape(_numbered(value)[0])
                for feature, value in zip(layer.fields, values, strict=True)
                if feature and value not in (NULL, NONE)
            }
            label = given.pop(layer.label(), None)
            self.noted("relations without a value", number, label is None)
            head, tail = (match[1], int(match[2] or 0)), (address, int(match[3] or 0))
            self.arcs.append(
                _Arc(head, tail, number, layer.short_name if label is None else label, given)
            )

    def document(self, id_: str) -> Document:
        """The document; raises `DataError` with everything wrong in the file."""
        if self.sentence:
            self.place(1, self.length + bool(self.pieces))
        text = "".join(self.pieces)
        points = utf16.code_points(text)
        self.check_tokens(text, points)
        names = self.names()
        relations = []
        for arc in self.arcs:
            head, tail = self.end(arc.head, arc.line), self.end(arc.tail, arc.line)
            if head in names and tail in names:
                relations.append(
                    Relation(names[head], names[tail], arc.label, attributes=arc.attributes)
                )
            elif head and tail:
                self.noted("relations of mentions of no character left out", arc.line)
        if self.problems:
            raise DataError(self.problems)
        entities = tuple(self.entity(name, key, points) for key, name in names.items())
        return Document(id_, text, entities, tuple(relations))

    def check_tokens(self, text: str, points: list[int]) -> None:
        """Compare the tokens with the text, as far as their offsets mean characters."""
        for line, start, end, surface in self.surfaces:
            first, last = points[start], points[end]
            if utf16.OUTSIDE in (first, last):
                what = f"offsets {start}-{end} cut a character that has two UTF-16 units"
                self.problem(what, "Offsets count UTF-16 units", line)
            elif text[first:last] not in (surface, self.unescape_text(surface)):
                self.noted("tokens that differ from the text", line)

    def names(self) -> dict[tuple[str, int], str]:
        """The id of each mention: e1, e2 … in text order."""

        def text_order(key: tuple[str, int]) -> tuple[int, int, str]:
            known = self.annotations[key]
            return known.start, -known.end, self.label(known)

        wide = []
        for key, known in self.annotations.items():
            if known.start < known.end:
                wide.append(key)
            else:
                self.noted("mentions of no character left out", known.line)
        ordered = sorted(wide, key=text_order)
        return {key: f"e{number}" for number, key in enumerate(ordered, start=1)}

    def label(self, annotation: _Annotation) -> str:
        layer = self.mentions
        assert layer is not None  # else there are no annotations
        return annotation.values.get(layer.label(self.options.feature), layer.short_name)

    def entity(self, name: str, key: tuple[str, int], points: list[int]) -> Entity:
        known, layer = self.annotations[key], self.mentions
        assert layer is not None  # else there are no annotations
        label = self.label(known)
        values = dict(known.values)
        if values.pop(layer.label(self.options.feature), None) is None:
            self.noted("mentions without a value", known.line)
        ref = values.pop(REF, None)
        return Entity(name, points[known.start], points[known.end], label, ref, values)

    def end(self, place: tuple[str, int], line: int) -> tuple[str, int] | None:
        """The mention at an end of a relation, given a unit and the mention's number."""
        address, number = place
        if number:
            found = [key for key in [("", number)] if key in self.annotations]
        else:
            here = self.units.get(address, [])
            found = [key for key in here if key[0]] or here
        if len(found) == 1:
            return found[0]
        what = f"no one mention at {address}[{number}]"
        self.problem(what, "Relate mentions, with their numbers where several share a token", line)
        return None


def _java_character(match: re.Match[str]) -> str:
    """What a Java escape means, as versions below 3.2 have them."""
    if match[1]:
        return _MEANT.get(match[1], match[1])
    return bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _split(field_: str) -> list[str]:
    """The annotations stacked in a field."""
    bars = [match.start() for match in _STACKED.finditer(field_) if match[0] == "|"]
    starts = [0, *(bar + 1 for bar in bars)]
    return [field_[start:end] for start, end in zip(starts, [*bars, None], strict=True)]


def _numbered(value: str) -> tuple[str, int]:
    """A value and the number of its annotation, 0 where it has none."""
    match = _NUMBERED.fullmatch(value)
    return (match[1], int(match[2] or 0)) if match else (value, 0)


def _unescape(value: str) -> str:
    return _ESCAPED.sub(lambda match: _MEANT.get(match[1], match[1]), value)


def _escape(value: str) -> str:
    return _RESERVED.sub(lambda match: "\\" + _LETTERS.get(match[0], match[0]), value)


def _escape_text(text: str) -> str:
    return _TEXT_RESERVED.sub(lambda match: "\\" + _LETTERS.get(match[0], match[0]), text)


def write(
    documents: Iterable[Document],
    path: Path,
    options: WriteOptions,
    notes: Notes,
) -> int:
    """Write a folder with one file a document."""
    names = Names(re.compile(r"[^\r]*"), "WebAnno TSV has no escape for a carriage return")
    count = 0
    with atomic_folder(path) as scratch:
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            fits = names.check(document)
            names.problems += _unwritable(document)
            if fits and not names.bad:
                file = os.path.join(scratch, f"{document.id}.tsv")
                os.makedirs(os.path.dirname(file), exist_ok=True)
                with open(file, "wb") as stream:
                    stream.write(utf8(render(document, options), document.id))
        names.settle()
    return count


def _unwritable(document: Document) -> Iterator[Problem]:
    """The names of attributes and the values that the format has no way to write."""
    items: list[Entity | Relation] = [*document.entities, *document.relations]
    for item in items:
        place = item.id if isinstance(item, Entity) else str(item)
        own = {VALUE, REF} if isinstance(item, Entity) else {VALUE}
        for name, value in item.attributes.items():
            if not _FEATURE.fullmatch(name) or name in own or name.startswith(("ROLE_", "BT_")):
                fix = "Rename it: a letter, then letters, digits and _; not value or identifier"
                what = f"the attribute {name!r} cannot name a feature"
                yield Problem("bad-attribute", what, fix, document.id, place)
            if "\r" in value:
                what, fix = f"a carriage return in the attribute {name!r}", "Remove it"
                yield Problem("bad-attribute", what, fix, document.id, place)
        if isinstance(item, Entity) and "\r" in (item.ref or ""):
            yield Problem(
                "bad-ref", "a carriage return in the ref", "Remove it", document.id, place
            )


def render(document: Document, options: WriteOptions) -> str:
    """The content of a document's file."""
    sheet = _Sheet(document)
    header = ["#FORMAT=WebAnno TSV 3.3"]
    if sheet.mention_features:
        header.append("|".join((f"#T_SP={options.layer}", *sheet.mention_features)))
    if sheet.relation_features:
        base = f"BT_{options.layer}"
        header.append("|".join((f"#T_RL={options.relations}", *sheet.relation_features, base)))
    header.append("")
    return "".join(f"{line}\n" for line in (*header, *sheet.lines()))


class _Unit(NamedTuple):
    """A token, by its number, or the part of it from `start` to `end`."""

    token: int
    part: bool
    start: int
    end: int


class _Sheet:
    """A document laid on units; the lines of its file are made from it."""

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.offsets = utf16.units(document.text)
        self.tokens = _tokens(document)
        self.on: dict[_Unit, list[Entity]] = {
            _Unit(number, False, *token): [] for number, token in enumerate(self.tokens)
        }
        self.first: dict[str, _Unit] = {}
        # Twins are numbered when read in the order they are written: e2 before e10.
        for entity in sorted(
            document.entities, key=lambda e: (e.start, -e.end, e.label, len(e.id), e.id)
        ):
            for unit in _units(entity, self.tokens):
                self.on.setdefault(unit, []).append(entity)
                self.first.setdefault(entity.id, unit)
        self.into: dict[_Unit, list[Relation]] = {}
        for relation in document.relations:
            self.into.setdefault(self.first[relation.tail], []).append(relation)
        self.mention_features = _features(document.entities)
        self.relation_features = _features(document.relations)
        self.sentences = _sentences(document.text, self.tokens)
        self.addresses = self._addresses()
        self.numbers = self._numbers()

    def _addresses(self) -> dict[_Unit, str]:
        """The name of each unit, as in 2-1.1: sentence, token in it, part of that."""
        addresses: dict[_Unit, str] = {}
        sentence = token = part = 0
        for unit in sorted(self.on, key=lambda u: (u.token, u.part, u.start, -u.end)):
            if unit.part:
                part += 1
            elif unit.token in self.sentences:
                sentence, token, part = sentence + 1, 1, 0
            else:
                token, part = token + 1, 0
            addresses[unit] = f"{sentence}-{token}" + (f".{part}" if part else "")
        return addresses

    def _numbers(self) -> dict[str, int]:
        """The numbers of mentions on several units, or on one with others."""
        seen: set[str] = set()
        several: dict[str, None] = {}
        for unit in self.addresses:
            here = [entity.id for entity in self.on[unit]]
            again = here if len(here) > 1 else [id_ for id_ in here if id_ in seen]
            several |= dict.fromkeys(again)
            seen.update(here)
        return {id_: number for number, id_ in enumerate(several, start=1)}

    def lines(self) -> Iterator[str]:
        """Each sentence: an empty line, its text, its units."""
        for unit, address in self.addresses.items():
            if not unit.part and unit.token in self.sentences:
                text = self.text[unit.start : self.sentences[unit.token]]
                yield ""
                yield from (f"#Text={_escape_text(line)}" for line in text.split("\n"))
            span = f"{self.offsets[unit.start]}-{self.offsets[unit.end]}"
            surface = _escape_text(self.text[unit.start : unit.end])
            cells = (self._mention(entity) for entity in self.on[unit])
            arcs = (self._relation(relation) for relation in self.into.get(unit, ()))
            mentions = _stacked(cells, len(self.mention_features))
            relations = _stacked(arcs, len(self.relation_features) + bool(self.relation_features))
            yield "\t".join((address, span, surface, *mentions, *relations))

    def _mention(self, entity: Entity) -> list[str]:
        number = f"[{self.numbers[entity.id]}]" if entity.id in self.numbers else ""
        values = {**entity.attributes, VALUE: entity.label}
        if entity.ref is not None:
            values[REF] = entity.ref
        return [f"{_value(values.get(name))}{number}" for name in self.mention_features]

    def _relation(self, relation: Relation) -> list[str]:
        values = {**relation.attributes, VALUE: relation.label}
        ends = [self.numbers.get(end, 0) for end in (relation.head, relation.tail)]
        numbers = f"[{ends[0]}_{ends[1]}]" if any(ends) else ""
        source = self.addresses[self.first[relation.head]]
        cells = [_value(values.get(name)) for name in self.relation_features]
        return [*cells, f"{source}{numbers}"]


def _features(items: Sequence[Entity | Relation]) -> list[str]:
    """The columns that some items need; an import asks for layers with all that is declared."""
    refs = [REF for item in items if isinstance(item, Entity) and item.ref is not None]
    names = {name for item in items for name in item.attributes}
    return [*refs[:1], VALUE, *sorted(names)] if items else []


def _value(value: str | None) -> str:
    return NULL if value is None else _escape(value)


def _stacked(annotations: Iterable[list[str]], width: int) -> Iterable[str]:
    """The fields of a unit for what stands on it."""
    columns = list(zip(*annotations, strict=True))
    return ("|".join(column) for column in columns) if columns else [NONE] * width


def _units(entity: Entity, tokens: list[Token]) -> Iterator[_Unit]:
    """The tokens that a mention covers; of those that it cuts, the part."""
    first = bisect_right(tokens, entity.start, key=lambda token: token.end)
    last = bisect_left(tokens, entity.end, key=lambda token: token.start)
    for number, token in enumerate(tokens[first:last], start=first):
        span = max(token.start, entity.start), min(token.end, entity.end)
        yield _Unit(number, span != token, *span)


def _sentences(text: str, tokens: list[Token]) -> dict[int, int]:
    """The first token of each sentence, and where the sentence ends."""
    begins = [token.start for token in tokens]
    firsts = sorted({bisect_left(begins, start) for start in sentence_starts(text)})
    ends = [*(begins[first] for first in firsts[1:] if first < len(tokens)), len(text)]
    return {first: end for first, end in zip(firsts, ends, strict=False) if first < len(tokens)}


def _tokens(document: Document) -> list[Token]:
    """The text's tokens; white space is one where the text or a mention begins or ends in it."""
    starts = sorted(entity.start for entity in document.entities)
    ends = sorted(entity.end for entity in document.entities)
    tokens: list[Token] = []
    before = 0
    for token in (*tokenize(document.text), Token(len(document.text), len(document.text))):
        gap = Token(before, token.start)
        begun = bisect_left(starts, gap.start) < bisect_left(starts, gap.end)
        ended = bisect_right(ends, gap.start) < bisect_right(ends, gap.end)
        if gap.start < gap.end and (begun or ended or gap.start == 0):
            tokens.append(gap)
        tokens.append(token)
        before = token.end
    return tokens[:-1]
