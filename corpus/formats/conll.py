"""conll: columns with one token per line, blank lines between sentences, and BIO tags.

Source: the CoNLL-2002 and CoNLL-2003 shared tasks (Tjong Kim Sang and De Meulder 2003). Columns are
separated by tabs, or by spaces in lines without tabs.

A line `-DOCSTART-` opens a document. The document id is the value of the column `id=…`
(percent-encoded), or `FILE-NUMBER` if the line has no such column. A line `# id = …` or
`# newdoc id = …` also opens a document. Directly after a line `-DOCSTART-` without an id, such a
line sets the id of the open document instead. A file without any of these lines is one document
with the file name as id. All other lines `# key = value` are left out and counted.

The format represents flat mentions with labels. The file contains only the tokens of a text: the
reader rebuilds the text with `tokens.detokenize`, one sentence per line, and keeps the tokens in
the metadata (`tokens`); the writer uses them. The writer counts the documents with a rebuilt text
that differs from the original text. The writer raises `DataError` for
labels with white space.

Read options:

- `token`, `tag`: the column of the tokens and the column of the tags, counted from 0; negative
  numbers count from the end (default: 0 and -1)
- `lang`: the language whose spacing rules rebuild the text; fr writes no-break spaces before
  `; : ! ?` and inside `« »` (default: no such spaces)
- `comments`: the lines that are comments: pairs (default; only lines `# key = value`), or all lines
  that begin with `#`
- `tabs`: the treatment of tabs and spaces at the end of lines: keep (default) or strip
- `scheme`: the tag scheme: detect (default), iob1, iob2, or bilou (also for IOBES)
- `repair`: the treatment of tags that break the scheme: error (default), conlleval (mentions begin
  and end at such tags, as in the program conlleval), or discard (mentions that contain such tags
  are left out)

Write options:

- `scheme`: the tag scheme: iob1, iob2 (default) or bilou
- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
- `keep`: which of nested mentions to write: outermost (default) or innermost
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared import bio, column_writer
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.column_reader import (
    ParsedDocument,
    SchemeOption,
    TagSequence,
    TokenLineReader,
    read_files,
)
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    FlatWriteOptions,
    Token,
    detokenize,
    split_tokens,
    token_layer,
)

CAPABILITIES = Capabilities(
    overlap="flat",
    same_span=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    tokens=True,
    meta=False,
)
DOCSTART = "-DOCSTART-"
"""The first column of a line that opens a document."""

_COMMENT = re.compile(r"# ?((?:newdoc )?[\w.:-]+) = (.*)")
_WHITE_SPACE = re.compile(r"\s")


class ReadOptions(Options, frozen=True):
    """Read options: columns, tags, spacing rules, comments, and tabs at the end of lines."""

    token: int = 0
    tag: int = -1
    scheme: SchemeOption = "detect"
    repair: bio.TagRepair = "error"
    lang: str = ""
    comments: Literal["pairs", "all"] = "pairs"
    tabs: Literal["keep", "strip"] = "keep"


class WriteOptions(FlatWriteOptions, frozen=True):
    """Write options: the tag scheme, besides those of all flat formats."""

    scheme: bio.TagScheme = "iob2"


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.conll`, `.bio` and `.iob` files below a folder."""

    def make_reader(file: Path, file_id: str) -> _Reader:
        return _Reader(file, file_id, notes, options.scheme, options.repair, options)

    return read_files(path, (".conll", ".bio", ".iob"), make_reader)


@dataclass(slots=True)
class _Sentence(TagSequence):
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader(TokenLineReader[_Sentence]):
    """A parser for one file; `opened` is the number of documents started so far."""

    options: ReadOptions
    opened: int = field(init=False, default=0)
    named: bool = field(init=False, default=False)
    """True if a line of the file specifies the id of the current document."""
    sentence: _Sentence = field(init=False, default_factory=_Sentence)

    def parse_line(self, line: str, number: int) -> ParsedDocument[_Sentence] | None:
        if self.options.tabs == "strip":
            line = line.rstrip("\t ")
        cells = re.split("\t" if "\t" in line else " +", line.strip(" "))
        comment = None if "\t" in line else _COMMENT.fullmatch(line)
        if cells[0] == DOCSTART:
            return self._open(_docstart_id(cells), number)
        if comment and comment[1] in ("id", "newdoc id"):
            return self._parse_id(comment[2].strip(), number)
        if comment or (line.startswith("#") and self.options.comments == "all"):
            self.note("comments left out", number)
        elif line.strip():
            self._parse_token(cells, number)
        else:
            self.sentence = _Sentence()
        return None

    def _open(self, id_: str, number: int) -> ParsedDocument[_Sentence]:
        self.opened += 1
        self.named = bool(id_)
        self.sentence = _Sentence()
        return self.open_document(id_ or f"{self.file_id}-{self.opened}", number)

    def _parse_id(self, id_: str, number: int) -> ParsedDocument[_Sentence] | None:
        """Open a document with this id.

        If the current document has no id and no tokens, set its id instead.
        """
        if self.named or self.document.sequences:
            return self._open(id_, number)
        self.document.id = id_ or self.document.id
        self.document.declared = self.named = True
        return None

    def _parse_token(self, cells: list[str], number: int) -> None:
        """Add a token to the current sentence, or report a line with too few columns."""
        last = len(cells) - 1
        columns = self.options.token, self.options.tag
        complete = last > 0 and all(-last - 1 <= column <= last for column in columns)
        if not complete or not (cells[self.options.token] and cells[self.options.tag]):
            fix = "Write a token and its tag in each line, or set token=, tag=, comments=all or "
            fix += "tabs=strip"
            what = "the line has too few columns, or the token or tag is empty"
            self.report("bad-conll", what, fix, number)
            return
        if not self.sentence.words:
            self.document.sequences.append(self.sentence)
        self.sentence.words.append(cells[self.options.token])
        self.sentence.tags.append(cells[self.options.tag])
        self.sentence.lines.append(number)

    def build(self, parsed: ParsedDocument[_Sentence], scheme: bio.TagScheme) -> Document:
        texts: list[str] = []
        entities: list[Entity] = []
        all_tokens: list[Token] = []
        offset = 0
        for sentence in parsed.sequences:
            text, tokens = detokenize(sentence.words, lang=self.options.lang)
            all_tokens += (Token(start + offset, end + offset) for start, end in tokens)
            for first, end, label in self.decode_tags(parsed, sentence, scheme):
                entity = Entity(
                    id=f"e{len(entities) + 1}",
                    start=tokens[first].start + offset,
                    end=tokens[end - 1].end + offset,
                    label=label,
                )
                entities.append(entity)
            texts.append(text)
            offset += len(text) + 1
        text = "\n".join(texts)
        return Document(parsed.id, text, tuple(entities), (), dict(token_layer(text, all_tokens)))


def _docstart_id(cells: list[str]) -> str:
    return next((unquote(cell[3:]) for cell in cells if cell.startswith("id=")), "")


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one file and return the number of documents."""

    def render(document: Document) -> str:
        return _render(document, options, notes)

    return column_writer.write_documents(documents, path, render, bad_label=_WHITE_SPACE)


def _render(document: Document, options: WriteOptions, notes: Notes) -> str:
    tokens = split_tokens(document, options, notes)
    mentions = column_writer.align_flat(document, tokens, policy=options.tokens, notes=notes)
    starts = column_writer.find_sentence_starts(document.text, tokens, mentions)
    spans: dict[int, list[bio.TokenSpan]] = {start: [] for start in starts}
    for entity, first, end in mentions:
        start = starts[bisect_right(starts, first) - 1]
        spans[start].append(bio.TokenSpan(first - start, end - start, entity.label))
    blocks, texts = [f"{DOCSTART}\tid={quote(document.id)}\tO\n"], []
    for start, end in pairwise([*starts, len(tokens)]):
        words = [document.text[token.start : token.end] for token in tokens[start:end]]
        tags = bio.encode_tags(spans[start], len(words), options.scheme)
        rows = (f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
        blocks.append("".join(rows))
        texts.append(detokenize(words, lang=options.lang)[0])
    rebuilt = "\n".join(texts) != document.text
    notes.add("texts with changed white space", f"document {document.id}", rebuilt)
    return "\n".join([*blocks, ""])
