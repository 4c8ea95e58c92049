"""The checks of a release report every change that was made after the build."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
import releases
from pyarrow import parquet as pq

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.release.build.builder import build_release
from aloi.corpus.release.publish.release_check import CheckReport, check_release
from aloi.corpus.release.read.release_folder import Release

pytest.importorskip("datasets")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus_and_release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folders of a corpus and its release."""
    folder = tmp_path_factory.mktemp("release")
    corpus = releases.small(folder / "small")
    build_release(corpus, folder / "release")
    return folder / "small", folder / "release"


def run_checks(corpus: Path | None, release: Path) -> CheckReport:
    return check_release(Release.open(release), Corpus.open(corpus) if corpus else None)


@pytest.mark.filterwarnings("ignore")  # mlcroissant's own
def test_new_release_has_no_problems(corpus_and_release: tuple[Path, Path]) -> None:
    """A slow check prints its step as a line, which must not be the bare name `corpus`."""
    corpus, release = corpus_and_release
    steps: list[str] = []
    report = check_release(Release.open(release), Corpus.open(corpus), on_step=steps.append)
    assert report.problems == ()
    assert report.results.keys() >= {"checksums", "datasets", "pandas", "card", "corpus"}
    assert {"checking: checksums", "checking: corpus"} <= {*steps}


def change_cell(path: Path, column: str, change: Callable[[str], str]) -> None:
    """Change the value of a column in the first row."""
    table = pq.read_table(path)
    values = table[column].to_pylist()
    new = pyarrow.array([change(values[0]), *values[1:]], table.schema.field(column).type)
    position = table.schema.get_field_index(column)
    table = table.set_column(position, table.schema.field(column), new)
    pq.write_table(table, path)


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a word": (
        lambda r: change_cell(
            r / "documents/train.parquet", "text", lambda t: t.replace("Rome", "Lyon")
        ),
        {"checksum", "document-differs", "bad-croissant"},
    ),
    "restricted text": (
        lambda r: change_cell(r / "documents/train.parquet", "meta", lambda m: releases.SECRET),
        {"checksum", "restricted-text", "bad-croissant", "wrong-type"},
    ),
    "an id": (
        lambda r: change_cell(r / "hf-tokens/dev.parquet", "document_id", lambda i: "d"),
        {"checksum", "bad-croissant", "unlisted-documents"},
    ),
    "an added file": (lambda r: (r / "notes.txt").touch(), {"checksum"}),
    "a missing file": (lambda r: (r / "CITATION.cff").unlink(), {"checksum"}),
    "a row count of the card": (
        lambda r: replace_text(r / "README.md", "num_examples: 1\n", "num_examples: 7\n"),
        {"checksum", "not-loading", "bad-card"},
    ),
    "the size category": (
        lambda r: replace_text(r / "README.md", "- n<1K", "- 1K<n<10K"),
        {"checksum", "bad-card"},
    ),
    "the hash of a file": (
        lambda r: replace_text(
            r / "croissant.json",
            re.findall(r'"sha256": "(\w+)"', (r / "croissant.json").read_text())[0],
            "0" * 64,
        ),
        {"checksum", "bad-croissant"},
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHANGES)
def test_change_is_reported(
    corpus_and_release: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    corpus, release = corpus_and_release
    shutil.copytree(release, tmp_path / "r")
    change, kinds = CHANGES[name]
    change(tmp_path / "r")
    found = {problem.kind for problem in run_checks(corpus, tmp_path / "r").problems}
    without_croissant = kinds - {"bad-croissant"}
    assert without_croissant <= found <= kinds
