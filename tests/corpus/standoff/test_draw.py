"""Tests of the draw of documents, with invented articles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from standoff_texts import write_texts

from aloi.corpus.problems import DataError
from aloi.corpus.standoff.collection import TextCollection, date_of
from aloi.corpus.standoff.draw import (
    DrawRule,
    SplitRule,
    candidates,
    draw,
    format_draw,
    is_prose,
    load_draw,
    theme_quotas,
)
from aloi.corpus.standoff.themes import Theme, ThemeRule

THEMES = ThemeRule(
    "1", 5, 2, 1, {name: Theme(name, (name,)) for name in ("sport", "weather", "courts")}
)
RULE = DrawRule(
    version="1",
    seed=7,
    min_characters=50,
    max_characters=2000,
    min_prose_share=0.7,
    min_sentences=2,
    max_shared_ngrams=0.0,
    max_theme_share=0.5,
    splits={"train": SplitRule("2016-01-01", 6), "test": SplitRule("2016-03-01", 4)},
)


def article(theme: str, number: int) -> str:
    words = " ".join(f"mot{number}x{position}" for position in range(20))
    return f"Titre {theme} {number}\n\nDes {words}. Puis la fin {number}.\n"


@pytest.fixture
def collection(tmp_path: Path) -> TextCollection:
    themes = ["sport", "sport", "weather", "courts", "sport"]
    texts = {
        f"2016_{month}_{day:02}-001": article(themes[day % 5], int(month) * 100 + day)
        for month in ("01", "03")
        for day in range(1, 16)
    }
    return TextCollection.open(write_texts(tmp_path, texts))


def test_test_documents_are_later_than_training_documents(collection: TextCollection) -> None:
    drawn = draw(collection, RULE, THEMES)
    latest = max(map(date_of, drawn.ids("train")))
    assert latest < min(map(date_of, drawn.ids("test")))
    assert (len(drawn.ids("train")), len(drawn.ids("test"))) == (6, 4)


def test_themes_take_turns(collection: TextCollection) -> None:
    drawn = draw(collection, RULE, THEMES)
    train = Counter(d.theme for d in drawn.documents.values() if d.split == "train")
    assert train == {"sport": 2, "weather": 2, "courts": 2}


def test_the_seed_decides(collection: TextCollection) -> None:
    other = msgspec.structs.replace(RULE, seed=8)
    assert draw(collection, RULE, THEMES) == draw(collection, RULE, THEMES)
    assert draw(collection, RULE, THEMES).documents != draw(collection, other, THEMES).documents


def test_too_few_candidates_are_an_error(collection: TextCollection) -> None:
    large = msgspec.structs.replace(RULE, splits={"train": SplitRule("2016-01-01", 90)})
    with pytest.raises(DataError, match="needs 90 documents, but only 30 can be drawn"):
        draw(collection, large, THEMES)


def test_of_two_near_duplicates_the_later_is_kept(tmp_path: Path) -> None:
    text = article("sport", 1)
    texts = {"2016_01_02-001": text + "\nAjout.", "2016_01_01-001": text}
    folder = write_texts(tmp_path, texts)
    kept = [id_ for id_, _ in candidates(TextCollection.open(folder), RULE)]
    assert kept == ["2016_01_02-001"]


def test_a_list_of_scores_is_not_prose() -> None:
    scores = "\n".join(f"Nantes - Ville{n} : {n} - 2" for n in range(12))
    assert not is_prose(f"Handball\n\nVoici les résultats de la journée.\n{scores}", RULE)


@pytest.mark.parametrize(
    ("available", "quotas"),
    [
        ({"a": 9, "b": 9, "c": 1}, {"c": 1, "a": 3, "b": 2}),
        ({"a": 9, "b": 0}, {"b": 0, "a": 4}),
    ],
    ids=["a rare theme is used completely", "no theme exceeds the maximum"],
)
def test_quotas(available: dict[str, int], quotas: dict[str, int]) -> None:
    assert theme_quotas(available, 6, 4) == quotas


def test_a_draw_survives_its_file(collection: TextCollection, tmp_path: Path) -> None:
    drawn = draw(collection, RULE, THEMES)
    (tmp_path / "draw.toml").write_text(format_draw(drawn))
    assert load_draw(tmp_path / "draw.toml") == drawn
