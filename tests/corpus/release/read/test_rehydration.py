"""Texts come back with every mention if they are exact; if not, with those that surely stand."""

import json
import random
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from releases import SECRET

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.release.read.alignment import align, period
from aloi.corpus.release.read.layout import (
    DOCUMENT_BYTES,
    MENTION_BYTES,
    Entry,
    Mark,
    Release,
    ReleaseManifest,
    Standoff,
    hash_of,
)
from aloi.corpus.release.read.rehydration import read_texts, rehydrate, texts_of
from aloi.corpus.rights import Rights

ROOT = Path(__file__).parents[4]
SALT = "salt"
hashed = partial(hash_of, salt=SALT, size=MENTION_BYTES)


def edited(text: str, edits: int, chance: random.Random, letters: str) -> str:
    """A copy with so many characters inserted, deleted or replaced."""
    copy = list(text)
    for _ in range(edits):
        position, kind = chance.randrange(len(copy)), chance.choice(("insert", "delete", "replace"))
        new = "" if kind == "delete" else chance.choice(letters)
        copy[position : position + (kind != "insert")] = new
    return "".join(copy)


def distances(one: str, other: str) -> np.ndarray:
    """The edit distance of each beginning of one text to each of the other."""
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    table[0] = steps = np.arange(len(other) + 1)
    letters = np.array(list(other))
    for row, letter in enumerate(one, start=1):
        best = table[row - 1] + 1
        best[1:] = np.minimum(best[1:], table[row - 1, :-1] + (letters != letter))
        table[row] = np.minimum.accumulate(best - steps) + steps
    return table


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Mark]]:
    """A text of few different words, so of many equal stretches, and mentions of some of them."""
    words = draw(st.lists(st.text("abcde", min_size=1, max_size=7), min_size=3, max_size=12))
    order = draw(st.lists(st.integers(0, len(words) - 1), min_size=30, max_size=80))
    text = " ".join(words[number] for number in order)
    starts = draw(st.lists(st.integers(0, len(text) - 9), min_size=1, max_size=len(text) // 8))
    sizes = draw(st.lists(st.integers(1, 8), min_size=len(starts), max_size=len(starts)))
    spans = zip(starts, sizes, strict=True)
    return text, [
        Mark(str(number), start, start + size, "X", hash=hashed(text[start : start + size]))
        for number, (start, size) in enumerate(spans)
    ]


@given(marked_texts(), st.integers(0, 2**32))
@settings(max_examples=60)
def test_a_mention_is_attached_nowhere_but_at_its_aligned_place(
    marked: tuple[str, list[Mark]], seed: int
) -> None:
    """Its place is aligned if some way of editing, with no more edits than were made, leads there.

    That is: what stands before it in the text becomes what stands before it in the copy, what
    stands after it becomes what stands after it, and the edits of both are not too many.
    """
    text, marks = marked
    edits = max(1, round(0.02 * len(text)))
    copy = edited(text, edits, random.Random(seed), "abcde ")
    found = align(marks, len(text), copy, hashed)
    before = distances(text, copy)
    after = distances(text[::-1], copy[::-1])[::-1, ::-1]
    for mark in marks:
        if (start := found.get(mark.id)) is not None:
            end = start + mark.end - mark.start
            assert copy[start:end] == text[mark.start : mark.end]
            assert before[mark.start, start] + after[mark.end, end] <= edits


def test_the_period_of_a_surface() -> None:
    assert [period(text) for text in ("a", "aa", "été", "abab", "Chine")] == [1, 1, 2, 2, 5]


def marks_of(document: Document) -> tuple[Mark, ...]:
    return tuple(
        Mark(e.id, e.start, e.end, e.label, e.ref, hash=hashed(document.surface(e)))
        for e in document.entities
    )


def followed(text: str, edits: set[int], chance: random.Random) -> tuple[str, list[int | None]]:
    """A copy with these characters edited, and where each character of the text went."""
    copy: list[str] = []
    went: list[int | None] = []
    for position, letter in enumerate(text):
        kind = chance.choice(("insert", "delete", "replace")) if position in edits else ""
        if kind == "insert":
            copy.append(chance.choice("abcdefghij "))
        went.append(None if kind in ("delete", "replace") else len(copy))
        if kind != "delete":
            copy.append("#" if kind == "replace" else letter)
    return "".join(copy), went


@pytest.mark.slow
def test_of_untouched_mentions_nine_in_ten_are_found() -> None:
    """Every open document as if it were restricted, with 2 % of its characters edited."""
    chance = random.Random(0)
    untouched = found_again = 0
    for document in Corpus.open(ROOT / "corpus").documents:
        length = len(document.text)
        edits = set(chance.sample(range(length), round(0.02 * length)))
        copy, went = followed(document.text, edits, chance)
        found = align(marks_of(document), length, copy, hashed)
        for entity in document.entities:
            places = went[entity.start : entity.end]
            start = places[0]
            if start is None or places != list(range(start, start + len(places))):
                continue
            untouched += 1
            assert found.get(entity.id, start) == start
            found_again += entity.id in found
    assert found_again / untouched >= 0.9


def bare(id_: str, text: str, *surfaces: str, redistributable: bool = False) -> Standoff:
    marks = tuple(
        Mark(s, text.index(s), text.index(s) + len(s), "PER", hash=hashed(s)) for s in surfaces
    )
    relations = tuple(Relation(a, b, "KNOWS") for a, b in pairwise(surfaces))
    rights = Rights("all reserved", "Gazette", redistributable=redistributable)
    text_hash = hash_of(text, SALT, DOCUMENT_BYTES)
    return Standoff(id_, len(text), text_hash, marks, relations, {"lang": "fr"}, rights)


NAMES = ("Eustache Malvoisin", "Vaucluse", "roses noires")


class Held(Release):
    """A release whose standoff is at hand."""

    def standoff(self) -> dict[str, list[Standoff]]:
        return {
            "test": [
                bare("d", SECRET, *NAMES),
                bare("o", "Ana.", "Ana", redistributable=True),
            ]
        }


@pytest.fixture
def release(tmp_path: Path) -> Release:
    manifest = ReleaseManifest(
        "c", "1", "s", "1", "0", "canary", SALT, True, (), {"test": (Entry("d", "", False),)}, {}
    )  # fmt: skip
    return Held(tmp_path, manifest)


def test_the_exact_text_brings_everything_back(release: Release) -> None:
    result = rehydrate(release, {"d": SECRET}.get)
    (document,) = result.found
    assert [document.surface(entity) for entity in document.entities] == list(NAMES)
    assert len(document.relations) == 2
    assert document.meta == {
        "lang": "fr", "rights": "all reserved", "holder": "Gazette", "redistributable": False,
    }  # fmt: skip
    assert result.whole
    assert result.to_json() == {
        "documents": {"exact": ["d"], "realigned": [], "lost": []},
        "entities": {"PER": {"exact": 3, "realigned": 0, "lost": 0}},
        "relations": {"KNOWS": {"exact": 2, "realigned": 0, "lost": 0}},
    }


def test_a_changed_text_brings_back_what_stands_and_says_what_is_lost(release: Release) -> None:
    changed = SECRET.replace("Vaucluse", "Vauclüse").replace("maison de", "maisonde")
    result = rehydrate(release, {"d": changed}.get)
    report = result.to_json()
    assert report["documents"]["realigned"] == ["d"]
    assert report["entities"] == {"PER": {"exact": 0, "realigned": 2, "lost": 1}}
    assert report["relations"] == {"KNOWS": {"exact": 0, "realigned": 0, "lost": 2}}
    assert not result.whole


@pytest.mark.parametrize("text", [None, "", "Un tout autre texte, où Vaucluse est nommée aussi."])
def test_no_text_or_another_text_brings_back_nothing(release: Release, text: str | None) -> None:
    result = rehydrate(release, lambda id_: text)
    assert (result.found, result.documents["lost"]) == ((), ("d",))


def test_texts_are_found_by_their_hash_their_name_or_as_the_only_one_left(release: Release) -> None:
    for texts in ({"any": SECRET, "x": "…"}, {"d": SECRET, "x": "…"}, {"one": SECRET + "!"}):
        assert (texts_of(release, texts)("d") or "").startswith(SECRET)
    assert texts_of(release, {"one": "…", "other": SECRET + "!"})("d") is None


def test_texts_from_files(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "d.txt").write_bytes(SECRET.encode() + b"\r\n")
    assert read_texts(tmp_path / "texts") == {"d": SECRET}
    lines = tmp_path / "x.jsonl"
    lines.write_text(json.dumps({"id": "d", "text": SECRET, "more": 1}) + "\n\n")
    assert read_texts(lines) == {"d": SECRET}
    lines.write_text('{"id": "d"}\n{\n')
    with pytest.raises(DataError) as caught:
        read_texts(lines)
    assert [problem.line for problem in caught.value.problems] == [1, 2]


def test_standoff_is_its_own_json() -> None:
    document = bare("d", SECRET, *NAMES)
    assert msgspec.json.decode(msgspec.json.encode(document), type=Standoff) == document
