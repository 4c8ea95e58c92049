"""Rehydration restores all mentions in the exact text, and only certain ones in a changed text."""

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

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.release.read.hashes import (
    DOCUMENT_HASH_BYTES,
    MENTION_HASH_BYTES,
    salted_hash,
)
from aloi.corpus.release.read.mention_alignment import locate_mentions, smallest_period
from aloi.corpus.release.read.rehydration import read_named_texts, restore_documents, text_lookup
from aloi.corpus.release.read.release_folder import (
    DocumentEntry,
    Release,
    ReleaseManifest,
    StandoffDocument,
    StandoffMention,
)
from aloi.corpus.rights import Rights

ROOT = Path(__file__).parents[4]
SALT = "salt"
hash_mention = partial(salted_hash, salt=SALT, size=MENTION_HASH_BYTES)


def edit(text: str, edits: int, rng: random.Random, letters: str) -> str:
    """Return a copy in which `edits` characters were inserted, deleted or replaced."""
    copy = list(text)
    for _ in range(edits):
        position, kind = rng.randrange(len(copy)), rng.choice(("insert", "delete", "replace"))
        new = "" if kind == "delete" else rng.choice(letters)
        copy[position : position + (kind != "insert")] = new
    return "".join(copy)


def prefix_distances(one: str, other: str) -> np.ndarray:
    """Return the edit distance between each prefix of one text and each prefix of the other."""
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    table[0] = steps = np.arange(len(other) + 1)
    letters = np.array(list(other))
    for row, letter in enumerate(one, start=1):
        best = table[row - 1] + 1
        best[1:] = np.minimum(best[1:], table[row - 1, :-1] + (letters != letter))
        table[row] = np.minimum.accumulate(best - steps) + steps
    return table


@st.composite
def texts_with_mentions(draw: st.DrawFn) -> tuple[str, list[StandoffMention]]:
    """Draw a text with few distinct words, and so many equal substrings, and mentions in it."""
    words = draw(st.lists(st.text("abcde", min_size=1, max_size=7), min_size=3, max_size=12))
    order = draw(st.lists(st.integers(0, len(words) - 1), min_size=30, max_size=80))
    text = " ".join(words[number] for number in order)
    starts = draw(st.lists(st.integers(0, len(text) - 9), min_size=1, max_size=len(text) // 8))
    sizes = draw(st.lists(st.integers(1, 8), min_size=len(starts), max_size=len(starts)))
    spans = zip(starts, sizes, strict=True)
    return text, [
        StandoffMention(
            id=str(number),
            start=start,
            end=start + size,
            label="X",
            hash=hash_mention(text[start : start + size]),
        )
        for number, (start, size) in enumerate(spans)
    ]


@given(texts_with_mentions(), st.integers(0, 2**32))
@settings(max_examples=60)
def test_mention_is_only_found_at_an_aligned_place(
    text_and_mentions: tuple[str, list[StandoffMention]], seed: int
) -> None:
    """A place is aligned if some sequence of edits, no longer than the real one, leads to it.

    The edits turn the text before the mention into the copy before the place, and the text after
    the mention into the copy after the place.
    """
    text, mentions = text_and_mentions
    edits = max(1, round(0.02 * len(text)))
    copy = edit(text, edits, random.Random(seed), "abcde ")
    found = locate_mentions(mentions, len(text), copy, hash_mention)
    before = prefix_distances(text, copy)
    after = prefix_distances(text[::-1], copy[::-1])[::-1, ::-1]
    for mention in mentions:
        if (start := found.get(mention.id)) is not None:
            end = start + mention.end - mention.start
            assert copy[start:end] == text[mention.start : mention.end]
            assert before[mention.start, start] + after[mention.end, end] <= edits


def test_smallest_period() -> None:
    assert [smallest_period(text) for text in ("a", "aa", "été", "abab", "Chine")] == [
        1,
        1,
        2,
        2,
        5,
    ]


def standoff_mentions(document: Document) -> tuple[StandoffMention, ...]:
    return tuple(
        StandoffMention(
            id=e.id,
            start=e.start,
            end=e.end,
            label=e.label,
            ref=e.ref,
            hash=hash_mention(document.surface(e)),
        )
        for e in document.entities
    )


def edit_at(text: str, positions: set[int], rng: random.Random) -> tuple[str, list[int | None]]:
    """Return a copy with edits at these positions, and the new position of each character."""
    copy: list[str] = []
    new_positions: list[int | None] = []
    for position, letter in enumerate(text):
        kind = rng.choice(("insert", "delete", "replace")) if position in positions else ""
        if kind == "insert":
            copy.append(rng.choice("abcdefghij "))
        new_positions.append(None if kind in ("delete", "replace") else len(copy))
        if kind != "delete":
            copy.append("#" if kind == "replace" else letter)
    return "".join(copy), new_positions


@pytest.mark.slow
def test_nine_in_ten_unedited_mentions_are_found() -> None:
    """2 % of the characters of each document in the corpus are edited."""
    rng = random.Random(0)
    unedited = restored = 0
    for document in Corpus.open(ROOT / "corpus").documents:
        length = len(document.text)
        positions = set(rng.sample(range(length), round(0.02 * length)))
        copy, new_positions = edit_at(document.text, positions, rng)
        found = locate_mentions(standoff_mentions(document), length, copy, hash_mention)
        for entity in document.entities:
            place = new_positions[entity.start : entity.end]
            start = place[0]
            if start is None or place != list(range(start, start + len(place))):
                continue
            unedited += 1
            assert found.get(entity.id, start) == start
            restored += entity.id in found
    assert restored / unedited >= 0.9


def standoff(
    id_: str, text: str, *surfaces: str, redistributable: bool = False
) -> StandoffDocument:
    mentions = tuple(
        StandoffMention(
            id=s,
            start=text.index(s),
            end=text.index(s) + len(s),
            label="PER",
            hash=hash_mention(s),
        )
        for s in surfaces
    )
    relations = tuple(Relation(head=a, tail=b, label="KNOWS") for a, b in pairwise(surfaces))
    rights = Rights("all reserved", "Gazette", redistributable=redistributable)
    text_hash = salted_hash(text, SALT, DOCUMENT_HASH_BYTES)
    return StandoffDocument(id_, len(text), text_hash, mentions, relations, {"lang": "fr"}, rights)


NAMES = ("Eustache Malvoisin", "Vaucluse", "roses noires")


class FakeRelease(Release):
    """A release with two documents in memory."""

    def standoff(self) -> dict[str, list[StandoffDocument]]:
        return {
            "test": [
                standoff("d", SECRET, *NAMES),
                standoff("o", "Ana.", "Ana", redistributable=True),
            ]
        }


@pytest.fixture
def release(tmp_path: Path) -> Release:
    documents = {"test": (DocumentEntry("d", "", False),)}
    manifest = ReleaseManifest(
        "c", "1", "s", "1", "0", "canary", SALT, True, (), documents, {}
    )  # fmt: skip
    return FakeRelease(tmp_path, manifest)


def test_exact_text_restores_everything(release: Release) -> None:
    result = restore_documents(release, {"d": SECRET}.get)
    (document,) = result.documents
    assert [document.surface(entity) for entity in document.entities] == list(NAMES)
    assert len(document.relations) == 2
    assert document.meta == {
        "lang": "fr", "rights": "all reserved", "holder": "Gazette", "redistributable": False,
    }  # fmt: skip
    assert result.is_complete
    assert result.to_json() == {
        "documents": {"exact": ["d"], "realigned": [], "lost": []},
        "entities": {"PER": {"exact": 3, "realigned": 0, "lost": 0}},
        "relations": {"KNOWS": {"exact": 2, "realigned": 0, "lost": 0}},
    }


def test_changed_text_restores_certain_mentions_and_reports_lost_ones(release: Release) -> None:
    changed = SECRET.replace("Vaucluse", "Vauclüse").replace("maison de", "maisonde")
    result = restore_documents(release, {"d": changed}.get)
    report = result.to_json()
    assert report["documents"]["realigned"] == ["d"]
    assert report["entities"] == {"PER": {"exact": 0, "realigned": 2, "lost": 1}}
    assert report["relations"] == {"KNOWS": {"exact": 0, "realigned": 0, "lost": 2}}
    assert not result.is_complete


@pytest.mark.parametrize("text", [None, "", "Un tout autre texte, où Vaucluse est nommée aussi."])
def test_missing_or_unrelated_text_restores_nothing(release: Release, text: str | None) -> None:
    result = restore_documents(release, lambda id_: text)
    assert (result.documents, result.document_ids["lost"]) == ((), ("d",))


def test_texts_are_matched_by_hash_by_name_or_as_the_last_one(release: Release) -> None:
    for texts in ({"any": SECRET, "x": "…"}, {"d": SECRET, "x": "…"}, {"one": SECRET + "!"}):
        assert (text_lookup(release, texts)("d") or "").startswith(SECRET)
    assert text_lookup(release, {"one": "…", "other": SECRET + "!"})("d") is None


def test_texts_are_read_from_folders_and_json_lines(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "d.txt").write_bytes(SECRET.encode() + b"\r\n")
    assert read_named_texts(tmp_path / "texts") == {"d": SECRET}
    lines = tmp_path / "x.jsonl"
    lines.write_text(json.dumps({"id": "d", "text": SECRET, "more": 1}) + "\n\n")
    assert read_named_texts(lines) == {"d": SECRET}
    lines.write_text('{"id": "d"}\n{\n')
    with pytest.raises(DataError) as caught:
        read_named_texts(lines)
    assert [problem.line for problem in caught.value.problems] == [1, 2]


def test_standoff_document_survives_json() -> None:
    document = standoff("d", SECRET, *NAMES)
    assert msgspec.json.decode(msgspec.json.encode(document), type=StandoffDocument) == document
