"""hipe: the tables of the HIPE campaigns on historical newspapers, a token a line.

Source: HIPE-2020 and HIPE-2022 (https://hipe-eval.github.io/HIPE-2022,
https://github.com/hipe-eval/HIPE-2022-data): ten columns parted by tabs under a line of their
names; tags in IOB2; nothing is quoted. `# …document_id = …` opens a document; `# key = value`
lines at its head, before or after, are its metadata, those among its tokens are left out and
counted. NEL ids are the mentions' `ref` (`_` and NIL: none). The text is rebuilt from MISC: nothing
after a token with NoSpaceAfter, else a line end after EndOfLine, else a space. `Partial-m:n`
narrows a mention to these characters of its token. Other flags are left out and counted.

Holds flat mentions with labels and refs, and metadata of one line; of the text, tokens and gaps of
"", " " or a line end: writing counts the documents that come back with another text, and refs that
are no single word. Labels with white space and ids that do not fit in a line are a `DataError`.

Reading: `layer`, a column: coarse (the default) or fine literal sense, metonymic (coarse), or
nested (the inner mentions alone; without refs); `repair` of tags that break IOB2 (error; conlleval:
begin and end mentions there; discard: leave those mentions out). Writing: into the coarse column;
`tokens` for mentions off the tokens (expand, error or drop).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared import bio, columns
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import Laid, OnTokens, Token, tokenize
from aloi.corpus.problems import Problem

NAMES = (
    "TOKEN",
    "NE-COARSE-LIT",
    "NE-COARSE-METO",
    "NE-FINE-LIT",
    "NE-FINE-METO",
    "NE-FINE-COMP",
    "NE-NESTED",
    "NEL-LIT",
    "NEL-METO",
    "MISC",
)
APPLICABLE = "hipe2022:applicable_columns"
CAPABILITIES = Capabilities(
    overlap="flat",
    twins=False,
    entity_ids=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    meta=False,
    meta_lines=re.compile(rf"(?!\S*document_id$|{APPLICABLE}$)[^\s=]+"),
)
WriteOptions = OnTokens
_LAYERS = {
    "coarse": ("NE-COARSE-LIT", "NEL-LIT"),
    "fine": ("NE-FINE-LIT", "NEL-LIT"),
    "metonymic": ("NE-COARSE-METO", "NEL-METO"),
    "nested": ("NE-NESTED", ""),
}
_COMMENT = re.compile(r"#\s*([^\s=]+)\s*=(.*)")
_PARTIAL = re.compile(r"Partial-([0-9]{1,9}):([0-9]{1,9})")
_WHITE = re.compile(r"\s")
_NO_REF = frozenset(("", "_", "NIL", "O"))
_TOLD = frozenset(("_", "", "NoSpaceAfter", "EndOfLine"))
"""The flags that the text keeps."""


class ReadOptions(Options, frozen=True):
    """Which annotation is read, and how."""

    layer: Literal["coarse", "fine", "metonymic", "nested"] = "coarse"
    repair: bio.Repair = "error"


@dataclass(frozen=True, slots=True)
class _Row:
    """A token; a mention covers it but for the characters `before` and `after`."""

    word: str
    tag: str
    ref: str
    flags: tuple[str, ...]
    before: int
    after: int
    line: int


@dataclass(slots=True)
class _Part:
    """A document as found; `heading` while its head may go on."""

    id: str
    line: int
    opened: bool = False
    heading: bool = False
    meta: dict[str, str] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.tsv` files below a folder."""
    problems: list[Problem] = []
    return columns.gathered(_found(path, options, notes, problems), problems)


def _found(
    path: Path, options: ReadOptions, notes: Notes, problems: list[Problem]
) -> Iterator[tuple[Document, str, int]]:
    for file, name in columns.files(path, ".tsv"):
        tags = columns.Tags(file, "iob2", options.repair, notes, problems)
        for part in _Parts(tags, name, options.layer).read():
            if part.opened or part.rows:
                yield _document(part, tags, narrow=options.layer != "nested"), str(file), part.line


@dataclass(slots=True)
class _Parts:
    """Reads a file's lines into the documents they make."""

    tags: columns.Tags
    name: str
    layer: str
    names: tuple[str, ...] = NAMES
    pending: list[tuple[str, str]] = field(default_factory=list)

    def read(self) -> Iterator[_Part]:
        part = _Part(self.name, 1)
        for number, line in columns.lines(self.tags.file, self.tags.problems):
            if line.startswith("# ") or (line.startswith("#") and "\t" not in line):
                comment = _COMMENT.fullmatch(line)
                key, value = (comment[1], comment[2].strip()) if comment else ("", "")
                if re.search(r"(?:^|:)document_id$", key):
                    yield part
                    part = _Part(value or f"{self.name}-{number}", number, True, True)
                    part.meta |= self.pending
                    self.pending.clear()
                else:
                    self.comment(part, key, value, number)
            elif line.startswith("TOKEN\tNE-"):
                self.header(line.split("\t"), number)
            elif line.strip():
                self.row(part, line.split("\t"), number)
            else:
                part.heading = False
        self.noted("comments left out", part.line, len(self.pending))
        yield part

    def comment(self, part: _Part, key: str, value: str, number: int) -> None:
        """Metadata of the document whose head this is, or of one that opens further down."""
        if not key or (part.heading and key in part.meta):
            self.noted("comments left out", number)
        elif part.heading and key != APPLICABLE:
            part.meta[key] = value
        elif key != APPLICABLE:
            self.pending.append((key, value))

    def header(self, names: list[str], number: int) -> None:
        missing = sorted({"TOKEN", "MISC", *_LAYERS[self.layer]}.difference(names, [""]))
        self.names = NAMES if missing else tuple(names)
        if missing:
            what = f"no column {', '.join(missing)}"
            self.problem(what, "Name it, or read another layer", number)

    def row(self, part: _Part, cells: list[str], number: int) -> None:
        if self.pending and not part.rows and not part.opened:
            part.meta |= self.pending
        elif self.pending:
            self.noted("comments left out", number, len(self.pending))
        self.pending.clear()
        part.heading = False
        if len(cells) != len(self.names) or not cells[0]:
            what = f"{len(cells)} columns, not {len(self.names)} with a token first"
            self.problem(what, "Part all columns by tabs, with `_` in empty ones", number, part.id)
            return
        row = dict(zip(self.names, cells, strict=True))
        tag, ref = (row.get(name, "") for name in _LAYERS[self.layer])
        flags = tuple(row["MISC"].split("|"))
        outside = self.partial(flags, row["TOKEN"], number, part.id)
        tag = "O" if tag in ("_", "") else tag
        part.rows.append(_Row(row["TOKEN"], tag, ref, flags, *outside, number))

    def partial(
        self, flags: Iterable[str], word: str, number: int, document: str
    ) -> tuple[int, int]:
        """How many characters of a word lie before and after the mention in it."""
        for match in filter(None, map(_PARTIAL.fullmatch, flags)):
            first, end = int(match[1]), int(match[2])
            if first < end <= len(word):
                return first, len(word) - end
            what = f"{match[0]} of a token of {len(word)} characters"
            self.problem(what, "Correct or remove it", number, document)
        return 0, 0

    def noted(self, what: str, line: int, count: int = 1) -> None:
        self.tags.notes.add(what, f"{self.tags.file}:{line}", count)

    def problem(self, what: str, fix: str, line: int, document: str | None = None) -> None:
        place = (document, None, str(self.tags.file), line)
        self.tags.problems.append(Problem("bad-hipe", what, fix, *place))


def _document(part: _Part, tags: columns.Tags, *, narrow: bool) -> Document:
    rows = part.rows
    text, tokens = _laid([row.word for row in rows], [row.flags for row in rows])
    entities = []
    spans = tags.spans([row.tag for row in rows], [row.line for row in rows], part.id)
    for number, (first, end, label) in enumerate(spans, start=1):
        start, stop = tokens[first].start, tokens[end - 1].end
        if narrow:
            start += rows[first].before
            stop -= rows[end - 1].after
        ref = _ref(rows[first:end], tags)
        entities.append(Entity(f"e{number}", start, stop, label, ref))
    for row in rows:
        left_out = sum(flag not in _TOLD and not _PARTIAL.fullmatch(flag) for flag in row.flags)
        tags.notes.add("flags of MISC left out", f"{tags.file}:{row.line}", left_out)
    return Document(part.id, text, tuple(entities), (), dict(part.meta))


def _ref(rows: Sequence[_Row], tags: columns.Tags) -> str | None:
    """The id that the first of a mention's tokens links to."""
    ref = rows[0].ref
    differing = any(row.ref != ref for row in rows)
    place = f"{tags.file}:{rows[0].line}"
    tags.notes.add("refs that differ within a mention read as the first", place, differing)
    return None if ref in _NO_REF else ref


def _laid(words: Sequence[str], flags: Sequence[Sequence[str]]) -> tuple[str, list[Token]]:
    """The text that words and their flags make, and each word's place in it."""
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    gap = ""
    for word, told in zip(words, flags, strict=True):
        start = position + len(gap)
        pieces += [gap, word]
        position = start + len(word)
        tokens.append(Token(start, position))
        gap = "" if "NoSpaceAfter" in told else "\n" if "EndOfLine" in told else " "
    return "".join(pieces), tokens


def write(documents: Iterable[Document], path: Path, options: OnTokens, notes: Notes) -> int:
    """Write one file."""
    return columns.write(
        documents,
        path,
        lambda document: _rendered(document, options, notes),
        unfit=_WHITE,
        head="\t".join(NAMES) + "\n",
    )


def _rendered(document: Document, options: OnTokens, notes: Notes) -> str:
    columns.check_id(document)
    text = document.text
    tokens = tokenize(text)
    words = [text[token.start : token.end] for token in tokens]
    flags = _flags(text, tokens)
    rebuilt = _laid(words, flags)[0] != text
    notes.add("white space rebuilt from words", f"document {document.id}", rebuilt)
    laid = columns.flat(document, tokens, policy=options.tokens, notes=notes)
    tags = bio.tags([bio.Span(first, end, e.label) for e, first, end in laid], len(tokens))
    refs = _refs(laid, len(tokens), notes, f"document {document.id}")
    lines = [f"# hipe2022:document_id = {document.id}"]
    lines += [f"# {key} = {value}" for key, value in document.meta.items()]
    lines += [f"# {APPLICABLE} = TOKEN NE-COARSE-LIT NEL-LIT MISC"]
    for word, tag, ref, told in zip(words, tags, refs, flags, strict=True):
        lines.append("\t".join([word, tag, *"_____", ref, "_", *(told or "_")]))
    return "\n".join([*lines, "", ""])


def _flags(text: str, tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """What MISC tells of the gap after each token; nothing after the last."""
    flags: list[tuple[str, ...]] = []
    for token, following in pairwise(tokens):
        gap = text[token.end : following.start]
        flags.append(() if "\n" not in gap and gap else ("EndOfLine" if gap else "NoSpaceAfter",))
    return [*flags, ()] if tokens else []


def _refs(laid: Iterable[Laid], length: int, notes: Notes, place: str) -> list[str]:
    """The NEL cell of each token."""
    cells = ["_"] * length
    for entity, first, end in laid:
        fits = entity.ref not in _NO_REF and not _WHITE.search(entity.ref or "")
        notes.add("refs lost", place, entity.ref is not None and not fits)
        if entity.ref and fits:
            cells[first:end] = [entity.ref] * (end - first)
    return cells
