"""Words for the formats that count in them: texts joined from them, and mentions given by index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import Token
from aloi.corpus.problems import DataError, Problem


def joined(words: Iterable[str], *, start: int = 0) -> tuple[str, list[Token]]:
    """The words with one space between them, and where each stands if the text is at `start`."""
    text = " ".join(words := list(words))
    tokens = []
    for word in words:
        tokens.append(Token(start, start + len(word)))
        start += len(word) + 1
    return text, tokens


@dataclass(slots=True)
class Stretches:
    """Stretches of a text by token index; those that do not exist are gathered as problems."""

    tokens: Sequence[Token]
    problems: list[Problem] = field(default_factory=list)

    def of(self, first: int, end: int, item: str) -> tuple[int, int]:
        """First code point, and the one after the last, of the tokens from `first` up to `end`."""
        if 0 <= first < end <= len(self.tokens):
            return self.tokens[first].start, self.tokens[end - 1].end
        what = f"tokens {first} up to {end} of {len(self.tokens)}"
        fix = "Give the index of tokens that exist, counted from 0, the first before the last"
        self.problems.append(Problem("token-outside-text", what, fix, item=item))
        return -1, -1

    def check(self, document: str) -> None:
        """Raise `DataError` if any stretch did not exist."""
        if self.problems:
            raise DataError(Problem(p.kind, p.what, p.fix, document, p.item) for p in self.problems)


def standing(document: Document, kept: Collection[str], notes: Notes) -> Iterator[Relation]:
    """The relations whose ends are kept; those that go with an end are counted."""
    for relation in document.relations:
        if relation.head in kept and relation.tail in kept:
            yield relation
        else:
            notes.add("relations lost", f"document {document.id}")
