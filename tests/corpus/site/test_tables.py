"""The rows of the tables of a site."""

from pathlib import Path

import pytest
import releases

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.site import tables
from aloi.corpus.site.contents import SiteContents
from aloi.corpus.site.search_keys import search_key, search_keys

REFS = """
[refs.ref-1]
name = "Ville de Rome"
type = "LOC"
"""


@pytest.fixture
def contents(tmp_path: Path) -> SiteContents:
    """A corpus in which two documents say that Ana lives in Rome, with a named ref for Rome."""
    folder = releases.folder(tmp_path / "corpus")
    text = "Ana vit à\nRome, dit-on."
    releases.write(folder, releases.record("b", text, {"Ana": "PER", "Rome": "LOC"}))
    (folder / "gold" / "c.json").unlink()
    manifest = folder / "corpus.toml"
    manifest.write_text(f'refs = "refs.toml"\n{manifest.read_text()}')
    (folder / "refs.toml").write_text(REFS)
    return SiteContents.of(Corpus.open(folder))


def test_documents(contents: SiteContents) -> None:
    first, second = tables.document_rows(contents)
    # The label numbers are positions in the schema: PER is 0, LOC is 1.
    assert first[:3] == ["a", "Ana !", "train"]
    assert first[5] == [
        [0, 3, 0, "e0", "ref-0", "Ana", []],
        [10, 14, 1, "e1", "ref-1", "Ville de Rome", []],
    ]
    assert first[6] == [[0, 1, 0, []]]
    assert [*tables.list_rows(contents)][1] == ["b", "b", "", "dev", 2, 1]
    assert second[4] == "Ana vit à\nRome, dit-on."


def test_occurrences_are_pairs_of_document_and_position(contents: SiteContents) -> None:
    assert [*tables.mention_rows(contents)] == [
        ["Ana", 0, "ref-0", [0, 0, 1, 0]],
        ["Rome", 1, "ref-1", [0, 1, 1, 1]],
    ]
    assert [*tables.relation_rows(contents)] == [
        ["LIVES_IN", "Ana", "ref-0", "Ville de Rome", "ref-1", [0, 0, 1, 0]]
    ]


def test_many_occurrences_are_divided(
    contents: SiteContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_OCCURRENCES", 1)
    found = [row[-1] for row in tables.mention_rows(contents) if row[0] == "Ana"]
    assert found == [[0, 0], [1, 0]]


def test_refs_have_their_surfaces_and_relations(contents: SiteContents) -> None:
    assert [*tables.ref_rows(contents)] == [
        ["ref-0", "Ana", 2, 2, [["Ana", 0, 2]]],
        ["ref-1", "Ville de Rome", 2, 2, [["Rome", 1, 2]]],
    ]
    forward, backward = tables.Direction.FORWARD, tables.Direction.BACKWARD
    assert [*tables.fact_rows(contents)] == [
        ["ref-0", 0, forward, "Ville de Rome", "ref-1", [0, 0, 1, 0]],
        ["ref-1", 0, backward, "Ana", "ref-0", [0, 0, 1, 0]],
    ]


def test_types_have_their_surfaces_and_refs(contents: SiteContents) -> None:
    assert [*tables.surface_rows(contents)] == [["LOC", "Rome", 2], ["PER", "Ana", 2]]
    assert [*tables.named_rows(contents)] == [
        ["LOC", "ref-1", "Ville de Rome", 2],
        ["PER", "ref-0", "Ana", 2],
    ]


def test_everything_can_be_found_by_the_start_of_a_word(contents: SiteContents) -> None:
    found = {(row[0], tables.Found(row[1]), row[2]) for row in tables.search_rows(contents)}
    for key, kind, address in (
        ("rome", tables.Found.REF, "ref-1"),
        ("ref 1", tables.Found.REF, "ref-1"),
        ("rome", tables.Found.SURFACE, "Rome"),
        ("ana", tables.Found.DOCUMENT, "a"),
        ("per", tables.Found.TYPE, "PER"),
        ("lives in", tables.Found.RELATION_TYPE, "LIVES_IN"),
    ):
        assert (key, kind, address) in found


@pytest.mark.parametrize(
    ("text", "key"),
    [("L'Élysée", "l elysee"), ("1949-04", "1949 04"), ("[/]", "[/]"), ("ﬁn Œuvre", "fin œuvre")],
)
def test_search_keys_have_no_capitals_accents_or_punctuation(text: str, key: str) -> None:
    assert search_key(text) == key


def test_a_key_starts_at_each_word() -> None:
    assert [*search_keys("Traité à l'Ouest")] == ["traite a l ouest", "ouest"]
