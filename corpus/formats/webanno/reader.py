"""Read WebAnno TSV: rebuild the text from `#Text=` lines and offsets, and check the tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aloi.corpus.document import Document
from aloi.corpus.document_files import decode_id
from aloi.corpus.formats.shared import utf16
from aloi.corpus.formats.shared.file_report import FileReport
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import Token, token_layer
from aloi.corpus.formats.webanno.annotations import AnnotationCollector, TokenRow
from aloi.corpus.formats.webanno.cells import unescape_text
from aloi.corpus.formats.webanno.header import Header, read_header
from aloi.corpus.formats.webanno.options import ReadOptions
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import read_text

MAX_GAP = 10_000
"""The maximum gap between sentences, in UTF-16 units.

The reader fills gaps with white space. Without a limit, an invalid offset could exhaust the memory.
"""

_ADDRESS = re.compile(r"[0-9]{1,9}-[0-9]{1,9}(?:\.[0-9]{1,9})?")
_OFFSETS = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.tsv` files below a folder."""
    problems: list[Problem] = []
    for file in find_files(path, [".tsv"]):
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        try:
            id_, content = decode_id(name.removesuffix(".tsv")), read_text(file)
            yield parse_tsv(id_, content, options, notes, file=str(file))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


def parse_tsv(id_: str, content: str, options: ReadOptions, notes: Notes, *, file: str) -> Document:
    """Return the document in the content of a file; raise `DataError` with all problems."""
    report = FileReport("bad-webanno", file, notes)
    lines = enumerate((line.removesuffix("\r") for line in content.split("\n")), start=1)
    header = read_header(lines, options, report)
    body = _Body(header, AnnotationCollector(header, options.feature, report), report)
    for number, line in lines:
        body.read_line(number, line)
    return body.document(id_)


class _Body:
    """A parser for the text and the annotations in the lines below the header."""

    def __init__(self, header: Header, collector: AnnotationCollector, report: FileReport) -> None:
        self._header = header
        self._collector = collector
        self._report = report
        self._rows: list[TokenRow] = []
        self._pieces: list[str] = []
        self._length = 0
        self._sentence: list[str] = []

    def read_line(self, number: int, line: str) -> None:
        """Read a `#Text=` line, a comment, a row, or the empty line after a sentence."""
        if line.startswith("#Text="):
            self._sentence.append(self._unescape(line.removeprefix("#Text=")))
        elif line.startswith("#"):
            self._report.add_note("sentence ids and comments left out", number)
        elif line:
            self._read_row(number, line)
        elif self._sentence:
            self._end_sentence(number, self._default_start)  # a sentence without tokens

    @property
    def _default_start(self) -> int:
        """The assumed start of a sentence without tokens: one line end after the last sentence."""
        return self._length + bool(self._pieces)

    def _unescape(self, text: str) -> str:
        return unescape_text(text, self._header.minor_version)

    def _end_sentence(self, line: int, start: int) -> None:
        """Add the current sentence to the text; the sentence starts at UTF-16 offset `start`."""
        gap = start - self._length
        if not 0 <= gap <= MAX_GAP:
            what = f"the sentence starts at {start}; the previous sentence ends at {self._length}"
            fix = "Write sentences in text order, with offsets in UTF-16 units"
            self._report.add_problem(what, fix, line)
            raise DataError(self._report.problems)  # all later offsets would be wrong, too
        between = " " * gap if not self._pieces else "\n"[:gap] + " " * (gap - 1)
        self._report.add_note("gaps between sentences filled with white space", line, bool(gap))
        text = "\n".join(self._sentence)
        self._pieces += (between, text)
        self._length = start + utf16.length(text)
        self._sentence = []

    def _read_row(self, number: int, line: str) -> None:
        """Read the line of a token or sub-token."""
        width = self._header.width
        cells = line.split("\t")
        if len(cells) == width + 1 and not cells[-1]:
            cells.pop()
        offsets = _OFFSETS.fullmatch(cells[1]) if len(cells) == width else None
        if offsets is None or not _ADDRESS.fullmatch(cells[0]):
            what = f"the line is not a token line with {width} columns: {line[:60]!r}"
            fix = "Write ADDRESS<tab>START-END<tab>TOKEN, then the columns of the layers"
            self._report.add_problem(what, fix, number)
            return
        row = TokenRow(number, cells[0], int(offsets[1]), int(offsets[2]), cells)
        if self._sentence:
            self._end_sentence(number, row.start)
        min_length = 0 if "." in row.address else 1  # a sub-token may be empty
        if not row.start + min_length <= row.end <= self._length:
            what = f"the offsets {row.start}-{row.end} are invalid: the text ends at {self._length}"
            fix = "Count offsets in UTF-16 units, with exclusive ends"
            self._report.add_problem(what, fix, number)
        elif self._collector.has_unit(row.address):
            what = f"the token address {row.address} occurs twice"
            self._report.add_problem(what, "Give each token a unique address", number)
        else:
            self._rows.append(row)
            self._collector.add(row)

    def document(self, id_: str) -> Document:
        """Return the document; raise `DataError` with all problems of the file."""
        if self._sentence:
            self._end_sentence(1, self._default_start)
        text = "".join(self._pieces)
        code_points = utf16.code_point_offsets(text)
        self._check_tokens(text, code_points)
        ids = self._collector.mention_ids()
        relations = self._collector.relations(ids)
        self._report.raise_problems()
        entities = self._collector.entities(ids, code_points)
        return Document(id_, text, entities, relations, self._token_layer(text, code_points))

    def _token_layer(self, text: str, code_points: list[int]) -> dict[str, Any]:
        """Return the metadata with the tokens of the file, without sub-tokens."""
        tokens = (row for row in self._rows if "." not in row.address)
        spans = (Token(code_points[row.start], code_points[row.end]) for row in tokens)
        return {**token_layer(text, spans)}

    def _check_tokens(self, text: str, code_points: list[int]) -> None:
        """Report offsets that split a character; count tokens that differ from the text."""
        for row in self._rows:
            start, end = code_points[row.start], code_points[row.end]
            token = row.cells[2]
            if utf16.NO_CODE_POINT in (start, end):
                what = f"the offsets {row.start}-{row.end} split a character of two UTF-16 units"
                self._report.add_problem(what, "Count offsets in UTF-16 units", row.line)
            elif text[start:end] not in (token, self._unescape(token)):
                self._report.add_note("tokens that differ from the text", row.line)
