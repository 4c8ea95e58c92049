"""The differences from an earlier version on a site."""

from pathlib import Path
from typing import Any

import releases

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.release.versions.snapshots import corpus_snapshot, open_snapshot
from aloi.corpus.site.changes import change_rows, compare_versions, text_changes
from aloi.corpus.site.contents import SiteContents

TEXT = "Ana vit à Rome, dit-on 🙂."


def changes(old: Path, new: Path) -> dict[str, list[Any]]:
    """Return the rows of the changed documents by id, without the id."""
    corpus = Corpus.open(new)
    differences = compare_versions(
        open_snapshot(old), corpus_snapshot(corpus), SiteContents.of(corpus)
    )
    return {id_: row for id_, *row in change_rows(differences)}


def mention(id_: str, surface: str, label: str, **more: Any) -> dict[str, Any]:
    start = TEXT.index(surface)
    return {"id": id_, "start": start, "end": start + len(surface), "label": label, **more}


def test_added_removed_and_changed_annotations_are_listed_in_text_order(tmp_path: Path) -> None:
    old, new = releases.folder(tmp_path / "old"), releases.folder(tmp_path / "new")
    changed = [mention("e0", "Ana", "PER", ref="ana"), mention("e1", "Rome", "PER")]
    releases.change(new, "a", entities=changed, relations=[])
    title, statuses, texts, corrections = changes(old, new)["a"]
    assert (title, statuses, texts) == ("Ana !", ["annotations changed"], [])
    assert corrections == [
        ["~", "PER", 0, ["", "Ana", " vit à Rome, dit-on 🙂."], "ref-0 → ana", "e0"],
        ["−", "LIVES_IN", 1, ["Ana", "Rome"], "", ""],
        ["−", "LOC", 0, ["Ana vit à ", "Rome", ", dit-on 🙂."], "ref-1", ""],
        ["+", "PER", 0, ["Ana vit à ", "Rome", ", dit-on 🙂."], "", "e1"],
    ]


def test_a_changed_text_is_compared_word_by_word(tmp_path: Path) -> None:
    old, new = releases.folder(tmp_path / "old"), releases.folder(tmp_path / "new")
    releases.change(new, "a", text="Ana vit à Rome, dit-il 🙂.")
    _, statuses, texts, corrections = changes(old, new)["a"]
    assert statuses == ["text changed"]
    assert texts == [[(0, "Ana vit à Rome, dit-"), (-1, "on"), (1, "il"), (0, " 🙂.")]]
    assert corrections == []
    assert list(text_changes("a\nb\nc", "a\nc")) == [[(-1, "b")]]


def test_of_a_removed_document_only_the_id_is_shown(tmp_path: Path) -> None:
    old, new = releases.folder(tmp_path / "old"), releases.folder(tmp_path / "new")
    (new / "gold" / "b.json").unlink()
    (new / "splits.toml").write_text('train = ["a"]\ndev = []\ntest = ["c"]\n')
    assert changes(old, new) == {"b": ["b", ["removed"], [], []]}


def test_a_document_that_was_restricted_counts_as_added(tmp_path: Path) -> None:
    old, new = releases.folder(tmp_path / "old"), releases.folder(tmp_path / "new")
    releases.change(old, "a", meta={"redistributable": False, "title": "Old title"})
    assert changes(old, new) == {"a": ["Ana !", ["added"], [], []]}
