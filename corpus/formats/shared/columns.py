"""What the formats with a token a line share: their lines, tags, documents and writing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from aloi.corpus.document import Document
from aloi.corpus.files import atomic_text_file
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.capabilities import is_line
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import Laid, Policy, Token, lay
from aloi.corpus.problems import DataError, Problem

Scheme = Literal["detect", "iob1", "iob2", "bilou"]


def files(path: Path, *suffixes: str) -> list[tuple[Path, str]]:
    """A file, or those below a folder with these suffixes; with each the id its path gives."""
    if not path.is_dir():
        return [(path, path.stem)]
    found = sorted(file for file in path.rglob("*") if file.suffix in suffixes and file.is_file())
    return [(file, file.relative_to(path).with_suffix("").as_posix()) for file in found]


def lines(file: Path, problems: list[Problem]) -> Iterator[tuple[int, str]]:
    """The lines of a file, numbered and without their ends; one not in UTF-8 is a problem."""
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                what, fix = f"not UTF-8: {error.reason}", "Save the file as UTF-8"
                problems.append(Problem("not-utf8", what, fix, file=str(file), line=number))
            else:
                yield number, line.rstrip("\r\n")


def gathered(
    found: Iterable[tuple[Document, str, int]], problems: list[Problem]
) -> Iterator[Document]:
    """The documents in whose lines no problem arose, one by one; then `DataError` with them all.

    Each comes with its file and line; its problems are added before it comes. An id given twice is
    a problem too.
    """
    seen: dict[str, str] = {}
    before = 0
    for document, file, line in found:
        place = f"{file}:{line}"
        if seen.setdefault(document.id, place) != place:
            what = f"document id given twice, first in {seen[document.id]}"
            fix = "Give each document its own id"
            problems.append(Problem("document-id-twice", what, fix, document.id, None, file, line))
        if len(problems) == before:
            yield document
        before = len(problems)
    if problems:
        raise DataError(sorted(problems, key=lambda p: (p.file or "", p.line or 0)))


@dataclass(frozen=True, slots=True)
class Tags:
    """How the tags of a file are read."""

    file: Path
    scheme: bio.Scheme
    repair: bio.Repair
    notes: Notes
    problems: list[Problem]

    def spans(self, tags: Sequence[str], lines: Sequence[int], document: str) -> list[bio.Span]:
        """The spans of a sentence's tags; those that break the scheme are repaired or problems.

        `conlleval` begins and ends spans where conlleval would, `discard` leaves out the spans
        that such a tag is in. What is no tag at all is a problem always.
        """
        found, wrong = bio.spans(tags, self.scheme)
        for position in wrong:
            tag, line = tags[position], lines[position]
            if self.repair == "error" or bio.parts(tag, self.scheme) is None:
                what = f"the tag {tag[:40]!r} breaks the scheme {self.scheme}"
                fix = "Correct it, name the scheme, or read with repair=conlleval or discard"
                place = (document, None, str(self.file), line)
                self.problems.append(Problem("bad-tag", what, fix, *place))
            else:
                self.notes.add(f"tags repaired ({self.repair})", f"{self.file}:{line}")
        if self.repair == "discard":
            broken = set(wrong)
            found = [span for span in found if broken.isdisjoint(range(span.first, span.end))]
        return found


def flat(
    document: Document, tokens: Sequence[Token], *, policy: Policy, notes: Notes
) -> list[Laid]:
    """The document's mentions on tokens; of two that share a token, the first."""
    kept: list[Laid] = []
    for laid in lay(document, tokens, policy=policy, notes=notes):
        if kept and laid.first < kept[-1].end:
            notes.add("mentions lost on shared tokens", f"document {document.id}")
        else:
            kept.append(laid)
    return kept


def sentence_starts(text: str, tokens: Sequence[Token], laid: Iterable[Laid]) -> list[int]:
    """The first token of each sentence: sentences end with lines, but not within a mention."""
    inside = {position for _, first, end in laid for position in range(first + 1, end)}
    after_break = (
        position
        for position, (before, token) in enumerate(pairwise(tokens), start=1)
        if "\n" in text[before.end : token.start]
    )
    return [0, *(start for start in after_break if start not in inside)] if tokens else []


def check_id(document: Document) -> None:
    """Raise `DataError` if the id cannot stand at the end of a line."""
    if not is_line(document.id):
        fix = "Use ids of one line, without white space around"
        raise DataError([Problem("bad-id", "the id does not fit in a line", fix, document.id)])


def write(
    documents: Iterable[Document],
    path: Path,
    render: Callable[[Document], str],
    *,
    unfit: re.Pattern[str],
    head: str = "",
) -> int:
    """Write one file, the head and then each document as `render` gives it; returns how many.

    Labels in which `unfit` finds something, lone surrogates and what `render` raises are a
    `DataError` after the last document.
    """
    problems: list[Problem] = []
    labels: dict[str, str] = {}
    count = 0
    with atomic_text_file(path) as stream:
        stream.write(head)
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            labels |= {e.label: document.id for e in document.entities if e.label not in labels}
            stream.write(_piece(document, render, problems))
        problems += _unfit_labels(labels, unfit)
        if problems:
            raise DataError(problems)
    return count


def _piece(document: Document, render: Callable[[Document], str], problems: list[Problem]) -> str:
    """What stands for a document in UTF-8; nothing where there are problems."""
    try:
        piece = render(document)
        piece.encode()
    except DataError as error:
        problems += error.problems
    except UnicodeEncodeError:
        what, fix = "lone surrogate, which UTF-8 cannot hold", "Remove it"
        problems.append(Problem("lone-surrogate", what, fix, document.id))
    else:
        return piece
    return ""


def _unfit_labels(labels: dict[str, str], unfit: re.Pattern[str]) -> Iterator[Problem]:
    """The problems of labels, given with the document each was met in first."""
    for label, document in sorted(labels.items()):
        if not label or unfit.search(label):
            what = f"the format cannot write the label {label!r}"
            yield Problem("bad-label", what, "Rename it with --labels", document)
