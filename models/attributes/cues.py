"""Cues: words that say who asserts something, whether it is certain, and whether it is over.

The words of a language are in `cues.<language>.toml`. A language without such a file has no cues;
its features are then only words, parts of speech and the syntax.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

APOSTROPHES = str.maketrans("’ʼ`", "'''")
"""The characters that are read as an apostrophe."""


@dataclass(frozen=True, slots=True)
class CueWords:
    """The cues of a language.

    words: cues by word. prefixes: cues by the beginning of a word. phrases: cues by the first word
    of a phrase, with the other words. seats: names of places that may stand for a government.
    """

    words: dict[str, frozenset[str]]
    prefixes: dict[str, frozenset[str]]
    phrases: dict[str, tuple[tuple[tuple[str, ...], str], ...]]
    seats: frozenset[str]

    def find(self, words: Sequence[str]) -> list[frozenset[str]]:
        """Return the cues of each word; the words are in lower case."""
        known: dict[str, frozenset[str]] = {}
        found = [known.get(word) or known.setdefault(word, self._of_word(word)) for word in words]
        for number, word in enumerate(words):
            for rest, cue in self.phrases.get(word, ()):
                if tuple(words[number + 1 : number + 1 + len(rest)]) == rest:
                    found[number] |= {cue}
        return found

    def _of_word(self, word: str) -> frozenset[str]:
        cues = set(self.words.get(word, ()))
        for length in range(2, len(word) + 1):
            cues |= self.prefixes.get(word[:length], frozenset())
        return frozenset(cues)


@cache
def load_cues(language: str) -> CueWords:
    """Return the cues of a language; all are empty if aloi has none for it."""
    file = files("aloi.models.attributes").joinpath(f"cues.{language}.toml")
    if not file.is_file():
        return CueWords({}, {}, {}, frozenset())
    content = tomllib.loads(file.read_text("utf-8"))
    words: dict[str, set[str]] = {}
    prefixes: dict[str, set[str]] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for cue, entries in content["cues"].items():
        for entry in entries:
            first, *rest = entry.split()
            if rest:
                phrases.setdefault(first, []).append((tuple(rest), cue))
            elif first.endswith("*"):
                prefixes.setdefault(first.removesuffix("*"), set()).add(cue)
            else:
                words.setdefault(first, set()).add(cue)
    return CueWords(
        {word: frozenset(cues) for word, cues in words.items()},
        {prefix: frozenset(cues) for prefix, cues in prefixes.items()},
        {word: tuple(sorted(found)) for word, found in phrases.items()},
        frozenset(content["seats"]["places"]),
    )
