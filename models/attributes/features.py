"""Features of mentions and relations, from which their attributes are predicted.

A feature is a string, such as `clause:negation`: the clause that states the relation contains a
negation. Windows and chains have a fixed maximal length, so that the work per item is bounded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from spacy.tokens import Doc, Span

from aloi.corpus.formats.shared.spacy_docs import RelationSpan
from aloi.models.attributes.cues import APOSTROPHES, CueWords

WINDOW = 8
"""Tokens in each range around a relation whose cues are features."""

MAX_SENTENCE = 60
"""Tokens on each side of an item in which the cues of the sentence are searched."""

MAX_CHAIN = 12
"""Syntactic ancestors of a mention that are considered."""

OPENING, CLOSING = frozenset("«“„"), frozenset("»”")
STRAIGHT_QUOTES = frozenset(('"',))

MAX_QUOTATION = 400
"""Tokens after which an opened quotation ends, if no quotation mark closes it."""

VERBS = frozenset(("VERB", "AUX"))

CLAUSE_DEPS = frozenset(("aux", "aux:pass", "aux:tense", "advmod", "cop", "mark", "expl:subj"))
"""Dependency labels of the words that belong to a verb form."""


@dataclass(frozen=True)
class DocContext:
    """The tokens of a doc as plain lists: what the features of all its items use."""

    doc: Doc
    cue_words: CueWords

    @cached_property
    def words(self) -> list[str]:
        """The tokens in lower case."""
        return [token.lower_.translate(APOSTROPHES) for token in self.doc]

    @cached_property
    def cues(self) -> list[frozenset[str]]:
        """The cues of each token, including verb forms."""
        found = self.cue_words.find(self.words)
        return [
            cues | _verb_forms(morph) if pos in VERBS else cues
            for cues, pos, morph in zip(found, self.pos, self.morphs, strict=True)
        ]

    @cached_property
    def morphs(self) -> list[str]:
        """The morphological features of each token."""
        return [str(token.morph) for token in self.doc]

    @cached_property
    def pos(self) -> list[str]:
        """The part of speech of each token."""
        return [token.pos_ for token in self.doc]

    @cached_property
    def deps(self) -> list[str]:
        """The dependency label of each token."""
        return [token.dep_ for token in self.doc]

    @cached_property
    def heads(self) -> list[int]:
        """The syntactic head of each token."""
        return [token.head.i for token in self.doc]

    @cached_property
    def children(self) -> list[list[int]]:
        """The children of each token that belong to its verb form."""
        children: list[list[int]] = [[] for _ in self.words]
        for number, (head, dep) in enumerate(zip(self.heads, self.deps, strict=True)):
            if head != number and (dep in CLAUSE_DEPS or "neg" in dep):
                children[head].append(number)
        return children

    @cached_property
    def quoted(self) -> list[bool]:
        """Whether each token is in a quotation."""
        return list(_find_quotations(self.words))

    @cached_property
    def sentences(self) -> list[int]:
        """The number of the sentence of each token."""
        number, numbers = 0, []
        for token in self.doc:
            number += bool(token.is_sent_start)
            numbers.append(number)
        return numbers

    def chain(self, token: int) -> list[int]:
        """Return a token and its syntactic ancestors, from the token upwards."""
        chain = [token]
        while len(chain) < MAX_CHAIN and self.heads[chain[-1]] != chain[-1]:
            chain.append(self.heads[chain[-1]])
        return chain

    def sentence_around(self, start: int, end: int) -> tuple[int, int]:
        """Return the tokens of the sentences of a range, at most `MAX_SENTENCE` on each side."""
        first, last = start, end
        low, high = max(0, start - MAX_SENTENCE), min(len(self.words), end + MAX_SENTENCE)
        while first > low and self.sentences[first - 1] == self.sentences[start]:
            first -= 1
        while last < high and self.sentences[last] == self.sentences[end - 1]:
            last += 1
        return first, last


def _verb_forms(morph: str) -> frozenset[str]:
    """Return the mood and tense of a verb as cues."""
    forms = {"Mood=Cnd": "conditional", "Tense=Fut": "future", "VerbForm=Inf": "infinitive",
             "Mood=Sub": "subjunctive", "Tense=Imp": "imperfect", "Tense=Past": "past"}  # fmt: skip
    return frozenset(cue for form, cue in forms.items() if form in morph)


def _find_quotations(words: Sequence[str]) -> Iterator[bool]:
    """Yield whether each word is in a quotation."""
    left = 0
    for word in words:
        if word in OPENING or (word in STRAIGHT_QUOTES and not left):
            left = MAX_QUOTATION
        elif word in CLOSING or word in STRAIGHT_QUOTES:
            left = 0
        yield left > 0
        left = max(0, left - 1)


def relation_features(context: DocContext, relation: RelationSpan) -> set[str]:
    """Return the features of a relation."""
    head, tail = relation.head, relation.tail
    first, second = sorted((head, tail), key=lambda span: (span.start, -span.end))
    label = relation.label
    names = {f"label:{label}", f"types:{label}:{head.label_}:{tail.label_}"}
    names |= {f"order:{label}:{head.start <= tail.start}"}
    if second.start < first.end:
        names.add("nested")
        names.add(f"nested:{label}")
    gap = range(first.end, max(second.start, first.end))
    names.add(f"gap:{min(len(gap), 6)}")
    names.add(f"gap:{label}:{min(len(gap), 6)}")
    for scope, window in _scopes(context, first, second).items():
        for token in window:
            names.update(f"{scope}:{cue}" for cue in context.cues[token])
    clause = _clause(context, head, tail)
    for part, tokens in clause.items():
        for token in tokens:
            names.update(f"{part}:{cue}" for cue in context.cues[token])
            if context.quoted[token]:
                names.add(f"{part}:quoted")
            if not context.cue_words.words:  # words beside cues make assertion and status worse
                names.add(f"{part}={context.words[token]}")
    names.update(_sentence_features(context, first, second))
    joined = ("predicate:", "matrix:", "before:", "quoted", "sentence:source")
    names.update(f"{label}&{name}" for name in list(names) if name.startswith(joined))
    return names


def _scopes(context: DocContext, first: Span, second: Span) -> dict[str, range]:
    """Return the ranges of tokens around and between the ends of a relation, by name."""
    end = max(first.end, second.end)
    gap_end = max(second.start, first.end)
    return {
        "before": range(max(0, first.start - WINDOW), first.start),
        "first": range(first.start, min(first.end, first.start + WINDOW)),
        "second": range(second.start, min(second.end, second.start + WINDOW)),
        "gap start": range(first.end, min(first.end + WINDOW, gap_end)),
        "gap end": range(max(gap_end - WINDOW, first.end), gap_end),
        "after": range(end, min(len(context.words), end + WINDOW)),
    }


def _clause(context: DocContext, head: Span, tail: Span) -> dict[str, list[int]]:
    """Return the words of the clause that states a relation, by their part in the syntax.

    `predicate`: the lowest common ancestor of the ends, or the verb above the later end if they
    have none. `matrix`: the words above the predicate. `path`: the words between the predicate and
    the ends. The words of a verb form, such as negations and modal verbs, are with their verb.
    """
    one, other = context.chain(head.root.i), context.chain(tail.root.i)
    shared = set(one).intersection(other)
    later = one if head.start > tail.start else other
    joint = [token for token in later if token in shared]
    if not joint:
        joint = [token for token in later if context.pos[token] in VERBS] or later[-1:]
    path = [*one[: _count_until(one, joint[0])], *other[: _count_until(other, joint[0])]]
    parts = {"predicate": joint[:1], "matrix": joint[1:], "path": path}
    return {
        part: [each for token in tokens for each in (token, *context.children[token])]
        for part, tokens in parts.items()
    }


def _count_until(chain: list[int], token: int) -> int:
    return chain.index(token) if token in chain else len(chain)


def _sentence_features(context: DocContext, first: Span, second: Span) -> Iterator[str]:
    end = max(first.end, second.end)
    begin, stop = context.sentence_around(first.start, end)
    for token in range(begin, stop):
        side = "left" if token < first.start else "right" if token >= end else "mid"
        for cue in context.cues[token]:
            yield f"sentence:{cue}"
            yield f"sentence:{side}:{cue}"
    if context.words[stop - 1] == "?":
        yield "sentence:question"
    quoted = [context.quoted[span.root.i] for span in (first, second)]
    if all(quoted):
        yield "quoted"
        if all(context.quoted[begin:stop][first.start - begin : end - begin]):
            yield "quoted entirely"
    elif any(quoted):
        yield "quoted half"
    if any(context.quoted[begin:stop]):
        yield "sentence:quotation"
    if context.sentences[first.start] != context.sentences[second.start]:
        yield "several sentences"


def mention_features(context: DocContext, span: Span, relations: Collection[str]) -> set[str]:
    """Return the features of a mention; `relations` has its relations, such as `head:SUPPORTS`."""
    surface = span.text.lower().translate(APOSTROPHES)
    root = span.root.i
    dep, head = context.deps[root], context.heads[root]
    names = {
        f"surface={surface}",
        f"label:{span.label_}",
        f"dep:{dep}",
        f"head={context.words[head]}",
    }
    names.add(f"dep:{dep}:{context.pos[head]}")
    seat = surface in context.cue_words.seats
    if seat:
        names.add("seat")
    for offset in (1, 2):
        for name, token in (
            (f"-{offset}", span.start - offset),
            (f"+{offset}", span.end + offset - 1),
        ):
            word = context.words[token] if 0 <= token < len(context.words) else ""
            names.add(f"word{name}={word}")
            pos = context.pos[token] if word else ""
            names.add(f"pos{name}:{pos}")
    names.update(relations)
    names.update(f"seat&{name}" for name in list(names) if seat and not name.startswith("surface"))
    return names
