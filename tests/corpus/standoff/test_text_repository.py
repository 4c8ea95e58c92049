"""Tests of fetching one commit of a git repository, with a local repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from standoff_texts import TEXTS, write_texts

from aloi.corpus.problems import DataError
from aloi.corpus.standoff.collection import TextCollection
from aloi.corpus.standoff.standoff_folder import TextSource
from aloi.corpus.standoff.text_repository import fetch_texts

IDENTITY = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> TextSource:
    """Return a repository with two commits, and its first commit."""
    folder = write_texts(tmp_path / "remote", TEXTS)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    commit = git(folder, "rev-parse", "HEAD")
    (folder / "later.txt").write_text("later", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "second")
    return TextSource(repository=folder.as_uri(), commit=commit)


def test_the_commit_is_fetched_with_its_line_ends(source: TextSource, tmp_path: Path) -> None:
    assert fetch_texts(source, tmp_path / "out")
    collection = TextCollection.open(tmp_path / "out")
    assert {id_: collection.text(id_) for id_ in collection.files} == TEXTS
    assert not (tmp_path / "out/later.txt").exists()


def test_a_complete_download_is_used_again(source: TextSource, tmp_path: Path) -> None:
    fetch_texts(source, tmp_path / "out")
    assert not fetch_texts(source, tmp_path / "out")


def test_a_changed_download_is_fetched_again(source: TextSource, tmp_path: Path) -> None:
    fetch_texts(source, tmp_path / "out")
    next((tmp_path / "out").glob("*/*/*.txt")).write_text("x", encoding="utf-8")
    assert fetch_texts(source, tmp_path / "out")


def test_an_unreachable_repository_is_one_problem(tmp_path: Path) -> None:
    missing = TextSource(repository=(tmp_path / "missing").as_uri(), commit="0" * 40)
    with pytest.raises(DataError, match=r"cannot fetch commit 0+ from file://") as caught:
        fetch_texts(missing, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_another_folder_is_never_replaced(source: TextSource, tmp_path: Path) -> None:
    own = Path(source.repository.removeprefix("file://"))
    with pytest.raises(DataError, match="was not written by `aloi corpus fetch`"):
        fetch_texts(source, own)
    assert (own / "later.txt").exists()
