"""conll: a token a line in columns, sentences parted by blank lines, tags in a BIO scheme.

Source: CoNLL-2002 and CoNLL-2003 shared tasks (Tjong Kim Sang and De Meulder 2003). Columns are
parted by tabs where a line has one, else by spaces. A line `-DOCSTART-` opens a document, whose id
is its column `id=…` (percent-encoded), or else the file's name and a number; so does a line
`# id = …` or `# newdoc id = …`, unless it follows such a line at once and names that document. A
file without either is one document named after the file. Other lines `# key = value` are left out.

Holds flat mentions with labels. Of the text it holds the tokens alone: reading rebuilds it by
`tokens.detokenize`, a sentence a line, and writing counts the documents where that gives another
text. Labels with white space are a `DataError`.

Reading: `token` and `tag` (columns from 0, from the end if negative; 0 and -1), `scheme` (detect,
iob1, iob2 or bilou, which IOBES is too) and `repair` of tags that break it (error; conlleval:
begin and end mentions there; discard: leave those mentions out). Writing: `scheme` (iob2) and
`tokens` for mentions off the tokens (expand, error or drop).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared import bio, columns
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import Policy, detokenize, tokenize
from aloi.corpus.problems import Problem

CAPABILITIES = Capabilities(
    overlap="flat",
    twins=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    meta=False,
)
DOCSTART = "-DOCSTART-"
_COMMENT = re.compile(r"# ?((?:newdoc )?[\w.:-]+) = (.*)")
_WHITE = re.compile(r"\s")


class ReadOptions(Options, frozen=True):
    """Which columns are read, and how."""

    token: int = 0
    tag: int = -1
    scheme: columns.Scheme = "detect"
    repair: bio.Repair = "error"


class WriteOptions(Options, frozen=True):
    """Scheme of the tags, and what becomes of mentions off the tokens."""

    scheme: bio.Scheme = "iob2"
    tokens: Policy = "expand"


@dataclass(slots=True)
class _Sentence:
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A document as found; `opened` by a line of its own, and `named` by one."""

    id: str
    line: int
    opened: bool = False
    named: bool = False
    sentences: list[_Sentence] = field(default_factory=lambda: [_Sentence()])

    @property
    def empty(self) -> bool:
        """Whether it has no tokens yet."""
        return not self.sentences[0].words


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.conll`, `.bio` and `.iob` files below a folder."""
    problems: list[Problem] = []
    return columns.gathered(_found(path, options, notes, problems), problems)


def _found(
    path: Path, options: ReadOptions, notes: Notes, problems: list[Problem]
) -> Iterator[tuple[Document, str, int]]:
    for file, name in columns.files(path, ".conll", ".bio", ".iob"):
        unheard = _Parts(file, name, options, Notes(), []).read()
        sequences = (sentence.tags for part in unheard for sentence in part.sentences)
        scheme = bio.scheme_of(sequences) if options.scheme == "detect" else options.scheme
        tags = columns.Tags(file, scheme, options.repair, notes, problems)
        for part in _Parts(file, name, options, notes, problems).read():
            if part.opened or not part.empty:
                yield _document(part, tags), str(file), part.line


@dataclass(slots=True)
class _Parts:
    """Reads a file's lines into the documents they make."""

    file: Path
    name: str
    options: ReadOptions
    notes: Notes
    problems: list[Problem]
    opened: int = 0

    def read(self) -> Iterator[_Part]:
        part = _Part(self.name, 1)
        for number, line in columns.lines(self.file, self.problems):
            cells = re.split("\t" if "\t" in line else " +", line.strip(" "))
            comment = None if "\t" in line else _COMMENT.fullmatch(line)
            if cells[0] == DOCSTART:
                yield part
                part = self.open(number, _id(cells))
            elif comment and comment[1] in ("id", "newdoc id"):
                if part.named or not part.empty:
                    yield part
                    part = self.open(number, comment[2].strip())
                else:
                    part.id, part.named = comment[2].strip() or part.id, True
                    part.opened = True
            elif comment:
                self.notes.add("comments left out", f"{self.file}:{number}")
            elif not line.strip():
                part.sentences.append(_Sentence()) if part.sentences[-1].words else None
            else:
                self.add(part, cells, number)
        yield part

    def open(self, number: int, id_: str) -> _Part:
        self.opened += 1
        return _Part(id_ or f"{self.name}-{self.opened}", number, opened=True, named=bool(id_))

    def add(self, part: _Part, cells: list[str], number: int) -> None:
        """Add a token's line to the last sentence."""
        sentence, options = part.sentences[-1], self.options
        last = len(cells) - 1
        if last and all(-last - 1 <= column <= last for column in (options.token, options.tag)):
            word, tag = cells[options.token], cells[options.tag]
        else:
            word, tag = "", ""
        if not word:
            what, fix = "too few columns", "Write a token and its tag a line, or name the columns"
            place = (part.id, None, str(self.file), number)
            self.problems.append(Problem("bad-conll", what, fix, *place))
        else:
            sentence.words.append(word)
            sentence.tags.append(tag)
            sentence.lines.append(number)


def _id(cells: list[str]) -> str:
    return next((unquote(cell[3:]) for cell in cells if cell.startswith("id=")), "")


def _document(part: _Part, tags: columns.Tags) -> Document:
    texts: list[str] = []
    entities: list[Entity] = []
    offset = 0
    for sentence in filter(lambda s: s.words, part.sentences):
        text, tokens = detokenize(sentence.words)
        for first, end, label in tags.spans(sentence.tags, sentence.lines, part.id):
            span = (tokens[first].start + offset, tokens[end - 1].end + offset)
            entities.append(Entity(f"e{len(entities) + 1}", *span, label))
        texts.append(text)
        offset += len(text) + 1
    return Document(part.id, "\n".join(texts), tuple(entities))


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one file."""
    return columns.write(
        documents, path, lambda document: _rendered(document, options, notes), unfit=_WHITE
    )


def _rendered(document: Document, options: WriteOptions, notes: Notes) -> str:
    tokens = tokenize(document.text)
    laid = columns.flat(document, tokens, policy=options.tokens, notes=notes)
    starts = columns.sentence_starts(document.text, tokens, laid)
    within: dict[int, list[bio.Span]] = {start: [] for start in starts}
    for entity, first, end in laid:
        start = starts[bisect_right(starts, first) - 1]
        within[start].append(bio.Span(first - start, end - start, entity.label))
    rows, texts = [f"{DOCSTART}\tid={quote(document.id)}\tO\n"], []
    for start, end in pairwise([*starts, len(tokens)]):
        words = [document.text[token.start : token.end] for token in tokens[start:end]]
        tags = bio.tags(within[start], len(words), options.scheme)
        rows.append("".join(f"{w}\t{t}\n" for w, t in zip(words, tags, strict=True)))
        texts.append(detokenize(words)[0])
    rebuilt = "\n".join(texts) != document.text
    notes.add("white space rebuilt from words", f"document {document.id}", rebuilt)
    return "\n".join([*rows, ""])
