"""Tests of the theme rule."""

from __future__ import annotations

import pytest

from aloi.corpus.standoff.themes import Theme, ThemeRule

RULE = ThemeRule(
    version="1",
    title_weight=5,
    lead_weight=2,
    body_weight=1,
    themes={
        "sport": Theme("matches", ("match", "équipe*", "coupe d'europe")),
        "weather": Theme("storms", ("tempête*", "pluie*", "vent")),
    },
)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("Un match\n\nLe match.\n\nFin du match.", {"sport": 5, "weather": 0}),
        ("Samedi\n\nDes équipes.\n\nDe la pluie, du vent.", {"sport": 2, "weather": 2}),
        ("La Coupe d’Europe\n\nRien.", {"sport": 5, "weather": 0}),
        ("Les ventes\n\nRien.", {"sport": 0, "weather": 0}),
    ],
    ids=["a keyword counts once", "lead and body", "curly apostrophe", "whole words"],
)
def test_scores_weigh_the_most_important_place(text: str, scores: dict[str, int]) -> None:
    assert RULE.scores(text) == scores


def test_the_first_theme_wins_a_tie() -> None:
    assert RULE.theme("Samedi\n\nDes équipes sous la tempête.") == "sport"


def test_a_text_without_keywords_has_no_theme() -> None:
    assert RULE.theme("Samedi\n\nRien.") is None
