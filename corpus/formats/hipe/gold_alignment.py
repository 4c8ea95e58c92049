"""Text, flags and documents of a HIPE submission, from a gold file with the same tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from aloi.corpus.formats.hipe.rows import Row, Rows, rows_of
from aloi.corpus.formats.shared.column_reader import ParsedDocument


class Report(Protocol):
    """A function that adds a problem at a line to a parsed document."""

    def __call__(
        self, kind: str, what: str, fix: str, line: int, parsed: ParsedDocument[Rows]
    ) -> None: ...


def align_with_gold(
    documents: Iterable[ParsedDocument[Rows]], gold: Sequence[ParsedDocument[Rows]], report: Report
) -> Iterator[ParsedDocument[Rows]]:
    """Yield the documents with the text and flags of gold.

    A document without a line that opens it is divided into the documents of gold. Documents and
    tokens that differ from gold are reported.
    """
    by_id = {each.id: each for each in gold}
    for document in documents:
        if not document.declared:
            yield from _divide(document, gold if document.sequences else (), report)
        elif document.id in by_id:
            yield from _divide(document, [by_id[document.id]], report)
        else:
            fix = "Correct the document id, or remove the lines with document ids"
            what = "gold does not contain this document"
            report("extra-document", what, fix, document.line, document)
            yield document


def _divide(
    document: ParsedDocument[Rows], gold: Sequence[ParsedDocument[Rows]], report: Report
) -> Iterator[ParsedDocument[Rows]]:
    """Yield one document for each document of gold, or the document with its problems."""
    found = rows_of(document)
    expected = [row for each in gold for row in rows_of(each).rows]
    _compare_tokens(document, found, expected, report)
    if document.problems or not gold:
        yield document
        return
    first = 0
    for each in gold:
        rows = rows_of(each).rows
        part = slice(first, first + len(rows))
        first += len(rows)
        merged = [
            replace(row, ref=own.ref) for row, own in zip(rows, found.rows[part], strict=True)
        ]
        sequence = Rows(found.tags[part], found.lines[part], merged)
        line = found.lines[part][0] if rows else document.line
        meta = document.meta or each.meta
        sequences = [sequence] if rows else []
        yield ParsedDocument(each.id, line, declared=True, meta=meta, sequences=sequences)


def _compare_tokens(
    document: ParsedDocument[Rows], found: Rows, expected: Sequence[Row], report: Report
) -> None:
    """Report the first token that differs from gold."""
    if document.problems:
        return
    fix = "Use the tokens of gold, one per line and in the same order"
    for row, own, line in zip(expected, found.rows, found.lines, strict=False):
        if row.word not in (own.word, _unquote(own.word)):
            what = f"the token {own.word!r} differs from gold, which contains {row.word!r}"
            report("different-token", what, fix, line, document)
            return
    if len(found.rows) != len(expected):
        line = found.lines[-1] if found.lines else document.line
        what = f"expected {len(expected)} tokens as in gold, found {len(found.rows)}"
        report("different-token", what, fix, line, document)


def _unquote(word: str) -> str:
    """Return a word without the quotes of a CSV cell, in which quotes are doubled."""
    quoted = len(word) > 1 and word.startswith('"') and word.endswith('"')
    return word[1:-1].replace('""', '"') if quoted else word
