"""Joining of tokenised sentences into documents, for readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats.shared.json_records import JsonRecord, decode_json
from aloi.corpus.formats.shared.tokens import Token
from aloi.corpus.problems import DataError, Problem

T = TypeVar("T")


def join_sentences(
    sentences: Sequence[Sequence[str]], spaces: Sequence[Sequence[str] | None], document: str
) -> tuple[str, list[list[Token]]]:
    """Return the text and the tokens of each sentence.

    `spaces` contains the white space after each token of a sentence; if it has one more item than
    there are tokens, the first item precedes the first token. If it is None, one space separates
    the tokens of the sentence, and a line end follows it. Raises `DataError` if a
    sentence does not have one item of white space per token.
    """
    pieces: list[str] = []
    tokens: list[list[Token]] = []
    position = 0
    for number, (words, given) in enumerate(zip(sentences, spaces, strict=True), start=1):
        end = "\n" if number < len(sentences) else ""
        after = [" "] * (len(words) - 1) + [end] * bool(words) if given is None else given
        before, *after = after if len(after) == len(words) + 1 else ["", *after]
        if len(after) != len(words) or "".join([before, *after]).strip():
            what = f"sentence {number} does not have one item of white space per token"
            fix = "Correct the white space, or remove it; the tokens are then joined by spaces"
            raise DataError([Problem("bad-tokens", what, fix, document)])
        pieces.append(before)
        position += len(before)
        tokens.append([])
        for word, space in zip(words, after, strict=True):
            tokens[-1].append(Token(position, position + len(word)))
            pieces += [word, space]
            position += len(word) + len(space)
    return "".join(pieces), tokens


def read_grouped(
    records: Iterable[JsonRecord | Problem],
    type_: type[T],
    document_id: Callable[[T, JsonRecord], str],
    build: Callable[[str, Sequence[T], JsonRecord], Document],
    *,
    ids: DocumentIds | None = None,
) -> Iterator[Document]:
    """Yield a document for the successive records of a file with the same document id.

    `document_id` returns the id of a record. `build` takes the id, the decoded records and the
    first record. `ids` contains the document ids of other files. Raises `DataError` after the last
    document, with the file and line of each problem.
    """
    problems: list[Problem] = []
    ids = DocumentIds() if ids is None else ids

    def decode() -> Iterator[tuple[tuple[str, str], T, JsonRecord]]:
        for record in records:
            if isinstance(record, Problem):
                problems.append(record)
                continue
            try:
                content = decode_json(record.raw, type_)
                yield (str(record.file), document_id(content, record)), content, record
            except DataError as error:
                problems.extend(_at(error, record))

    for (_, id_), group in groupby(decode(), key=itemgetter(0)):
        rows = list(group)
        first = rows[0][2]
        try:
            document = build(id_, [content for _, content, _ in rows], first)
        except DataError as error:
            problems += _at(error, first)
            continue
        duplicates = ids.add(id_, first.place)
        problems += [p.at(file=str(first.file), line=first.line) for p in duplicates]
        if not duplicates:
            yield document
    if problems:
        raise DataError(sorted(problems, key=lambda problem: problem.line or 0))


def _at(error: DataError, record: JsonRecord) -> Iterator[Problem]:
    return (problem.at(file=str(record.file), line=record.line) for problem in error.problems)
