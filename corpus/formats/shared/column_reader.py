"""Reading of formats with one token per line: files, documents, tag schemes and problems.

A format subclasses `TokenLineReader` to parse its lines and to build the text. This module finds
the files, decodes their characters and tags, and checks the document ids. It yields the valid
documents even if other documents are invalid.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import decode_utf8

SchemeOption = Literal["detect", "iob1", "iob2", "bilou"]
"""The tag scheme of a file; `detect` infers the scheme from the tags."""


@dataclass(slots=True)
class TagSequence:
    """A sequence of tags, such as the tags of a sentence, with their line numbers."""

    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


S = TypeVar("S", bound=TagSequence)


@dataclass(slots=True)
class ParsedDocument(Generic[S]):
    """The parsed lines of one document whose text has not been built yet.

    `line` is the number of the first line. `declared` is True if a line of the file marks the
    beginning of the document. `in_header` is True while metadata lines may follow. No sequence in
    `sequences` is empty.
    """

    id: str
    line: int
    declared: bool = False
    in_header: bool = False
    meta: dict[str, str] = field(default_factory=dict)
    sequences: list[S] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class TokenLineReader(ABC, Generic[S]):
    """A reader for the documents of one file with one token per line.

    `file_id` is the default document id, made from the path of the file.
    """

    file: Path
    file_id: str
    notes: Notes
    scheme: SchemeOption
    repair: bio.TagRepair
    document: ParsedDocument[S] = field(init=False)

    @abstractmethod
    def parse_line(self, line: str, number: int) -> ParsedDocument[S] | None:
        """Parse a line into `document`; if a new document begins, return the previous document."""

    @abstractmethod
    def build(self, parsed: ParsedDocument[S], scheme: bio.TagScheme) -> Document:
        """Return the document with its text and mentions; add problems to `parsed.problems`."""

    def read(self) -> Iterator[tuple[Document | None, ParsedDocument[S]]]:
        """Yield each document with its parsed lines.

        The document is None if the parsed lines neither mark the beginning of a document nor
        contain tokens.
        """
        scheme = self._detect_scheme() if self.scheme == "detect" else self.scheme
        for parsed in self.parse():
            if parsed.declared or parsed.sequences:
                yield self.build(parsed, scheme), parsed
            else:
                yield None, parsed

    def _detect_scheme(self) -> bio.TagScheme:
        """Parse the whole file, without recording notes, and return the scheme of its tags."""
        parsed = replace(self, notes=Notes()).parse()
        return bio.detect_scheme(
            sequence.tags for document in parsed for sequence in document.sequences
        )

    def parse(self) -> Iterator[ParsedDocument[S]]:
        """Yield the parsed documents of the file; the last document may be empty."""
        self.document = ParsedDocument(self.file_id, 1)
        with self.file.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                try:
                    line = decode_utf8(raw, file=str(self.file), line=number, keep_bom=number > 1)
                except DataError as error:
                    self.document.problems += error.problems
                    continue
                finished = self.parse_line(line.rstrip("\r\n"), number)
                if finished is not None:
                    yield finished
        self.finish()
        yield self.document

    def finish(self) -> None:
        """Handle the end of the file; `parse` calls this before yielding the last document."""

    def open_document(self, id_: str, number: int, *, in_header: bool = False) -> ParsedDocument[S]:
        """Begin a new document at line `number` and return the previous document."""
        finished = self.document
        self.document = ParsedDocument(id_, number, declared=True, in_header=in_header)
        return finished

    def decode_tags(
        self, parsed: ParsedDocument[S], sequence: S, scheme: bio.TagScheme
    ) -> list[bio.TokenSpan]:
        """Return the spans of a tag sequence; count repaired tags and report invalid tags."""
        decoded = bio.decode_with_repair(sequence.tags, scheme, self.repair)
        for position in decoded.errors:
            tag = sequence.tags[position][:40]
            what = f"the tag {tag!r} is invalid in the scheme {scheme} at this position"
            fix = "Correct the tag, set scheme=, or set repair=conlleval or repair=discard"
            self.report("bad-tag", what, fix, sequence.lines[position], parsed)
        for position in decoded.repaired:
            self.note(f"tags repaired ({self.repair})", sequence.lines[position])
        return decoded.spans

    def report(
        self, kind: str, what: str, fix: str, line: int, parsed: ParsedDocument[S] | None = None
    ) -> None:
        """Add a problem at a line to `parsed` (default: the current document)."""
        parsed = parsed or self.document
        parsed.problems.append(Problem(kind, what, fix, parsed.id, None, str(self.file), line))

    def note(self, what: str, line: int, count: int = 1) -> None:
        """Add `count` changes of the kind `what`, made at a line of the file, to `notes`."""
        self.notes.add(what, f"{self.file}:{line}", count)


def read_files(
    path: Path, suffixes: tuple[str, ...], make_reader: Callable[[Path, str], TokenLineReader[Any]]
) -> Iterator[Document]:
    """Yield the valid documents of a file, or of all files in a folder with one of `suffixes`.

    Subfolders are included. `make_reader` returns the reader of a file, given the file and its
    default document id. Raises `DataError` after the last document, with all problems in order of
    file and line.
    """
    problems: list[Problem] = []
    ids = DocumentIds()
    for file, file_id in _find_files(path, suffixes):
        for document, parsed in make_reader(file, file_id).read():
            found = list(parsed.problems)
            if document is not None:
                duplicates = ids.add(document.id, f"{file}:{parsed.line}")
                found += [problem.at(file=str(file), line=parsed.line) for problem in duplicates]
                if not found:
                    yield document
            problems += found
    if problems:
        raise DataError(sorted(problems, key=lambda p: (p.file or "", p.line or 0)))


def _find_files(path: Path, suffixes: tuple[str, ...]) -> list[tuple[Path, str]]:
    """Return the file, or all files in a folder with one of `suffixes`, and default ids."""
    if not path.is_dir():
        return [(path, path.stem)]
    files = find_files(path, suffixes)
    return [(file, file.relative_to(path).with_suffix("").as_posix()) for file in files]
