"""The facts of a document for readers: relations between things, with names, dates and sentences.

The mentions with one ref are one thing; a mention without ref is the same thing as the mentions
with the same words. Relations with the same ends, label, date and attributes are one fact, which
several sentences may state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.refs.authority import is_iso_date, normalise_surface
from aloi.models.facts.sentences import StatementContext


class Thing(msgspec.Struct, frozen=True, omit_defaults=True):
    """One end of a fact: its name, its label, and its ref if the mentions have one."""

    name: str
    label: str
    ref: str | None = None

    @property
    def key(self) -> str:
        """The ref, or the words of the name: things with one key are the same thing."""
        return self.ref or normalise_surface(self.name) or self.name


class Statement(msgspec.Struct, frozen=True):
    """A sentence that states a fact: its offsets and text, and the spans of both ends.

    All offsets count code points of the document. An end may be in an earlier sentence.
    """

    start: int
    end: int
    text: str
    head: tuple[int, int]
    tail: tuple[int, int]


class StatedFact(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fact of a document.

    when: an ISO date, or the words of a date that has none. when_words: the words of the date.
    attributes: those of the relation, such as `assertion`. score: the highest score of a relation.
    statements: the sentences that state the fact, in text order.
    """

    document: str
    who: Thing
    relation: str
    whom: Thing
    statements: tuple[Statement, ...]
    when: str | None = None
    when_words: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None


def state_facts(
    document: Document,
    *,
    date_labels: Collection[str] = (),
    symmetric: Collection[str] = (),
) -> list[StatedFact]:
    """Return the facts of a document, in the order of their first statements.

    date_labels: the labels of dates. symmetric: the relation labels whose head and tail are
    interchangeable; the end that comes first in the text is `who`.
    """
    context = StatementContext(document, date_labels)
    names = _Names(document)
    facts: dict[Hashable, StatedFact] = {}
    for relation in sorted(document.relations, key=lambda each: _position(context, each)):
        fact = _state(context, names, relation, is_symmetric=relation.label in symmetric)
        ends = [fact.who.key, fact.whom.key]
        if relation.label in symmetric:
            ends.sort()
        attributes = tuple(sorted(fact.attributes.items()))
        key = (*ends, fact.relation, fact.when, attributes)
        facts[key] = _merge(facts[key], fact) if key in facts else fact
    return list(facts.values())


def _position(context: StatementContext, relation: Relation) -> tuple[int, int, int, str]:
    head, tail = context.ends(relation)
    return context.sentence(relation)[0], head.start, tail.start, relation.label


def _state(
    context: StatementContext, names: _Names, relation: Relation, *, is_symmetric: bool
) -> StatedFact:
    """Return a fact with the statement of one relation."""
    head, tail = context.ends(relation)
    if is_symmetric and tail.start < head.start:
        head, tail = tail, head
    date = context.date(relation)
    words = _words(context.document, date) if date else None
    start, end = context.sentence(relation)
    text = context.document.text[start:end]
    spans = [(each.start, each.end) for each in (head, tail)]
    return StatedFact(
        document=context.document.id,
        who=names.thing(head),
        relation=relation.label,
        whom=names.thing(tail, other=head),
        statements=(Statement(start, end, text, *spans),),
        when=date.ref if date and date.ref and is_iso_date(date.ref) else words,
        when_words=words,
        attributes=relation.attributes,
        score=relation.score,
    )


def _merge(fact: StatedFact, other: StatedFact) -> StatedFact:
    """Return a fact with the statements of both; a sentence is not repeated."""
    known = {each.start for each in fact.statements}
    new = tuple(each for each in other.statements if each.start not in known)
    scores = [each for each in (fact.score, other.score) if each is not None]
    return msgspec.structs.replace(
        fact, statements=fact.statements + new, score=max(scores, default=None)
    )


class _Names:
    """The names of the things of a document.

    A thing is named by the mention from which its ref is made, else by its longest mention with a
    capital letter or digit, else by its longest mention.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.mentions: defaultdict[str, list[Entity]] = defaultdict(list)
        for each in document.entities:
            if each.ref is not None:
                self.mentions[each.ref].append(each)

    def thing(self, mention: Entity, *, other: Entity | None = None) -> Thing:
        """Return the thing of a mention.

        other: the other end of the relation. If it is the same thing, the mention is a function or
        description of it, and is named by its own words.
        """
        if mention.ref is None or (other is not None and other.ref == mention.ref):
            return Thing(_words(self.document, mention), mention.label)
        best = max(self.mentions[mention.ref], key=self._rank)
        return Thing(_words(self.document, best), best.label, mention.ref)

    def _rank(self, mention: Entity) -> tuple[bool, bool, int, int]:
        words = _words(self.document, mention)
        is_ref = normalise_surface(words) == (mention.ref or "").replace("-", " ")
        is_name = any(each.isupper() or each.isdecimal() for each in words)
        return is_ref, is_name, len(words), -mention.start


def _words(document: Document, mention: Entity) -> str:
    return " ".join(document.surface(mention).split())


def things(facts: Collection[StatedFact]) -> Iterator[Thing]:
    """Yield both ends of each fact."""
    for fact in facts:
        yield from (fact.who, fact.whom)
