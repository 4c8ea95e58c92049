"""The rows of a HIPE document that has no text yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from aloi.corpus.formats.shared.column_reader import ParsedDocument, TagSequence


@dataclass(frozen=True, slots=True)
class Row:
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
class Rows(TagSequence):
    """All rows of a document, as one tag sequence: a mention may span several sentences."""

    rows: list[Row] = field(default_factory=list)


def rows_of(document: ParsedDocument[Rows]) -> Rows:
    """Return the rows of a document, which may be none."""
    return document.sequences[0] if document.sequences else Rows()
