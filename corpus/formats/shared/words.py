"""Joining of words and checks of word ranges, for formats that store mentions as word ranges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import Token
from aloi.corpus.problems import DataError, Problem


def join_words(words: Iterable[str], *, start: int = 0) -> tuple[str, list[Token]]:
    """Return the words joined by single spaces, and the offsets of each word in code points.

    `start` is the offset of the joined text in the document.
    """
    text = " ".join(words := list(words))
    tokens = []
    for word in words:
        tokens.append(Token(start, start + len(word)))
        start += len(word) + 1
    return text, tokens


@dataclass(slots=True)
class SpanResolver:
    """A converter from token ranges to offsets, with a problem for each invalid range."""

    tokens: Sequence[Token]
    problems: list[Problem] = field(default_factory=list)

    def resolve(self, first: int, end: int, item: str) -> tuple[int, int]:
        """Return the offsets, in code points, of the token range from `first` to `end` (exclusive).

        If the range is invalid, record a problem for `item` and return (-1, -1).
        """
        if 0 <= first < end <= len(self.tokens):
            return self.tokens[first].start, self.tokens[end - 1].end
        what = f"the token range {first} to {end} is empty or outside the {len(self.tokens)} tokens"
        fix = "Use indices of existing tokens, counted from 0, with the start before the end"
        self.problems.append(Problem("token-outside-text", what, fix, item=item))
        return -1, -1

    def entity(self, number: int, first: int, end: int, label: str) -> Entity:
        """Return the mention `e<number>` of the token range from `first` to `end` (exclusive)."""
        id_ = f"e{number}"
        start, stop = self.resolve(first, end, id_)
        return Entity(id=id_, start=start, end=stop, label=label)

    def raise_problems(self, document: str) -> None:
        """Raise `DataError` if any range was invalid; `document` is the id of the document."""
        if self.problems:
            raise DataError(replace(problem, document=document) for problem in self.problems)


def keep_relations(document: Document, kept: Collection[str], notes: Notes) -> Iterator[Relation]:
    """Yield the relations whose head and tail ids are in `kept`; count the others in `notes`."""
    for relation in document.relations:
        if relation.head in kept and relation.tail in kept:
            yield relation
        else:
            notes.add("relations dropped", f"document {document.id}")
