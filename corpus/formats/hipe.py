"""hipe: the TSV format of the HIPE campaigns on historical newspapers, with one token per line.

Source: HIPE-2020 and HIPE-2022 (https://hipe-eval.github.io/HIPE-2022,
https://github.com/hipe-eval/HIPE-2022-data). A file has ten columns separated by tabs, and
a first line with the column names. Tags are in IOB2, or in IOBES in some submissions; cells are not
quoted. `O` means `_` in columns that do not apply.

`# …document_id = …` opens a document. The lines `# key = value` before the first token, above or
below the line with the id, are the metadata; such lines after the first token are left out and
counted. NEL ids become the `ref` of mentions; `_` and NIL mean that there is no ref. The reader
rebuilds the text from the tokens and the flags in MISC: no space after a token with NoSpaceAfter, a
line end after a token with EndOfLine, and a space after all other tokens. `Partial-m:n` limits a
mention to the characters m to n (exclusive) of its token. All other flags are left out
and counted. The reader keeps the tokens in the metadata (`tokens`); the writer uses them, and marks
mentions inside tokens as `Partial`.

The format represents flat mentions with labels and refs, and metadata with one-line values. The
text between two tokens can only be empty, a space or a line end. The writer counts the documents
with a rebuilt text that differs from the original text, and drops refs that contain white space.
The writer raises `DataError` for labels with white space, and for document ids that contain line
breaks or begin or end with white space.

Read options:

- `layer`: the columns to read: coarse (default), fine, metonymic (the coarse metonymic column), or
  nested (only the inner mentions, without refs)
- `scheme`: the tag scheme: detect (default: bilou if a tag begins with S, E, L or U, otherwise
  iob2), iob1, iob2 or bilou (which includes IOBES)
- `repair`: the treatment of tags that break the scheme: error (default), conlleval (mentions begin
  and end at such tags, as in the program conlleval), or discard (mentions that contain such tags
  are left out)
- `gold`: a HIPE file with the same tokens, such as the gold of a HIPE submission. Text, metadata
  and flags are taken from this file, and so are documents if no line contains a document id. A
  token may be quoted, with its quotes doubled.

Write options (mentions are written to the coarse columns):

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
- `keep`: which of nested mentions to write: outermost (default) or innermost
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

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
    TOKENS_KEY,
    AlignedMention,
    FlatWriteOptions,
    Token,
    cut_at_mentions,
    source_tokens,
    split_tokens,
    token_layer,
)
from aloi.corpus.problems import DataError, Problem

COLUMN_NAMES = (
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
APPLICABLE_COLUMNS = "hipe2022:applicable_columns"
"""The metadata key for the list of annotated columns; it is written, but not read."""

CAPABILITIES = Capabilities(
    overlap="flat",
    same_span=False,
    entity_ids=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    tokens=True,
    meta=False,
    meta_lines=re.compile(rf"(?!\S*document_id$|{APPLICABLE_COLUMNS}$)[^\s=]+"),
)
WriteOptions = FlatWriteOptions
Layer = Literal["coarse", "fine", "metonymic", "nested"]
_LAYERS: dict[Layer, tuple[str, str]] = {
    "coarse": ("NE-COARSE-LIT", "NEL-LIT"),
    "fine": ("NE-FINE-LIT", "NEL-LIT"),
    "metonymic": ("NE-COARSE-METO", "NEL-METO"),
    "nested": ("NE-NESTED", ""),
}
"""The tag column and the ref column of each layer; an empty name means no column."""

_COMMENT = re.compile(r"#\s*([^\s=]+)\s*=(.*)")
_DOCUMENT_ID_KEY = re.compile(r"(?:^|:)document_id$")
_PARTIAL = re.compile(r"Partial-([0-9]{1,9}):([0-9]{1,9})")
_WHITE_SPACE = re.compile(r"\s")
_NO_REF = frozenset(("", "_", "NIL", "O"))
_SPACING_FLAGS = frozenset(("_", "", "O", "NoSpaceAfter", "EndOfLine"))
"""The values of MISC that are empty or represented in the text, so they are not left out."""


class ReadOptions(Options, frozen=True):
    """The annotation layer, the tag scheme, the treatment of invalid tags, and a gold file."""

    layer: Layer = "coarse"
    scheme: SchemeOption = "detect"
    repair: bio.TagRepair = "error"
    gold: str = ""


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.tsv` files below a folder."""
    gold = _parse_gold(Path(options.gold)) if options.gold else None

    def make_reader(file: Path, file_id: str) -> _Reader:
        return _Reader(file, file_id, notes, options.scheme, options.repair, options.layer, gold)

    return read_files(path, (".tsv",), make_reader)


def _parse_gold(path: Path) -> tuple[ParsedDocument[_Rows], ...]:
    """Return the parsed documents of a gold file; raise `DataError` if there are problems."""
    reader = _Reader(path, path.stem, Notes(), "iob2", "conlleval", "coarse", None)
    documents = [each for each in reader.parse() if each.declared or each.sequences]
    problems = [problem for each in documents for problem in each.problems]
    if problems:
        raise DataError(problems)
    return tuple(documents)


@dataclass(frozen=True, slots=True)
class _Row:
    """A token with its ref and flags.

    `before` and `after` are the numbers of characters at the start and at the end of the token that
    the mention does not include.
    """

    word: str
    ref: str
    flags: tuple[str, ...]
    before: int
    after: int


@dataclass(slots=True)
class _Rows(TagSequence):
    """All rows of a document, as one tag sequence: a mention may span several sentences."""

    rows: list[_Row] = field(default_factory=list)


@dataclass(slots=True)
class _Reader(TokenLineReader[_Rows]):
    """Parses the lines of a file; `pending` is metadata for the next document.

    If `gold` is given, tokens must equal those of gold, and text and flags are taken from gold.
    """

    layer: Layer
    gold: tuple[ParsedDocument[_Rows], ...] | None
    columns: tuple[str, ...] = field(init=False, default=COLUMN_NAMES)
    pending: list[tuple[str, str]] = field(init=False, default_factory=list)

    def parse(self) -> Iterator[ParsedDocument[_Rows]]:
        # Without arguments, super() does not work in a dataclass with slots.
        documents = TokenLineReader.parse(self)
        return documents if self.gold is None else self._align(documents, self.gold)

    def _detect_scheme(self) -> bio.TagScheme:
        return "bilou" if TokenLineReader._detect_scheme(self) == "bilou" else "iob2"

    def _align(
        self, documents: Iterable[ParsedDocument[_Rows]], gold: Sequence[ParsedDocument[_Rows]]
    ) -> Iterator[ParsedDocument[_Rows]]:
        """Yield the documents with the text and flags of gold.

        A document without a line that opens it is divided into the documents of gold.
        """
        by_id = {each.id: each for each in gold}
        for document in documents:
            if not document.declared:
                yield from self._divide(document, gold if document.sequences else ())
            elif document.id in by_id:
                yield from self._divide(document, [by_id[document.id]])
            else:
                fix = "Correct the document id, or remove the lines with document ids"
                what = "gold does not contain this document"
                self.report("extra-document", what, fix, document.line, document)
                yield document

    def _divide(
        self, document: ParsedDocument[_Rows], gold: Sequence[ParsedDocument[_Rows]]
    ) -> Iterator[ParsedDocument[_Rows]]:
        """Yield one document for each document of gold, or the document with its problems."""
        found = _rows_of(document)
        expected = [row for each in gold for row in _rows_of(each).rows]
        self._compare_tokens(document, found, expected)
        if document.problems or not gold:
            yield document
            return
        first = 0
        for each in gold:
            rows = _rows_of(each).rows
            part = slice(first, first + len(rows))
            first += len(rows)
            merged = [
                replace(row, ref=own.ref) for row, own in zip(rows, found.rows[part], strict=True)
            ]
            sequence = _Rows(found.tags[part], found.lines[part], merged)
            line = found.lines[part][0] if rows else document.line
            meta = document.meta or each.meta
            sequences = [sequence] if rows else []
            yield ParsedDocument(each.id, line, declared=True, meta=meta, sequences=sequences)

    def _compare_tokens(
        self, document: ParsedDocument[_Rows], found: _Rows, expected: Sequence[_Row]
    ) -> None:
        """Report the first token that differs from gold."""
        if document.problems:
            return
        fix = "Use the tokens of gold, one per line and in the same order"
        for row, own, line in zip(expected, found.rows, found.lines, strict=False):
            if row.word not in (own.word, _unquote(own.word)):
                what = f"the token {own.word!r} differs from gold, which contains {row.word!r}"
                self.report("different-token", what, fix, line, document)
                return
        if len(found.rows) != len(expected):
            line = found.lines[-1] if found.lines else document.line
            what = f"expected {len(expected)} tokens as in gold, found {len(found.rows)}"
            self.report("different-token", what, fix, line, document)

    def finish(self) -> None:
        self.note("comments left out", self.document.line, len(self.pending))

    def parse_line(self, line: str, number: int) -> ParsedDocument[_Rows] | None:
        if line.startswith("# ") or (line.startswith("#") and "\t" not in line):
            comment = _COMMENT.fullmatch(line)
            key, value = (comment[1], comment[2].strip()) if comment else ("", "")
            if _DOCUMENT_ID_KEY.search(key):
                id_ = value or f"{self.file_id}-{number}"
                finished = self.open_document(id_, number, in_header=True)
                self.document.meta |= self.pending
                self.pending.clear()
                return finished
            self._parse_comment(key, value, number)
        elif line.startswith("TOKEN\tNE-"):
            self._parse_column_names(line.split("\t"), number)
        elif line.strip():
            self._parse_row(line.split("\t"), number)
        else:
            self.document.in_header = False
        return None

    def _parse_comment(self, key: str, value: str, number: int) -> None:
        """Add metadata to the current document, or keep it for the next document."""
        document = self.document
        if not key or (document.in_header and key in document.meta):
            self.note("comments left out", number)
        elif document.in_header and key != APPLICABLE_COLUMNS:
            document.meta[key] = value
        elif key != APPLICABLE_COLUMNS:
            self.pending.append((key, value))

    def _parse_column_names(self, names: list[str], number: int) -> None:
        missing = sorted({"TOKEN", "MISC", *_LAYERS[self.layer]}.difference(names, [""]))
        self.columns = COLUMN_NAMES if missing else tuple(names)
        if missing:
            what = f"missing columns: {', '.join(missing)}"
            fix = "Add the columns, or choose a different layer with layer="
            problem = Problem("bad-hipe", what, fix, file=str(self.file), line=number)
            self.document.problems.append(problem)

    def _parse_row(self, cells: list[str], number: int) -> None:
        """Add a token to the current document, or report an invalid row."""
        self._use_pending(number)
        self.document.in_header = False
        if len(cells) != len(self.columns) or not cells[0]:
            what = "the token is empty"
            if len(cells) != len(self.columns):
                what = f"expected {len(self.columns)} columns, found {len(cells)}"
            fix = "Separate columns by tabs, and write `_` in empty columns"
            self.report("bad-hipe", what, fix, number)
            return
        row = dict(zip(self.columns, cells, strict=True))
        tag, ref = (row.get(column, "") for column in _LAYERS[self.layer])
        flags = tuple(row["MISC"].split("|"))
        margins = self._parse_partial(flags, row["TOKEN"], number)
        if not self.document.sequences:
            self.document.sequences.append(_Rows())
        sequence = self.document.sequences[0]
        sequence.rows.append(_Row(row["TOKEN"], ref, flags, *margins))
        sequence.tags.append("O" if tag in ("_", "") else tag)
        sequence.lines.append(number)

    def _use_pending(self, number: int) -> None:
        """Add pending metadata to the current document if it has no id line and no tokens.

        Otherwise, drop and count the pending metadata.
        """
        document = self.document
        if self.pending and not document.sequences and not document.declared:
            document.meta |= self.pending
        elif self.pending:
            self.note("comments left out", number, len(self.pending))
        self.pending.clear()

    def _parse_partial(self, flags: Iterable[str], word: str, number: int) -> tuple[int, int]:
        """Return how many characters of a word precede and follow the mention inside the word."""
        for match in filter(None, map(_PARTIAL.fullmatch, flags)):
            first, end = int(match[1]), int(match[2])
            if first < end <= len(word):
                return first, len(word) - end
            what = f"the flag {match[0]} is invalid in a token of {len(word)} characters"
            self.report("bad-hipe", what, "Correct or remove the flag", number)
        return 0, 0

    def build(self, parsed: ParsedDocument[_Rows], scheme: bio.TagScheme) -> Document:
        sequence = _rows_of(parsed)
        rows = sequence.rows
        text, tokens = _join_words([row.word for row in rows], [row.flags for row in rows])
        entities = []
        spans = self.decode_tags(parsed, sequence, scheme)
        for number, (first, end, label) in enumerate(spans, start=1):
            start, stop = tokens[first].start, tokens[end - 1].end
            if self.layer != "nested":  # the flag Partial belongs to the outer mention
                start += rows[first].before
                stop -= rows[end - 1].after
            ref = self._ref(rows[first:end], sequence.lines[first])
            entities.append(Entity(id=f"e{number}", start=start, end=stop, label=label, ref=ref))
        for row, line in zip(rows, sequence.lines, strict=True):
            others = (flag for flag in row.flags if flag not in _SPACING_FLAGS)
            left_out = sum(not _PARTIAL.fullmatch(flag) for flag in others)
            self.note("flags of MISC left out", line, left_out)
        meta = parsed.meta | token_layer(text, tokens)
        return Document(parsed.id, text, tuple(entities), (), dict(meta))

    def _ref(self, rows: Sequence[_Row], line: int) -> str | None:
        """Return the ref of the first token of a mention; count refs that differ from this ref."""
        ref = rows[0].ref
        differs = any(row.ref != ref for row in rows)
        self.note("further refs of a mention left out", line, differs)
        return None if ref in _NO_REF else ref


def _rows_of(document: ParsedDocument[_Rows]) -> _Rows:
    return document.sequences[0] if document.sequences else _Rows()


def _unquote(word: str) -> str:
    """Return a word without the quotes of a CSV cell, in which quotes are doubled."""
    quoted = len(word) > 1 and word.startswith('"') and word.endswith('"')
    return word[1:-1].replace('""', '"') if quoted else word


def _join_words(words: Sequence[str], flags: Sequence[Sequence[str]]) -> tuple[str, list[Token]]:
    """Return the text and the word offsets; the flags in MISC determine the white space."""
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    gap = ""
    for word, word_flags in zip(words, flags, strict=True):
        start = position + len(gap)
        pieces += [gap, word]
        position = start + len(word)
        tokens.append(Token(start, position))
        gap = "" if "NoSpaceAfter" in word_flags else "\n" if "EndOfLine" in word_flags else " "
    return "".join(pieces), tokens


def write(
    documents: Iterable[Document], path: Path, options: FlatWriteOptions, notes: Notes
) -> int:
    """Write one file and return the number of documents."""

    def render(document: Document) -> str:
        return _render(document, options, notes)

    head = "\t".join(COLUMN_NAMES) + "\n"
    return column_writer.write_documents(documents, path, render, bad_label=_WHITE_SPACE, head=head)


def _render(document: Document, options: FlatWriteOptions, notes: Notes) -> str:
    column_writer.check_id(document)
    text = document.text
    place = f"document {document.id}"
    tokens = _tokens(document, options, notes)
    words = [text[token.start : token.end] for token in tokens]
    flags = _spacing_flags(text, tokens)
    rebuilt = _join_words(words, flags)[0] != text
    notes.add("texts with changed white space", place, rebuilt)
    partial = options.tokens == "cut"
    mentions = column_writer.align_flat(
        document, tokens, policy=options.tokens, notes=notes, partial=partial
    )
    if partial:
        flags = _add_partial_flags(flags, mentions, tokens)
    spans = [bio.TokenSpan(first, end, entity.label) for entity, first, end in mentions]
    tags = bio.encode_tags(spans, len(tokens))
    refs = _ref_cells(mentions, len(tokens), notes, place)
    lines = [f"# hipe2022:document_id = {document.id}"]
    meta = {key: value for key, value in document.meta.items() if key != TOKENS_KEY}
    lines += [f"# {key} = {value}" for key, value in meta.items()]
    lines += [f"# {APPLICABLE_COLUMNS} = TOKEN NE-COARSE-LIT NEL-LIT MISC"]
    for word, tag, ref, word_flags in zip(words, tags, refs, flags, strict=True):
        lines.append("\t".join([word, tag, *"_____", ref, "_", "|".join(word_flags) or "_"]))
    return "\n".join([*lines, "", ""])


def _tokens(document: Document, options: FlatWriteOptions, notes: Notes) -> list[Token]:
    """Return the tokens; those of the source are cut only if they contain parts of two mentions."""
    if options.tokens != "cut" or source_tokens(document) is None:
        return split_tokens(document, options, notes)
    tokens = split_tokens(document, options, notes, cut=False)
    starts = [entity.start for entity in document.entities]
    ends = [entity.end for entity in document.entities]
    return [
        piece
        for token in tokens
        for piece in (
            cut_at_mentions([token], document)
            if bisect_left(starts, token.end) - bisect_right(ends, token.start) > 1
            else [token]
        )
    ]


def _add_partial_flags(
    flags: Sequence[tuple[str, ...]], mentions: Iterable[AlignedMention], tokens: Sequence[Token]
) -> list[tuple[str, ...]]:
    """Return the flags, with `Partial-m:n` for each token that is only partly in a mention."""
    added = list(flags)
    for entity, first, end in mentions:
        for index in {first, end - 1}:
            token = tokens[index]
            inside = Token(max(token.start, entity.start), min(token.end, entity.end))
            if inside != token:
                partial = f"Partial-{inside.start - token.start}:{inside.end - token.start}"
                added[index] = (partial, *added[index])
    return added


def _spacing_flags(text: str, tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """Return the MISC flags for the gap after each token; a space needs no flag."""
    flags: list[tuple[str, ...]] = []
    for token, following in pairwise(tokens):
        gap = text[token.end : following.start]
        flags.append(() if "\n" not in gap and gap else ("EndOfLine" if gap else "NoSpaceAfter",))
    return [*flags, ()] if tokens else []


def _ref_cells(
    mentions: Iterable[AlignedMention], length: int, notes: Notes, place: str
) -> list[str]:
    """Return one NEL cell per token; `length` is the number of tokens."""
    cells = ["_"] * length
    for entity, first, end in mentions:
        fits = entity.ref not in _NO_REF and not _WHITE_SPACE.search(entity.ref or "")
        notes.add("refs dropped", place, entity.ref is not None and not fits)
        if entity.ref and fits:
            cells[first:end] = [entity.ref] * (end - first)
    return cells
