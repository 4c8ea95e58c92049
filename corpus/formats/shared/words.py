"""Words, for formats that store a text as a list of words and a mention as a range of words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import Token
from aloi.corpus.problems import DataError, Problem


def join_words(words: Iterable[str], *, start: int = 0) -> tuple[str, list[Token]]:
    """Return the words joined by single spaces, and their offsets in code points.

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
    """Converts ranges of token indices to offsets, and collects problems of invalid ranges."""

    tokens: Sequence[Token]
    problems: list[Problem] = field(default_factory=list)

    def resolve(self, first: int, end: int, item: str) -> tuple[int, int]:
        """Return start and end of the tokens from `first` up to `end` (exclusive), in code points.

        For an invalid range, record a problem of `item` and return (-1, -1).
        """
        if 0 <= first < end <= len(self.tokens):
            return self.tokens[first].start, self.tokens[end - 1].end
        what = f"token range {first} to {end} is invalid: the text has {len(self.tokens)} tokens"
        fix = "Use indices of existing tokens, counted from 0, with the first before the last"
        self.problems.append(Problem("token-outside-text", what, fix, item=item))
        return -1, -1

    def entity(self, number: int, first: int, end: int, label: str) -> Entity:
        """Return mention `e<number>` over the tokens from `first` up to `end` (exclusive)."""
        id_ = f"e{number}"
        start, stop = self.resolve(first, end, id_)
        return Entity(id=id_, start=start, end=stop, label=label)

    def raise_problems(self, document: str) -> None:
        """Raise `DataError` if any range was invalid; `document` is the id to report."""
        if self.problems:
            raise DataError(replace(problem, document=document) for problem in self.problems)


def keep_relations(document: Document, kept: Collection[str], notes: Notes) -> Iterator[Relation]:
    """Yield the relations between the mentions with ids in `kept`; count the others in `notes`."""
    for relation in document.relations:
        if relation.head in kept and relation.tail in kept:
            yield relation
        else:
            notes.add("relations dropped", f"document {document.id}")
