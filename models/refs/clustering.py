"""Refs for the mentions of a document, by rules: who is who, and under which name.

Each rule uses the refs that earlier rules found:

1. Dates have their ISO date (`aloi.models.refs.dates`).
2. Persons: a short form belongs to the full name in the document that it begins or ends. A person
   whose name the lexicon does not contain is private and gets a ref of the document (guideline
   G11), except beside a public function, such as *ministre*.
3. Other names: the lexicon, then the name in front of an acronym in parentheses, then a longer name
   in the document, then, for adjectives, the place with the same stem.
4. Common nouns of events and texts (*le sommet*, *cet accord*): the last mention before with the
   same noun or a noun of the same group, if it has the same label.
5. Functions: the person beside them, else the person who had the same function before.

A thing that the lexicon does not contain gets a new ref from its longest name (guideline G12).
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from itertools import count, takewhile
from operator import attrgetter

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.refs.authority import PRIVATE_SIGN
from aloi.models.refs.dates import DateMention, normalise_dates
from aloi.models.refs.labels import RefLabels
from aloi.models.refs.lexicon import RefLexicon
from aloi.models.refs.names import (
    MIN_STEM,
    Words,
    acronym_pairs,
    common_stem,
    name_words,
    short_names,
    slug,
)

MAX_APPOSITION = 90
"""Characters between a function and the person that it may belong to."""

MAX_TITLE, MAX_COPULA = 12, 4
"""Characters of a title such as *M.*, and words that may be around a verb such as *est*."""


_SENTENCE_END = re.compile(r"[.;:!?\n]")


class RefWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of `reprises.fr.toml`."""

    groups: tuple[frozenset[str], ...]
    titles: frozenset[str]
    articles: frozenset[str]
    copulas: frozenset[str]
    prepositions: frozenset[str]
    public_functions: frozenset[str]

    def may_corefer(self, one: str, other: str) -> bool:
        """Return whether two nouns are equal or in one group."""
        return one == other or any(one in group and other in group for group in self.groups)


@cache
def load_ref_words(language: str = "fr") -> RefWords:
    """Return the words of a language; only French (`fr`) is available."""
    folder = files("aloi.models.refs")
    content = tomllib.loads(folder.joinpath(f"reprises.{language}.toml").read_text("utf-8"))
    plain = {key: _plain(words) for key, words in content.items() if key != "groups"}
    return msgspec.convert({**plain, "groups": list(map(_plain, content["groups"]))}, RefWords)


def _plain(words: list[str]) -> list[str]:
    """Return words without accents, as `name_words` does."""
    return [plain for word in words for plain in name_words(word)]


def predict_refs(
    document: Document,
    lexicon: RefLexicon,
    *,
    bare_nouns: bool = True,
    name_persons: bool = False,
) -> Document:
    """Return a document with a ref for each mention without one, where the rules find any.

    The date of the document is read from its metadata (`date`). bare_nouns: give common nouns that
    refer to nothing known, such as *accord*, a new ref as well. It says which mentions refer to one
    thing, but is not the thing's name. name_persons: give all persons a ref from their name;
    without it, private persons have refs such as `<document id>#p1`.
    """
    refs = _Refs(document, lexicon, name_persons=name_persons).predict(bare_nouns=bare_nouns)
    entities = tuple(
        entity
        if entity.ref is not None
        else msgspec.structs.replace(entity, ref=refs.get(entity.id))
        for entity in document.entities
    )
    return msgspec.structs.replace(document, entities=entities)


@dataclass
class _Refs:
    """The refs of one document, by mention id."""

    document: Document
    lexicon: RefLexicon
    name_persons: bool = False
    words: RefWords = field(default_factory=load_ref_words)
    refs: dict[str, str] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)

    @property
    def labels(self) -> RefLabels:
        """The labels by the rules that apply to them."""
        return self.lexicon.labels

    def predict(self, *, bare_nouns: bool) -> dict[str, str]:
        """Apply all rules; return the refs by mention id."""
        given = {each.id: each.ref for each in self.document.entities if each.ref is not None}
        self.refs |= given
        self._add_dates()
        self._add_persons()
        self._add_names()
        self._add_reprises()
        self._add_functions()
        if bare_nouns:
            return self.refs
        return {id_: ref for id_, ref in self.refs.items() if id_ in given or ref not in self.bare}

    def _with_label(self, labels: tuple[str, ...]) -> list[Entity]:
        found = (entity for entity in self.document.entities if entity.label in labels)
        return sorted(found, key=lambda each: (each.start, -each.end))

    def _surface(self, entity: Entity) -> str:
        return self.document.surface(entity)

    @cached_property
    def _words(self) -> dict[str, Words]:
        """The words of each mention, by mention id."""
        return {each.id: name_words(self._surface(each)) for each in self.document.entities}

    def _find(self, entity: Entity) -> str | None:
        """Return the ref of a mention in the lexicon."""
        return self.lexicon.find(self._surface(entity), entity, excluded=self.document.id)

    def _add_dates(self) -> None:
        mentions = self._with_label(self.labels.dates)
        spans = [DateMention(each.start, each.end) for each in mentions]
        dates = normalise_dates(self.document.text, spans, self.document.meta.get("date"))
        for mention, day in zip(mentions, dates, strict=True):
            if day is not None:
                self.refs.setdefault(mention.id, day)

    def _add_persons(self) -> None:
        private: list[list[Entity]] = []
        public = self._public_persons()
        for mentions in self._persons():
            given = (self.refs.get(each.id) for each in mentions)
            known = next(filter(None, (*given, *map(self._find, mentions))), None)
            if known is None and public.isdisjoint(each.id for each in mentions):
                private.append(mentions)
                continue
            ref = known or slug(self._surface(mentions[0])) or mentions[0].id
            for mention in mentions:
                self.refs.setdefault(mention.id, ref)
        self._add_private_persons(private)

    def _public_persons(self) -> set[str]:
        """Return the ids of mentions with an ambiguous known name, or beside a public function."""
        persons = self._with_label(self.labels.persons)
        if self.name_persons:
            return {each.id for each in persons}
        public = {each.id for each in persons if self.lexicon.is_name(self._surface(each))}
        for mention in self._with_label(self.labels.functions):
            if self._is_public_function(mention) and (holder := self._holder(mention, persons)):
                public.add(holder.id)
        return public

    def _is_public_function(self, mention: Entity) -> bool:
        """Return whether a function is public; its complement (*avocat du ministre*) is ignored."""
        words = self._words[mention.id]
        before = takewhile(lambda word: word not in self.words.prepositions, words)
        return not self.words.public_functions.isdisjoint(before)

    def _add_private_persons(self, persons: list[list[Entity]]) -> None:
        """Number persons in the order of their first mentions; numbers in given refs are kept."""
        numbers = (f"{self.document.id}{PRIVATE_SIGN}p{number}" for number in count(1))
        given = set(self.refs.values())
        free = (ref for ref in numbers if ref not in given)
        for mentions in sorted(persons, key=lambda each: min(mention.start for mention in each)):
            ref = next(free)
            for mention in mentions:
                self.refs[mention.id] = ref

    def _persons(self) -> list[list[Entity]]:
        """Return the mentions of each person that the document names; longer names come first."""
        mentions = self._with_label(self.labels.persons)
        persons: list[list[Entity]] = []
        by_name: defaultdict[Words, list[list[Entity]]] = defaultdict(list)
        for mention in sorted(mentions, key=self._length, reverse=True):
            fitting = by_name[self._words[mention.id]]
            if fitting:
                min(fitting, key=lambda each: _distance(mention, each)).append(mention)
                continue
            persons.append([mention])
            for name in short_names(self._words[mention.id]):
                by_name[name].append(persons[-1])
        return persons

    def _length(self, mention: Entity) -> tuple[int, int, int]:
        """Return the number of words and characters of a mention; earlier mentions are longer."""
        return len(self._words[mention.id]), mention.end - mention.start, -mention.start

    def _add_names(self) -> None:
        labels = self.labels
        special = {*labels.dates, *labels.persons, *labels.functions, *labels.without}
        names = [
            each
            for each in self.document.entities
            if each.label not in special and not self._is_reprise(each) and each.id not in self.refs
        ]
        for mention in names:
            if (ref := self._find(mention)) is not None:
                self.refs[mention.id] = ref
        self._add_acronyms()
        new: dict[tuple[str, Words], str] = {}
        longer = self._longer_names(names)
        for mention in names:
            if mention.id not in self.refs:
                key = mention.label, self._words[mention.id]
                if key not in new:
                    new[key] = longer.get(key) or self._new_name(mention)
                self.refs[mention.id] = new[key]

    def _longer_names(self, names: list[Entity]) -> dict[tuple[str, Words], str]:
        """Return the refs of names by label and first words (*Conseil* for *Conseil d'État*)."""
        found: dict[tuple[str, Words], str] = {}
        for mention in names:
            words = self._words[mention.id]
            if mention.id in self.refs:
                for length in range(1, len(words)):
                    found.setdefault((mention.label, words[:length]), self.refs[mention.id])
        return found

    def _add_acronyms(self) -> None:
        """Give a name and its acronym the same ref; a new one is made from the acronym."""
        for full, acronym in acronym_pairs(self.document):
            known = self.refs.get(full.id) or self.refs.get(acronym.id)
            ref = known or slug(self._surface(acronym))
            same = {slug(self._surface(each)) for each in (full, acronym)}
            for mention in self.document.entities:
                if mention.label == full.label and slug(self._surface(mention)) in same:
                    self.refs.setdefault(mention.id, ref)

    def _new_name(self, mention: Entity) -> str:
        """Return the ref of the place of an adjective, or a new ref."""
        words = self._words[mention.id]
        stem = None
        if mention.label in self.labels.adjectives and len(words) == 1:
            stem = self._place_with_stem(words[0])
        return stem or slug(self._surface(mention)) or mention.id

    def _place_with_stem(self, adjective: str) -> str | None:
        """Return the ref of the place whose name begins as an adjective does."""
        places: dict[str, int] = {}
        for place in self._with_label(self.labels.places):
            if place.id in self.refs:
                places[self.refs[place.id]] = common_stem(adjective, slug(self._surface(place)))
        start = adjective[:MIN_STEM]
        for ref, type_ in self.lexicon.types.items():
            if ref.startswith(start) and type_ in self.labels.places and "-" not in ref:
                places.setdefault(ref, common_stem(adjective, ref))
        best = max(places, key=lambda ref: (places[ref], ref), default=None)
        return best if best is not None and places[best] else None

    def _is_reprise(self, mention: Entity) -> bool:
        """Return whether a mention is a common noun, such as *sommet* or *accord*."""
        surface = self._surface(mention)
        return (
            mention.label in self.labels.reprises
            and surface.islower()
            and not re.search(r"\d", surface)
        )

    def _add_reprises(self) -> None:
        mentions = self._with_label(self.labels.reprises)
        for number, mention in enumerate(mentions):
            if mention.id not in self.refs:
                before, after = mentions[:number][::-1], mentions[number + 1 :]
                self.refs[mention.id] = (
                    self._antecedent(mention, before)
                    or self._antecedent(mention, [each for each in after if each.id in self.refs])
                    or self._new_reprise(mention)
                )

    def _antecedent(self, mention: Entity, others: list[Entity]) -> str | None:
        """Return the ref of the last mention with the same noun, else with a noun of its group."""
        words = self._words[mention.id]
        candidates = [each for each in others if each.label == mention.label]
        for fits in (self._same_phrase, self._same_noun, self._same_group):
            for other in candidates:
                if fits(words, self._words[other.id]):
                    return self.refs[other.id]
        return None

    @staticmethod
    def _same_phrase(words: Words, other: Words) -> bool:
        return words == other

    @staticmethod
    def _same_noun(words: Words, other: Words) -> bool:
        return words[:1] == other[:1] and (len(words) == 1 or len(other) == 1)

    def _same_group(self, words: Words, other: Words) -> bool:
        return len(words) == 1 and self.words.may_corefer(words[0], other[0] if other else "")

    def _new_reprise(self, mention: Entity) -> str:
        """Return the ref of a common noun that refers to nothing else in the document."""
        is_noun = len(self._words[mention.id]) == 1  # *accident* is another one in each document
        known = None if is_noun else self._find(mention)
        if known is not None:
            return known
        new = slug(self._surface(mention)) or mention.id
        self.bare.add(new)
        return new

    def _add_functions(self) -> None:
        """Give functions the refs of their holders; one that is repeated has the same holder."""
        persons = self._with_label(self.labels.persons)
        holders: dict[Words, str] = {}
        for mention in self._with_label(self.labels.functions):
            words = self._words[mention.id]
            holder = self._holder(mention, persons)
            ref = self.refs[holder.id] if holder else holders.get(words) or holders.get(words[:1])
            if ref is not None:
                holders[words] = holders[words[:1]] = ref
            elif near := self._person_nearby(mention, persons):
                ref = self.refs[near.id]
            if ref is not None:
                self.refs.setdefault(mention.id, ref)

    def _holder(self, mention: Entity, persons: list[Entity]) -> Entity | None:
        """Return the person beside a function: after it, before it, or after its complement."""
        text = self.document.text
        before, after = _neighbours(mention, persons)
        if after and self._is_title(text[mention.end : after.start]):
            return after
        if before and self._is_apposition(text[before.end : mention.start]):
            return before
        if after and self._is_complement(mention, after):
            return after
        return None

    def _person_nearby(self, mention: Entity, persons: list[Entity]) -> Entity | None:
        """Return the last person before a function in the paragraph, or the next one."""
        text = self.document.text
        before, after = _neighbours(mention, persons)
        if before and "\n" not in text[before.end : mention.start]:
            return before
        if after and not _SENTENCE_END.search(text[mention.end : after.start]):
            return after
        return None

    def _is_title(self, between: str) -> bool:
        """Return whether only a title, such as *M.*, is between a function and a person."""
        is_near = len(between) <= MAX_TITLE and not re.search(r"[;:!?\n]|\.\s+$", between[:1])
        return is_near and self.words.titles.issuperset(name_words(between))

    def _is_apposition(self, between: str) -> bool:
        """Return whether a function follows a person after a comma, or after *est*, *élu* …"""
        if len(between) > MAX_APPOSITION or _SENTENCE_END.search(between):
            return False
        words = name_words(between)
        if re.match(r"\s*[,(–-]", between) and self.words.articles.issuperset(words):
            return True
        return len(words) <= MAX_COPULA and not self.words.copulas.isdisjoint(words)

    def _is_complement(self, mention: Entity, person: Entity) -> bool:
        """Return whether only a complement with a name is between: *président du Mali, X*."""
        between = self.document.text[mention.end : person.start]
        if len(between) > MAX_APPOSITION or _SENTENCE_END.search(between):
            return False
        if not self.words.prepositions.intersection(name_words(between)[:1]):
            return False
        inner = (
            each.end
            for each in self.document.entities
            if mention.end <= each.start and each.end <= person.start
        )
        last = max(inner, default=None)
        return last is not None and not name_words(self.document.text[last : person.start])


def _neighbours(mention: Entity, others: list[Entity]) -> tuple[Entity | None, Entity | None]:
    """Return the last of the other mentions before a mention, and the next one after it.

    `others` must be in text order.
    """
    start_of = attrgetter("start")
    after = bisect_left(others, mention.end, key=start_of)
    before = bisect_left(others, mention.start, key=start_of) - 1
    while before >= 0 and others[before].end > mention.start:
        before -= 1
    return (
        others[before] if before >= 0 else None,
        others[after] if after < len(others) else None,
    )


def _distance(mention: Entity, others: list[Entity]) -> int:
    """Return the distance to the nearest other mention; those before the mention are nearer."""
    return min(
        mention.start - each.end if each.end <= mention.start else 2 * (each.start - mention.end)
        for each in others
    )
