"""Tests of the annotations of Wikinews articles in this repository: valid, and without text."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aloi.corpus.quality.checks import check_path
from aloi.corpus.removal.removed_documents import removed_documents
from aloi.corpus.standoff.accepted_places import load_accepted_places
from aloi.corpus.standoff.collection import date_of
from aloi.corpus.standoff.draw import Draw, load_draw
from aloi.corpus.standoff.record import decode_record
from aloi.corpus.standoff.standoff_folder import StandoffCorpus

WIKINEWS = Path(__file__).parents[3] / "corpus/wikinews"
PROSE = {"README.md", "LICENSE.md"}
RULES = {"standoff.toml", "draw.toml", "draw_rule.toml", "themes.toml", "review.toml"}
OPTIONAL = {"removed.toml"}


@pytest.fixture
def wikinews() -> Draw:
    return load_draw(WIKINEWS / "draw.toml")


def test_the_check_finds_no_problems() -> None:
    assert list(check_path(WIKINEWS)) == []


def test_every_file_is_a_record_or_a_known_file() -> None:
    """A record is decoded strictly: it has no field that could contain text."""
    names = set()
    for file in WIKINEWS.rglob("*"):
        if file.suffix == ".json":
            decode_record(file)
        elif file.is_file():
            names.add(file.relative_to(WIKINEWS).as_posix())
    assert names - OPTIONAL == PROSE | RULES


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@pytest.mark.parametrize("name", ["draw.toml", "draw_rule.toml"])
def test_the_draw_contains_only_ids_dates_and_names(name: str) -> None:
    content = tomllib.loads((WIKINEWS / name).read_text(encoding="utf-8"))
    assert [s for s in strings(content) if not re.fullmatch(r"[a-z0-9_.-]{1,24}", s)] == []


def test_keywords_are_words_not_sentences() -> None:
    themes = tomllib.loads((WIKINEWS / "themes.toml").read_text(encoding="utf-8"))["themes"]
    keywords = [keyword for theme in themes.values() for keyword in theme["keywords"]]
    assert [keyword for keyword in keywords if len(keyword.split()) > 4] == []


def test_accepted_findings_contain_no_text() -> None:
    """The strict decoding allows ids, an offset, and a reason without quotation marks."""
    corpus = StandoffCorpus.open(WIKINEWS)
    places = load_accepted_places(corpus)
    assert places
    for place in places:
        assert place.document in corpus.draw.documents
        assert len(place.why.split()) <= 10


def test_the_draw_has_the_planned_sizes(wikinews: Draw) -> None:
    sizes = {split: len(wikinews.ids(split)) for split in ("train", "dev", "test")}
    removed = removed_documents(WIKINEWS)
    assert sum(sizes.values()) + len(removed) == 280
    assert all(sizes[split] <= size for split, size in (("train", 160), ("dev", 40), ("test", 80)))


def test_the_splits_follow_each_other(wikinews: Draw) -> None:
    train, dev, test = (wikinews.ids(split) for split in ("train", "dev", "test"))
    assert date_of(train[-1]) < date_of(dev[0])
    assert date_of(dev[-1]) < date_of(test[0])


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_no_theme_exceeds_a_quarter_of_a_split(wikinews: Draw, split: str) -> None:
    themes = Counter(d.theme for d in wikinews.documents.values() if d.split == split)
    assert len(themes) >= 9
    assert max(themes.values()) <= len(wikinews.ids(split)) / 4
