r"""inline: annotated text in markup that can be written with any text editor.

Source: this project. A file contains one or more documents, each in three sections: TOML metadata
(including the `id`), the exact text, and the relations, one per line. Each section begins after a
line that is exactly `+++`.

    +++
    id = "d1"
    +++
    Le [président [russe](NORP)](ROLE#r@poutine) [Poutine](PER#p@poutine)
    +++
    #p HAS_ROLE #r assertion=attributed

A mention is written as `[surface](LABEL#id@ref key=value)`; `#id`, `@ref` and the attributes are
optional and must have this order. Mentions without an id are numbered e1, e2 … in the order of
their opening brackets. In the text, `\[`, `\]` and `\\` represent the characters `[`, `]` and `\`,
and a line that is exactly `+++` is written as `\+++`. In labels, ids, refs, keys and values,
all characters except letters, digits and `_-.:/` are percent-encoded (UTF-8).

The format represents everything in a document, with these exceptions:

- Mentions that overlap without nesting are dropped.
- Metadata must not contain the key `id` or the value None.
- An attribute of a mention must not have the name `score`, and an attribute of a relation must not
  have the name `score` or `id`, because the markup uses these keys for the score and the id.

`render_markup` raises `DataError` for such metadata and attributes.

`read_marked` reads the text and the relations of one document tolerantly, for example from the
answer of a language model, and `render_marked` writes these two sections.
"""

from __future__ import annotations

import datetime
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import tomli_w

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import read_text
from aloi.corpus.toml_files import parse_toml

FENCE = "+++"
"""The line before each section."""

_FENCE_LINE = re.compile(r"^\+\+\+\r?(?:\n|\Z)", re.MULTILINE)
_ESCAPABLE_FENCE = re.compile(r"^(\\*\+\+\+\r?)$", re.MULTILINE)
_TOKEN = re.compile(r"\\([\[\]\\])|(\[)|\]\(([^()\s]+(?: [^()\n]*)?)\)|([\]\\])|([^\[\]\\]+)")
_TAG = re.compile(r"([^#@\s]+)(?:#([^#@\s]+))?(?:@([^#@\s]+))?")
_RELATION = re.compile(r"#(\S+) (\S+) #(\S+)((?: +\S+)*) *")
_MAX_DEPTH = 100
"""The maximum depth of metadata; Python's parser of TOML fails at a few hundred levels."""

_EXCERPT = 20
"""The maximum length of quoted text in error messages, in code points."""

CAPABILITIES = Capabilities(overlap="nested")
ReadOptions = WriteOptions = Options


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.inline` files below a folder."""
    problems: list[Problem] = []
    for file in find_files(path, [".inline"]):
        try:
            yield from parse_markup(read_text(file))
        except DataError as error:
            problems += [problem.at(file=str(file)) for problem in error.problems]
    if problems:
        raise DataError(problems)


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write one file and return the number of documents."""
    with atomic_text_file(path) as stream:
        return sum(bool(stream.write(markup)) for markup in render_markup(documents))


def parse_markup(content: str) -> Iterator[Document]:
    """Yield the documents in the content of a file.

    Raises `DataError` with all problems after the last document. Each problem has a line number.
    """
    problems: list[Problem] = []
    for sections in _split_documents(content):
        try:
            yield _parse_document(sections)
        except DataError as error:
            problems += [problem.at(line=sections.text_line) for problem in error.problems]
    if problems:
        raise DataError(problems)


def render_markup(documents: Iterable[Document]) -> Iterator[str]:
    """Yield the markup of each document; overlapping mentions must be nested.

    Raises `DataError` for metadata values of None, and for metadata keys and attribute names that
    the markup reserves.
    """
    for document in documents:
        _check_names(document)
        _check_depth(document)
        meta = tomli_w.dumps({"id": document.id, **document.meta})
        text, relations = render_marked(document)
        yield f"{FENCE}\n{meta}{FENCE}\n{text}\n{FENCE}\n{relations}"


def _check_depth(document: Document) -> None:
    """Raise `DataError` if the metadata are nested too deeply for parsers of TOML."""
    level: list[Any] = [document.meta]
    for _ in range(_MAX_DEPTH):
        level = [
            value
            for container in level
            for value in (container.values() if isinstance(container, dict) else container)
            if isinstance(value, dict | list)
        ]
        if not level:
            return
    what = f"the metadata are nested more than {_MAX_DEPTH} levels deep"
    raise DataError([Problem("deep-metadata", what, "Remove nested values", document.id)])


@dataclass(frozen=True, slots=True)
class MarkedText:
    """The readable parts of marked text that may be malformed, and the problems of the rest.

    A mention without an id in the markup has the id "". Several mentions may have the same id, and
    a relation may refer to mentions that do not exist.
    """

    text: str
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    problems: tuple[Problem, ...]


def read_marked(marked: str, relations: str = "") -> MarkedText:
    """Read marked text and relation lines; leave out and report everything that is malformed.

    Brackets that do not belong to a mention are left out of the text.
    """
    parser = _TextParser(_unescape_fences(marked), 1)
    parser.parse()
    read, problems = _parse_relations(relations, 1)
    entities = tuple(parser.marked_entities())
    return MarkedText(
        "".join(parser.characters), entities, tuple(read), (*parser.problems, *problems)
    )


def render_marked(document: Document) -> tuple[str, str]:
    """Return the marked text and the relation lines; overlapping mentions must be nested."""
    text = _ESCAPABLE_FENCE.sub(r"\\\1", _render_text(document))
    return text, "".join(map(_render_relation, document.relations))


@dataclass(frozen=True, slots=True)
class _Sections:
    """The three sections of a document, and the line numbers where the sections begin."""

    meta: str
    text: str
    relations: str
    meta_line: int
    text_line: int
    relations_line: int


def _split_documents(content: str) -> Iterator[_Sections]:
    fences = list(_FENCE_LINE.finditer(content))
    if not fences or len(fences) % 3 or content[: fences[0].start()].strip():
        what = f"a document begins with `{FENCE}` and needs three such lines; found {len(fences)}"
        fix = f"Put a line `{FENCE}` before the metadata, before the text and before the relations"
        raise DataError([Problem("bad-inline", what, fix, line=1)])
    ends = [fence.start() for fence in fences[1:]] + [len(content)]
    chunks = [content[fence.end() : end] for fence, end in zip(fences, ends, strict=True)]
    lines = [content.count("\n", 0, fence.end()) + 1 for fence in fences]
    for i in range(0, len(chunks), 3):
        text = _unescape_fences(chunks[i + 1])
        yield _Sections(chunks[i], text.removesuffix("\n"), chunks[i + 2], *lines[i : i + 3])


def _unescape_fences(text: str) -> str:
    return _ESCAPABLE_FENCE.sub(lambda match: match[1].removeprefix("\\"), text)


def _parse_document(sections: _Sections) -> Document:
    meta, meta_problems = _parse_meta(sections)
    parser = _TextParser(sections.text, sections.text_line)
    parser.parse()
    relations, relation_problems = _parse_relations(sections.relations, sections.relations_line)
    problems = [*meta_problems, *parser.problems, *relation_problems]
    if problems:
        raise DataError(problems)
    text, entities = "".join(parser.characters), parser.entities()
    return Document(str(meta.pop("id")), text, tuple(entities), tuple(relations), meta)


def _parse_meta(sections: _Sections) -> tuple[dict[str, Any], list[Problem]]:
    line = sections.meta_line
    try:
        meta = {key: _to_json(value) for key, value in parse_toml(sections.meta).items()}
    except tomllib.TOMLDecodeError as error:
        what = f"the metadata is not valid TOML: {error}"
        fix = 'Write TOML, such as: title = "…"'
        return {}, [Problem("bad-inline", what, fix, line=line)]
    if "id" in meta:
        return meta, []
    what, fix = "the metadata has no key 'id'", 'Add a line such as: id = "d1"'
    return meta, [Problem("missing-key", what, fix, line=line)]


def _to_json(value: Any) -> Any:  # noqa: ANN401 - TOML values are of any type
    """Return a TOML value as a JSON value; dates and times become ISO 8601 strings."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _to_json(item) for key, item in value.items()}
    return value


@dataclass
class _TextParser:
    """A parser that splits marked text into plain characters and mentions.

    Mentions are numbered in the order of their opening brackets, from 0. `opened` contains the
    number and start of each mention without a closing bracket so far. `closed` maps the number of
    each complete mention with a valid tag to its start, end and tag.
    """

    marked: str
    line: int
    problems: list[Problem] = field(default_factory=list)
    characters: list[str] = field(default_factory=list)
    length: int = 0
    brackets: int = 0
    opened: list[tuple[int, int]] = field(default_factory=list)
    closed: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    def parse(self) -> None:
        """Parse the whole text."""
        for token in _TOKEN.finditer(self.marked):
            escaped, opening, tag, stray, plain = token.groups()
            if opening:
                self.opened.append((self.brackets, self.length))
                self.brackets += 1
            elif tag and self.opened:
                self._close(tag, token.start())
            elif tag or stray:
                fix = (
                    "Write a mention as [surface](LABEL), and plain characters as \\[, \\] and \\\\"
                )
                what = f"`{token[0][:_EXCERPT]}` is not part of a mention"
                self._report(what, fix, token.start())
                if stray == "]" and self.opened:  # a pair of brackets without a tag
                    self.opened.pop()
            else:
                self.characters.append(escaped or plain)
                self.length += len(escaped or plain)
        for _, start in self.opened:
            excerpt = "".join(self.characters)[start : start + _EXCERPT]
            fix = "Complete the mention as [surface](LABEL), or write a plain bracket as \\["
            position = self.marked.find("[" + excerpt)
            self._report(f"`[{excerpt}` is not closed", fix, position)

    def _close(self, tag: str, position: int) -> None:
        """Close the most recently opened mention."""
        order, start = self.opened.pop()
        head, *pairs = tag.split(" ")
        if _TAG.fullmatch(head) and _are_valid_pairs(pairs):
            self.closed[order] = (start, self.length, tag)
        else:
            fix = "Write (LABEL#id@ref key=value), in this order; a score must be a number"
            self._report(f"the tag `({tag})` is invalid", fix, position)

    def _report(self, what: str, fix: str, position: int) -> None:
        line = self.line + self.marked.count("\n", 0, max(position, 0))
        self.problems.append(Problem("bad-inline", what, fix, line=line))

    def marked_entities(self) -> list[Entity]:
        """Return the mentions in the order of their opening brackets; the ids may be empty."""
        return [_parse_entity(*self.closed[order]) for order in sorted(self.closed)]

    def entities(self) -> list[Entity]:
        """Return the mentions in the order of their opening brackets, all of them with ids."""
        entities = self.marked_entities()
        used = {entity.id for entity in entities}
        free = (f"e{n}" for n in itertools.count(1) if f"e{n}" not in used)
        return [
            entity if entity.id else msgspec.structs.replace(entity, id=next(free))
            for entity in entities
        ]


def _parse_entity(start: int, end: int, tag: str) -> Entity:
    """Return the mention for a valid tag; the mention id is empty if the tag contains no id."""
    head, *pairs = tag.split(" ")
    label, id_, ref = _TAG.fullmatch(head).groups()  # type: ignore[union-attr]
    attributes = _parse_pairs(pairs)
    score = attributes.pop("score", None)
    return Entity(
        id=unquote(id_ or ""),
        start=start,
        end=end,
        label=unquote(label),
        ref=unquote(ref) if ref else None,
        attributes=attributes,
        score=float(score) if score else None,
    )


def _are_valid_pairs(pairs: Iterable[str]) -> bool:
    """Return whether all pairs have the form key=value and the score, if any, is a number."""
    try:
        float(_parse_pairs(pairs).get("score") or 0)
    except ValueError:
        return False
    return all("=" in pair for pair in pairs if pair)


def _parse_pairs(pairs: Iterable[str]) -> dict[str, str]:
    split = (pair.partition("=") for pair in pairs if pair)
    return {unquote(key): unquote(value) for key, _, value in split}


def _parse_relations(lines: str, first_line: int) -> tuple[list[Relation], list[Problem]]:
    relations, problems = [], []
    for number, line in enumerate(lines.split("\n"), first_line):
        match = _RELATION.fullmatch(line.strip())
        if match and _are_valid_pairs(match[4].split(" ")):
            head, label, tail = (unquote(match[i]) for i in (1, 2, 3))
            attributes = _parse_pairs(match[4].split(" "))
            id_, score = attributes.pop("id", None), attributes.pop("score", None)
            score_value = float(score) if score else None
            relations.append(
                Relation(
                    head=head,
                    tail=tail,
                    label=label,
                    id=id_,
                    attributes=attributes,
                    score=score_value,
                )
            )
        elif line.strip():
            fix = "Write `#HEAD LABEL #TAIL`, followed by attributes as key=value"
            what = f"the line is not a relation: {line.strip()[:60]}"
            problems.append(Problem("bad-inline", what, fix, line=number))
    return relations, problems


def _check_names(document: Document) -> None:
    """Raise `DataError` for metadata and attribute names that the markup cannot represent."""
    problems = []
    for key, value in document.meta.items():
        if key == "id" or value is None:
            what = f"inline markup cannot represent the metadata key {key!r}"
            fix = "Rename the key if it is `id`, or remove the key if its value is null"
            problems.append(Problem("bad-meta", what, fix, document.id))
    items = [
        *((entity.id, entity.attributes, {"score"}) for entity in document.entities),
        *((str(r), r.attributes, {"score", "id"}) for r in document.relations),
    ]
    for item, attributes, reserved in items:
        for name in sorted(reserved & attributes.keys()):
            what, fix = (
                f"the attribute name {name!r} is reserved in inline markup",
                "Rename the attribute",
            )
            problems.append(Problem("bad-attribute", what, fix, document.id, item))
    if problems:
        raise DataError(problems)


def _render_text(document: Document) -> str:
    """Return the text with marked mentions; in `entities`, outer mentions must come first."""
    pieces: list[str] = []
    enclosing: list[Entity] = []
    position = 0

    def advance(offset: int) -> None:
        nonlocal position
        pieces.append(_escape(document.text[position:offset]))
        position = offset

    for entity in document.entities:
        while enclosing and enclosing[-1].end <= entity.start:
            advance(enclosing[-1].end)
            pieces.append(_render_tag(enclosing.pop()))
        advance(entity.start)
        pieces.append("[")
        enclosing.append(entity)
    while enclosing:
        advance(enclosing[-1].end)
        pieces.append(_render_tag(enclosing.pop()))
    advance(len(document.text))
    return "".join(pieces)


def _escape(text: str) -> str:
    return re.sub(r"([\[\]\\])", r"\\\1", text)


def _quote(value: str) -> str:
    return quote(value, safe=".:/")


def _render_tag(entity: Entity) -> str:
    ref = f"@{_quote(entity.ref)}" if entity.ref is not None else ""
    pairs = _render_pairs(entity.attributes, {"score": entity.score})
    return f"]({_quote(entity.label)}#{_quote(entity.id)}{ref}{pairs})"


def _render_relation(relation: Relation) -> str:
    head, label, tail = (_quote(v) for v in (relation.head, relation.label, relation.tail))
    pairs = _render_pairs(relation.attributes, {"id": relation.id, "score": relation.score})
    return f"#{head} {label} #{tail}{pairs}\n"


def _render_pairs(attributes: Mapping[str, str], fields: Mapping[str, str | float | None]) -> str:
    """Return ` key=value` for each attribute and for each field that is not None."""
    values = {key: str(value) for key, value in fields.items() if value is not None}
    return "".join(f" {_quote(k)}={_quote(v)}" for k, v in {**attributes, **values}.items())
