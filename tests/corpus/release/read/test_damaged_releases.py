"""Damaged releases: each damage is reported as a problem."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_releases import toy_corpus, update_checksums, write_release

from aloi.corpus.problems import DataError
from aloi.corpus.release.publish.release_check import check_release
from aloi.corpus.release.read.release_folder import Release

pytest.importorskip("datasets")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # mlcroissant's own


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(toy_corpus(tmp_path_factory.mktemp("damaged") / "corpus"), "1.0.0")


def copy(release: Path, folder: Path) -> Path:
    return Path(shutil.copytree(release, folder / "release"))


def edit_manifest(folder: Path, **changes: Any) -> None:
    file = folder / "release.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"salt": "x" * 65}, "the salt must contain 1 to 64 bytes"),
        ({"salt": "é" * 33}, "the salt must contain 1 to 64 bytes"),
        ({"salt": ""}, "the salt must contain 1 to 64 bytes"),
        ({"documents": {"../outside": []}}, "the name of a split must not be '../outside'"),
        ({"documents": {"": []}}, "the name of a split must not be ''"),
        ({"documents": {"a\0b": []}}, "the name of a split must not be 'a"),
    ],
)
def test_an_unusable_manifest_is_refused(
    release: Path, tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    folder = copy(release, tmp_path)
    edit_manifest(folder, **changes)
    with pytest.raises(DataError, match=what):
        Release.open(folder)


@pytest.mark.parametrize("damage", [b"", bytes(range(256))])
@pytest.mark.parametrize("file", ["SHA256SUMS", "documents/dev.parquet", "croissant.json"])
def test_check_reports_a_damaged_file(
    release: Path, tmp_path: Path, file: str, damage: bytes
) -> None:
    folder = copy(release, tmp_path)
    (folder / file).write_bytes(damage)
    found = check_release(Release.open(folder)).problems
    assert any(file in str(problem) for problem in found)


@pytest.mark.parametrize("file", ["README.md", "croissant.json", "standoff/test.parquet"])
def test_check_reports_a_missing_file(release: Path, tmp_path: Path, file: str) -> None:
    folder = copy(release, tmp_path)
    (folder / file).unlink()
    found = check_release(Release.open(folder)).problems
    assert any(file in str(problem) for problem in found)


@pytest.mark.parametrize(
    ("file", "other"), [("hf-tokens", "documents"), ("relations", "hf-tokens")]
)
def test_check_reports_a_table_in_place_of_another(
    release: Path, tmp_path: Path, file: str, other: str
) -> None:
    folder = copy(release, tmp_path)
    shutil.copy(folder / other / "dev.parquet", folder / file / "dev.parquet")
    found = check_release(Release.open(folder)).problems
    assert any(
        each.file == f"{file}/dev.parquet" and each.what.startswith("a row of") for each in found
    )


def test_check_reports_a_split_that_the_manifest_does_not_list(
    release: Path, tmp_path: Path
) -> None:
    folder = copy(release, tmp_path)
    edit_manifest(folder, documents={"dev": []})
    assert "foreign-files" in {each.kind for each in check_release(Release.open(folder)).problems}


def test_check_does_not_follow_paths_in_the_card(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "http://127.0.0.1:9/secret.parquet"
    folder = copy(release, tmp_path)
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8")
    assert "path: documents/dev.parquet" in text
    card.write_text(text.replace("path: documents/dev.parquet", f"path: {path}"), encoding="utf-8")
    update_checksums(folder)
    monkeypatch.setattr("datasets.load_dataset", _must_not_load)
    found = check_release(Release.open(folder)).problems
    assert "foreign-files" in {each.kind for each in found}
    assert any(path in each.what for each in found)


def test_check_does_not_follow_paths_in_the_croissant_file(release: Path, tmp_path: Path) -> None:
    folder = copy(release, tmp_path)
    file = folder / "croissant.json"
    text = file.read_text(encoding="utf-8")
    changed = text.replace('"contentUrl": "documents/dev.parquet"', '"contentUrl": "/etc/passwd"')
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    found = check_release(Release.open(folder)).problems
    assert any("names a file outside the release: /etc/passwd" in each.what for each in found)


def _must_not_load(*_: object, **__: object) -> Callable[..., object]:
    raise AssertionError("load_dataset was called")
