"""Themes of news texts by keywords: a reproducible rule, stored as data.

The score of a theme is the number of its keywords that occur in the text, each counted once and
with the weight of its most important place: the title (first line), the lead (the first paragraph
after the title) or the body. The theme with the highest score is assigned; a tie is resolved by
the order of the themes in the file. A text without any keyword has no theme.

A keyword is a word or a sequence of words, in lower case. It matches whole words; with `*` at its
end, it matches words that begin with it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import msgspec

from aloi.corpus.toml_files import load_toml


class Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A theme: a description for readers, and its keywords."""

    description: str
    keywords: tuple[str, ...]


class ThemeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a theme file: the version of the rule, the weights, and the themes."""

    version: str
    title_weight: int
    lead_weight: int
    body_weight: int
    themes: dict[str, Theme]

    def scores(self, text: str) -> dict[str, int]:
        """Return the score of every theme, in the order of the file."""
        places = _places(text)
        weights = (self.title_weight, self.lead_weight, self.body_weight)
        return {
            name: sum(_weight(keyword, places, weights) for keyword in theme.keywords)
            for name, theme in self.themes.items()
        }

    def theme(self, text: str) -> str | None:
        """Return the theme of a text, or None if no keyword occurs in it."""
        scores = self.scores(text)
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] else None


def load_themes(path: Path) -> ThemeRule:
    """Read a theme file; raise `DataError` if it is invalid."""
    return load_toml(path, ThemeRule, fix="Correct the theme file")


def _places(text: str) -> tuple[str, str, str]:
    """Return title, lead and body in lower case, with straight apostrophes."""
    title, _, rest = text.casefold().replace("’", "'").partition("\n")
    lead, _, body = rest.lstrip("\n").partition("\n\n")
    return title, lead, body


def _weight(keyword: str, places: tuple[str, ...], weights: tuple[int, ...]) -> int:
    """Return the weight of the first place in which a keyword occurs, or 0."""
    pattern = _pattern(keyword)
    found = (weight for place, weight in zip(places, weights, strict=True) if pattern.search(place))
    return next(found, 0)


@cache  # far more keywords than `re` keeps compiled
def _pattern(keyword: str) -> re.Pattern[str]:
    stem = re.escape(keyword.removesuffix("*"))
    return re.compile(rf"\b{stem}" if keyword.endswith("*") else rf"\b{stem}(?!\w)")
