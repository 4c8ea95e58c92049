"""The calendar words of a language, from a TOML file such as `dates.fr.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

import msgspec

Unit = Literal["day", "week", "month", "year"]

Words = tuple[str, ...]

T = TypeVar("T")


class DateWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calendar words by meaning; the file explains each key."""

    vague: frozenset[str]
    previous: frozenset[str]
    next: frozenset[str]
    in_context: frozenset[str]
    joining: frozenset[str]
    future: frozenset[str]
    before_future: tuple[str, ...]
    before_past: tuple[str, ...]
    auxiliaries: frozenset[str]
    participle_endings: tuple[str, ...]
    articles: frozenset[str]
    future_endings: tuple[str, ...]
    months: dict[str, int]
    weekdays: dict[str, int]
    ordinals: dict[str, int]
    from_document: dict[str, int]
    from_context: dict[str, int]
    units: dict[str, Unit]
    seasons: dict[str, int]

    def step(self, words: Words) -> int:
        """Return -1 for words such as *dernier*, 1 for *prochain*, and 0 for neither or both."""
        return (not self.next.isdisjoint(words)) - (not self.previous.isdisjoint(words))

    def is_relative(self, words: Words) -> bool:
        """Return whether a word refers to the last date in the text."""
        return not self.in_context.isdisjoint(words)

    def preceding_cue(self, words: Words) -> Literal["past", "future"] | None:
        """Return what the words just before an expression say: *depuis*, *pour*, *a déclaré*."""
        while words and words[-1] in self.articles:
            words = words[:-1]
        text = f" {' '.join(words)}"
        if text.endswith(tuple(f" {each}" for each in self.before_past)):
            return "past"
        if text.endswith(tuple(f" {each}" for each in self.before_future)):
            return "future"
        *_, auxiliary, verb = ("", "", *words)
        is_participle = verb.endswith(self.participle_endings) and verb not in self.future
        is_verb = auxiliary in self.auxiliaries or not auxiliary
        return "past" if is_verb and is_participle else None

    def is_future(self, clause: str) -> bool:
        """Return whether a word of a clause says that an event is to come.

        Capitalised words, such as names, do not count.
        """
        words = re.findall(r"\b[^\W\d_]+", clause)
        return any(
            word in self.future or (word.islower() and word.endswith(self.future_endings))
            for word in words
        )


@cache
def load_date_words(language: str = "fr") -> DateWords:
    """Return the calendar words of a language; only French (`fr`) is available."""
    text = files("aloi.models.refs").joinpath(f"dates.{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), DateWords)


def split_words(text: str) -> Words:
    """Return the words and numbers of a text in lower case; hyphens and apostrophes separate."""
    return tuple(re.findall(r"\d+|[^\W\d_]+", text.casefold()))


def lookup(words: Words, table: Mapping[str, T]) -> T | None:
    """Return the value of the longest entry of a table whose words follow one another."""
    text = f" {' '.join(words)} "
    found = [entry for entry in table if f" {entry} " in text]
    return table[max(found, key=len)] if found else None
