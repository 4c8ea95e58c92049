"""Writing of formats with one token per line: flat mentions, sentences and files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.capabilities import is_single_line
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import (
    AlignedMention,
    AlignmentPolicy,
    Token,
    align_mentions,
)
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import encode_utf8


def align_flat(
    document: Document,
    tokens: Sequence[Token],
    *,
    policy: AlignmentPolicy,
    notes: Notes,
    partial: bool = False,
) -> list[AlignedMention]:
    """Return mentions with their token ranges; drop mentions that overlap an earlier mention.

    `partial` is True if the format can represent mentions that begin or end inside tokens.
    """
    kept: list[AlignedMention] = []
    for mention in align_mentions(document, tokens, policy=policy, notes=notes, partial=partial):
        if kept and mention.first < kept[-1].end:
            note = "mentions dropped because they overlap an earlier mention"
            notes.add(note, f"document {document.id}")
        else:
            kept.append(mention)
    return kept


def find_sentence_starts(
    text: str, tokens: Sequence[Token], mentions: Iterable[AlignedMention]
) -> list[int]:
    """Return the index of the first token of each sentence.

    Each line of the text is a sentence. If a mention extends over several lines, these lines form
    one sentence.
    """
    inside = {position for _, first, end in mentions for position in range(first + 1, end)}
    after_break = (
        position
        for position, (previous, token) in enumerate(pairwise(tokens), start=1)
        if "\n" in text[previous.end : token.start]
    )
    return [0, *(start for start in after_break if start not in inside)] if tokens else []


def check_id(document: Document) -> None:
    """Raise `DataError` unless the document id is one line without surrounding white space."""
    if not is_single_line(document.id):
        what = "the document id contains a line break, or begins or ends with white space"
        fix = "Remove line breaks and surrounding white space from the id"
        raise DataError([Problem("bad-id", what, fix, document.id)])


def write_documents(
    documents: Iterable[Document],
    path: Path,
    render: Callable[[Document], str],
    *,
    bad_label: re.Pattern[str],
    head: str = "",
) -> int:
    """Write `head` and the rendered documents to one file; return the number of documents.

    Raises `DataError` after the last document, and writes no file, in these cases:

    - a label is empty or contains a match of `bad_label`;
    - a rendered document contains a lone surrogate;
    - `render` raised `DataError`.
    """
    problems: list[Problem] = []
    labels: dict[str, str] = {}
    count = 0
    with atomic_text_file(path) as stream:
        stream.write(head)
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            labels |= {e.label: document.id for e in document.entities if e.label not in labels}
            try:
                rendered = render(document)
                encode_utf8(rendered, document.id)
                stream.write(rendered)
            except DataError as error:
                problems += error.problems
        problems += _label_problems(labels, bad_label)
        if problems:
            raise DataError(problems)
    return count


def _label_problems(labels: dict[str, str], bad_label: re.Pattern[str]) -> Iterator[Problem]:
    """Yield a problem for each invalid label; `labels` maps each label to a document id."""
    for label, document in sorted(labels.items()):
        if not label or bad_label.search(label):
            what = f"the format cannot represent the label {label!r}"
            yield Problem("bad-label", what, "Rename the label with --labels", document)
