"""Tests of the checks of a stand-off corpus without its texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from standoff_texts import TEXTS

from aloi.corpus.quality.checks import check_path
from aloi.corpus.standoff.standoff_folder import StandoffCorpus

FIRST, SECOND, LAST = TEXTS


def kinds(folder: Path) -> list[str]:
    return sorted({problem.kind for problem in check_path(folder)})


def replace(file: Path, old: str, new: str) -> None:
    content = file.read_text(encoding="utf-8")
    assert old in content
    file.write_text(content.replace(old, new), encoding="utf-8")


def test_a_valid_corpus_has_no_problems(standoff: StandoffCorpus) -> None:
    assert kinds(standoff.folder) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"length": 58', '"length": 5', ["offset-outside-text", "text-changed"]),
        ('"LOC"', '"PLACE"', ["unknown-entity-label"]),
        ('"LIVES_IN"', '"MEETS"', ["forbidden-ends"]),
        ('"tail": "e2"', '"tail": "e3"', ["dangling-relation"]),
        ('"date": "2016-01-05"', '"date": "2016-01-06"', ["date-differs"]),
        ('"theme": "society"', '"theme": "travel"', ["theme-differs"]),
        ('"ref": "ana"', '"ref": "Ana vit à Rome"', ["bad-record"]),
        ('"annotator"', '"text": "Ana", "annotator"', ["bad-record"]),
    ],
)
def test_a_wrong_record_is_reported(
    standoff: StandoffCorpus, old: str, new: str, expected: list[str]
) -> None:
    replace(standoff.folder / f"gold/{FIRST}.json", old, new)
    assert kinds(standoff.folder) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"travel", split = "test"', '"travel", split = "train"', ["split-date"]),
        ('"travel", split = "test"', '"travel", split = "dev"', ["unknown-split"]),
        (f"{LAST} = ", "2017_05_05-001 = ", ["not-drawn"]),
    ],
)
def test_a_wrong_draw_is_reported(
    standoff: StandoffCorpus, old: str, new: str, expected: list[str]
) -> None:
    replace(standoff.folder / "draw.toml", old, new)
    assert kinds(standoff.folder) == expected


@pytest.mark.parametrize(
    ("document", "place", "expected"),
    [
        (FIRST, "start = 0", []),
        ("2017_05_05-001", "start = 0", ["not-drawn"]),
        (FIRST, 'surface = "Ana"', ["bad-toml"]),
        (FIRST, 'start = 0\nsurface = "Ana"', ["bad-toml"]),
        (FIRST, "start = -1", ["bad-toml"]),
    ],
)
def test_accepted_findings_with_text_are_reported(
    standoff: StandoffCorpus, document: str, place: str, expected: list[str]
) -> None:
    entry = f'[[right]]\nrule = "edge"\ndocument = "{document}"\nwhy = "G3"\n{place}\n'
    (standoff.folder / "review.toml").write_text(entry, encoding="utf-8")
    assert kinds(standoff.folder) == expected


def test_a_theme_that_is_too_frequent_is_reported(standoff: StandoffCorpus) -> None:
    replace(standoff.folder / "draw_rule.toml", "max_theme_share = 0.5", "max_theme_share = 0.4")
    messages = [str(p) for p in check_path(standoff.folder) if p.kind == "theme-share"]
    assert len(messages) == 2
    assert "2 of 4 documents of split train have the theme society" in messages[0]


def test_stray_files_and_wrong_names_are_reported(standoff: StandoffCorpus) -> None:
    gold = standoff.folder / "gold"
    (gold / f"{FIRST}.json").rename(gold / "2016_01_05-009.json")
    (gold / "notes.txt").write_text("x", encoding="utf-8")
    assert kinds(standoff.folder) == ["file-name", "stray-file"]


def test_a_pass_of_another_annotator_is_reported(standoff: StandoffCorpus) -> None:
    (standoff.folder / "passes/bob-2").rename(standoff.folder / "passes/eva-3")
    assert kinds(standoff.folder) == ["wrong-pass"]


def test_refs_of_gold_must_be_in_the_named_authority(standoff: StandoffCorpus) -> None:
    """The passes keep the refs that their annotators wrote."""
    manifest = standoff.folder / "standoff.toml"
    replace(manifest, "schema =", 'refs = "../refs.toml"\nschema =')
    assert kinds(standoff.folder) == ["bad-toml"]
    names = [text.lstrip("\ufeff").split()[0] for text in TEXTS.values()]
    entries = [f'[refs.{name.lower()}]\nname = "{name}"\ntype = "PER"\n' for name in names]
    (standoff.folder.parent / "refs.toml").write_text("".join(entries), encoding="utf-8")
    assert kinds(standoff.folder) == []
    replace(standoff.folder / f"passes/bob-2/{FIRST}.json", '"ref": "ana"', '"ref": "anna"')
    assert kinds(standoff.folder) == []
    replace(standoff.folder / f"gold/{FIRST}.json", '"ref": "ana"', '"ref": "anna"')
    assert kinds(standoff.folder) == ["unknown-ref"]
