"""Read HIPE files: parse the rows, and rebuild the text from tokens and flags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.hipe.gold_alignment import align_with_gold
from aloi.corpus.formats.hipe.options import (
    APPLICABLE_COLUMNS,
    COLUMN_NAMES,
    LAYERS,
    NO_REF,
    Layer,
    ReadOptions,
)
from aloi.corpus.formats.hipe.rows import Row, Rows, rows_of
from aloi.corpus.formats.hipe.spacing import SPACING_FLAGS, join_words
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.column_reader import ParsedDocument, TokenLineReader, read_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import token_layer
from aloi.corpus.problems import DataError, Problem

_COMMENT = re.compile(r"#\s*([^\s=]+)\s*=(.*)")
_DOCUMENT_ID_KEY = re.compile(r"(?:^|:)document_id$")
_PARTIAL = re.compile(r"Partial-([0-9]{1,9}):([0-9]{1,9})")


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.tsv` files below a folder."""
    gold = _parse_gold(Path(options.gold)) if options.gold else None

    def make_reader(file: Path, file_id: str) -> _Reader:
        return _Reader(file, file_id, notes, options.scheme, options.repair, options.layer, gold)

    return read_files(path, (".tsv",), make_reader)


def _parse_gold(path: Path) -> tuple[ParsedDocument[Rows], ...]:
    """Return the parsed documents of a gold file; raise `DataError` if there are problems."""
    reader = _Reader(path, path.stem, Notes(), "iob2", "conlleval", "coarse", None)
    documents = [each for each in reader.parse() if each.declared or each.sequences]
    problems = [problem for each in documents for problem in each.problems]
    if problems:
        raise DataError(problems)
    return tuple(documents)


@dataclass(slots=True)
class _Reader(TokenLineReader[Rows]):
    """Parses the lines of a file; `pending` is metadata for the next document.

    If `gold` is given, tokens must equal those of gold, and text and flags are taken from gold.
    """

    layer: Layer
    gold: tuple[ParsedDocument[Rows], ...] | None
    columns: tuple[str, ...] = field(init=False, default=COLUMN_NAMES)
    pending: list[tuple[str, str]] = field(init=False, default_factory=list)

    def parse(self) -> Iterator[ParsedDocument[Rows]]:
        # Without arguments, super() does not work in a dataclass with slots.
        documents = TokenLineReader.parse(self)
        if self.gold is None:
            return documents
        return align_with_gold(documents, self.gold, self.report)

    def _detect_scheme(self) -> bio.TagScheme:
        return "bilou" if TokenLineReader._detect_scheme(self) == "bilou" else "iob2"

    def finish(self) -> None:
        self.note("comments left out", self.document.line, len(self.pending))

    def parse_line(self, line: str, number: int) -> ParsedDocument[Rows] | None:
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
        missing = sorted({"TOKEN", "MISC", *LAYERS[self.layer]}.difference(names, [""]))
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
        tag, ref = (row.get(column, "") for column in LAYERS[self.layer])
        flags = tuple(row["MISC"].split("|"))
        margins = self._parse_partial(flags, row["TOKEN"], number)
        if not self.document.sequences:
            self.document.sequences.append(Rows())
        sequence = self.document.sequences[0]
        sequence.rows.append(Row(row["TOKEN"], ref, flags, *margins))
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

    def build(self, parsed: ParsedDocument[Rows], scheme: bio.TagScheme) -> Document:
        sequence = rows_of(parsed)
        rows = sequence.rows
        text, tokens = join_words([row.word for row in rows], [row.flags for row in rows])
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
            others = (flag for flag in row.flags if flag not in SPACING_FLAGS)
            left_out = sum(not _PARTIAL.fullmatch(flag) for flag in others)
            self.note("flags of MISC left out", line, left_out)
        meta = parsed.meta | token_layer(text, tokens)
        return Document(parsed.id, text, tuple(entities), (), dict(meta))

    def _ref(self, rows: Sequence[Row], line: int) -> str | None:
        """Return the ref of the first token of a mention; count refs that differ from this ref."""
        ref = rows[0].ref
        differs = any(row.ref != ref for row in rows)
        self.note("further refs of a mention left out", line, differs)
        return None if ref in NO_REF else ref
