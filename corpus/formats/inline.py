r"""Inline markup: annotated text that a person can type in any editor.

Source: aloi's own. A file holds documents one after the other, each in three parts, every part
opened by a line that is exactly `+++`: TOML metadata (with the `id`), the text to the character,
and one relation a line.

    +++
    id = "d1"
    +++
    Le [président [russe](NORP)](ROLE#r@poutine) [Poutine](PER#p@poutine)
    +++
    #p HAS_ROLE #r assertion=attributed

A mention is `[surface](LABEL#id@ref key=value)`: `#id`, `@ref` and attributes are optional, in
this order. Mentions without an id are numbered e1, e2 … in order of opening. In the text `\[`,
`\]` and `\\` stand for the characters themselves, and a line that is exactly `+++` is written
`\+++`. In labels, ids, refs, keys and values, characters other than letters, digits and `_-.:/`
are percent-encoded (UTF-8).

Holds everything a document has, except mentions that cross without nesting, which are lost, and
metadata named `id` or null, for which `render` raises `DataError`. The key `score` of a mention or
relation, and `id` of a relation, are its own fields, so attributes cannot bear these names.
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

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.files import atomic_text_file
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

FENCE = "+++"
_FENCE_LINE = re.compile(r"^\+\+\+\r?(?:\n|\Z)", re.MULTILINE)
_FENCE_LIKE = re.compile(r"^(\\*\+\+\+\r?)$", re.MULTILINE)
_TOKEN = re.compile(r"\\([\[\]\\])|(\[)|\]\(([^()\s]+(?: [^()\n]*)?)\)|([\]\\])|([^\[\]\\]+)")
_TAG = re.compile(r"([^#@\s]+)(?:#([^#@\s]+))?(?:@([^#@\s]+))?")
_RELATION = re.compile(r"#(\S+) (\S+) #(\S+)((?: +\S+)*) *")


CAPABILITIES = Capabilities(overlap="nested")
ReadOptions = WriteOptions = Options


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.inline` files below a folder."""
    problems: list[Problem] = []
    for file in sorted(path.rglob("*.inline")) if path.is_dir() else [path]:
        try:
            yield from parse(_content(file))
        except DataError as error:
            problems += [problem.at(file=str(file)) for problem in error.problems]
    if problems:
        raise DataError(problems)


def write(
    documents: Iterable[Document],
    path: Path,
    options: Options,
    notes: Notes,
) -> int:
    """Write one file of documents."""
    with atomic_text_file(path) as stream:
        return sum(bool(stream.write(piece)) for piece in render(documents))


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"not UTF-8: {error}"
        raise DataError([Problem("bad-inline", what, "Save it as UTF-8")]) from error


def parse(content: str) -> Iterator[Document]:
    """The documents of a file's content.

    Raises `DataError` after the last document, with the line of each thing wrong.
    """
    problems: list[Problem] = []
    for part in _parts(content):
        try:
            yield _document(part)
        except DataError as error:
            problems += [problem.at(line=part.text_line) for problem in error.problems]
    if problems:
        raise DataError(problems)


def render(documents: Iterable[Document]) -> Iterator[str]:
    """The markup of each document, whose mentions must not cross.

    Raises `DataError` for metadata and attribute names that the markup uses itself.
    """
    for document in documents:
        _check_names(document)
        meta = tomli_w.dumps({"id": document.id, **document.meta})
        relations = "".join(map(_relation_line, document.relations))
        text = _FENCE_LIKE.sub(r"\\\1", _mark(document))
        yield f"{FENCE}\n{meta}{FENCE}\n{text}\n{FENCE}\n{relations}"


@dataclass(frozen=True, slots=True)
class _Part:
    """The three parts of one document, and the file lines where they begin."""

    meta: str
    text: str
    relations: str
    meta_line: int
    text_line: int
    relations_line: int


def _parts(content: str) -> Iterator[_Part]:
    fences = list(_FENCE_LINE.finditer(content))
    if not fences or len(fences) % 3 or content[: fences[0].start()].strip():
        what = f"{len(fences)} lines `{FENCE}`, not three for each document"
        fix = f"Open metadata, text and relations each with a line `{FENCE}`"
        raise DataError([Problem("bad-inline", what, fix, line=1)])
    ends = [fence.start() for fence in fences[1:]] + [len(content)]
    chunks = [content[fence.end() : end] for fence, end in zip(fences, ends, strict=True)]
    lines = [content.count("\n", 0, fence.end()) + 1 for fence in fences]
    for i in range(0, len(chunks), 3):
        text = _FENCE_LIKE.sub(lambda m: m[1][1:] if m[1][0] == "\\" else m[1], chunks[i + 1])
        yield _Part(chunks[i], text.removesuffix("\n"), chunks[i + 2], *lines[i : i + 3])


def _document(part: _Part) -> Document:
    problems: list[Problem] = []
    meta = _meta(part, problems)
    text, entities = _Marks(part.text_line, problems).read(part.text)
    relations = _relations(part, problems)
    if problems:
        raise DataError(problems)
    return Document(str(meta.pop("id")), text, tuple(entities), tuple(relations), meta)


def _meta(part: _Part, problems: list[Problem]) -> dict[str, Any]:
    try:
        meta = {key: _plain(value) for key, value in tomllib.loads(part.meta).items()}
    except tomllib.TOMLDecodeError as error:
        fix = 'Write TOML, as in: title = "…"'
        problems.append(Problem("bad-inline", f"metadata: {error}", fix, line=part.meta_line))
        return {"id": "?"}
    if "id" not in meta:
        fix = 'Add a line such as: id = "d1"'
        problems.append(Problem("missing-key", "no id in the metadata", fix, line=part.meta_line))
    return meta


def _plain(value: Any) -> Any:  # noqa: ANN401 - TOML values are of any type
    """TOML's dates as ISO text, since metadata is JSON."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


@dataclass
class _Marks:
    """Reads marked text: the characters, and the mentions in order of opening."""

    line: int
    problems: list[Problem]
    characters: list[str] = field(default_factory=list)
    length: int = 0
    opened: list[tuple[int, int]] = field(default_factory=list)
    found: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    def read(self, marked: str) -> tuple[str, list[Entity]]:
        for token in _TOKEN.finditer(marked):
            escaped, opening, tag, stray, plain = token.groups()
            if opening:
                self.opened.append((len(self.opened) + len(self.found), self.length))
            elif tag and self.opened:
                order, start = self.opened.pop()
                self.found[order] = (start, self.length, tag)
                if not _TAG.fullmatch(tag.split(" ")[0]) or not _well_formed(tag.split(" ")[1:]):
                    fix = "Write (LABEL#id@ref key=value), in this order; a score is a number"
                    self._problem(f"`({tag})` is no tag", fix, marked, token.start())
            elif tag or stray:
                fix = "Close a mention as [surface](LABEL); write a plain bracket as \\[ or \\]"
                self._problem(f"`{token[0][:20]}` closes nothing", fix, marked, token.start())
            else:
                self.characters.append(escaped or plain)
                self.length += len(escaped or plain)
        for _, start in self.opened:
            around = "".join(self.characters)[start : start + 20]
            fix = "Close it as [surface](LABEL), or write a plain bracket as \\["
            self._problem(f"`[{around}` is never closed", fix, marked, marked.find("[" + around))
        return "".join(self.characters), [] if self.problems else self._entities()

    def _problem(self, what: str, fix: str, marked: str, position: int) -> None:
        line = self.line + marked.count("\n", 0, max(position, 0))
        self.problems.append(Problem("bad-inline", what, fix, line=line))

    def _entities(self) -> list[Entity]:
        entities = [_entity(*self.found[order]) for order in sorted(self.found)]
        taken = {entity.id for entity in entities}
        free = (f"e{n}" for n in itertools.count(1) if f"e{n}" not in taken)
        return [
            entity if entity.id else msgspec.structs.replace(entity, id=next(free))
            for entity in entities
        ]


def _entity(start: int, end: int, tag: str) -> Entity:
    head, *pairs = tag.split(" ")
    label, id_, ref = _TAG.fullmatch(head).groups()  # type: ignore[union-attr]
    attributes = _attributes(pairs)
    score = attributes.pop("score", None)
    return Entity(
        unquote(id_ or ""),
        start,
        end,
        unquote(label),
        unquote(ref) if ref else None,
        attributes,
        float(score) if score else None,
    )


def _well_formed(pairs: Iterable[str]) -> bool:
    """Whether each is key=value, and a score a number."""
    try:
        float(_attributes(pairs).get("score") or 0)
    except ValueError:
        return False
    return all("=" in pair for pair in pairs if pair)


def _attributes(pairs: Iterable[str]) -> dict[str, str]:
    split = (pair.partition("=") for pair in pairs if pair)
    return {unquote(key): unquote(value) for key, _, value in split}


def _relations(part: _Part, problems: list[Problem]) -> list[Relation]:
    relations = []
    for line, written in enumerate(part.relations.split("\n"), part.relations_line):
        match = _RELATION.fullmatch(written.strip())
        if match and _well_formed(match[4].split(" ")):
            head, label, tail = (unquote(match[i]) for i in (1, 2, 3))
            attributes = _attributes(match[4].split(" "))
            id_, score = attributes.pop("id", None), attributes.pop("score", None)
            number = float(score) if score else None
            relations.append(Relation(head, tail, label, id_, attributes, number))
        elif written.strip():
            fix = "Write `#head LABEL #tail`, then key=value if need be"
            what = f"not a relation: {written.strip()[:60]}"
            problems.append(Problem("bad-inline", what, fix, line=line))
    return relations


def _check_names(document: Document) -> None:
    """Raise `DataError` for every name that would be read back as something else."""
    problems = [
        Problem("bad-meta", f"inline markup cannot hold the metadata {key!r}", fix, document.id)
        for key, value in document.meta.items()
        if key == "id" or value is None
        for fix in ["Rename a key `id`; leave out keys without a value"]
    ]
    bearers = [
        *((entity.id, entity.attributes, {"score"}) for entity in document.entities),
        *((str(r), r.attributes, {"score", "id"}) for r in document.relations),
    ]
    for item, attributes, own in bearers:
        for name in sorted(own & attributes.keys()):
            what, fix = f"an attribute cannot be named {name!r} in inline markup", "Rename it"
            problems.append(Problem("bad-attribute", what, fix, document.id, item))
    if problems:
        raise DataError(problems)


def _mark(document: Document) -> str:
    """The text with its mentions marked; entities come outer before inner."""
    pieces: list[str] = []
    open_: list[Entity] = []
    position = 0

    def advance(to: int) -> None:
        nonlocal position
        pieces.append(_escape(document.text[position:to]))
        position = to

    for entity in document.entities:
        while open_ and open_[-1].end <= entity.start:
            advance(open_[-1].end)
            pieces.append(_tag(open_.pop()))
        advance(entity.start)
        pieces.append("[")
        open_.append(entity)
    while open_:
        advance(open_[-1].end)
        pieces.append(_tag(open_.pop()))
    advance(len(document.text))
    return "".join(pieces)


def _escape(text: str) -> str:
    return re.sub(r"([\[\]\\])", r"\\\1", text)


def _quote(value: str) -> str:
    return quote(value, safe=".:/")


def _tag(entity: Entity) -> str:
    ref = f"@{_quote(entity.ref)}" if entity.ref is not None else ""
    own = {"score": entity.score}
    return f"]({_quote(entity.label)}#{_quote(entity.id)}{ref}{_pairs(entity.attributes, own)})"


def _relation_line(relation: Relation) -> str:
    own = {"id": relation.id, "score": relation.score}
    head, label, tail = (_quote(v) for v in (relation.head, relation.label, relation.tail))
    return f"#{head} {label} #{tail}{_pairs(relation.attributes, own)}\n"


def _pairs(attributes: Mapping[str, str], own: Mapping[str, str | float | None]) -> str:
    given = {key: str(value) for key, value in own.items() if value is not None}
    return "".join(f" {_quote(k)}={_quote(v)}" for k, v in {**attributes, **given}.items())
