"""A release is opened as its users open it; what was changed, broken or smuggled in is told."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
import releases
from pyarrow import parquet as library

from aloi.corpus.collection import Corpus
from aloi.corpus.release.build.assembly import build
from aloi.corpus.release.publish.check import Checked, check
from aloi.corpus.release.read.layout import Release

pytest.importorskip("datasets")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus and its release."""
    folder = tmp_path_factory.mktemp("made")
    corpus = releases.small(folder / "small")
    build(corpus, folder / "release")
    return folder / "small", folder / "release"


def checked(corpus: Path | None, release: Path) -> Checked:
    return check(Release.open(release), Corpus.open(corpus) if corpus else None)


@pytest.mark.filterwarnings("ignore")  # mlcroissant's own
def test_nothing_is_wrong_with_what_was_just_built(made: tuple[Path, Path]) -> None:
    found = checked(*made)
    assert found.problems == ()
    assert found.done.keys() >= {"checksums", "datasets", "pandas", "card", "corpus"}


def cell(path: Path, column: str, change: Callable[[str], str]) -> None:
    """Change the first row's value of a column, and nothing else."""
    table = library.read_table(path)
    values = table[column].to_pylist()
    new = pyarrow.array([change(values[0]), *values[1:]], table.schema.field(column).type)
    position = table.schema.get_field_index(column)
    table = table.set_column(position, table.schema.field(column), new)
    library.write_table(table, path)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


BREAKS: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a word": (
        lambda r: cell(r / "documents/train.parquet", "text", lambda t: t.replace("Rome", "Lyon")),
        {"checksum", "other-document", "bad-croissant"},
    ),
    "restricted text": (
        lambda r: cell(r / "documents/train.parquet", "meta", lambda m: releases.SECRET),
        {"checksum", "restricted-text", "bad-croissant", "wrong-type"},
    ),
    "an id": (
        lambda r: cell(r / "tokens/dev.parquet", "id", lambda i: "d"),
        {"checksum", "bad-croissant", "other-documents"},
    ),
    "a file more": (lambda r: (r / "notes.txt").touch(), {"checksum"}),
    "a file less": (lambda r: (r / "CITATION.cff").unlink(), {"checksum"}),
    "a number": (
        lambda r: replaced(r / "README.md", "num_examples: 1\n", "num_examples: 7\n"),
        {"checksum", "not-loading", "bad-card"},
    ),
    "the size": (
        lambda r: replaced(r / "README.md", "- n<1K", "- 1K<n<10K"),
        {"checksum", "bad-card"},
    ),
    "the hash of a file": (
        lambda r: replaced(
            r / "croissant.json",
            re.findall(r'"sha256": "(\w+)"', (r / "croissant.json").read_text())[0],
            "0" * 64,
        ),
        {"checksum", "bad-croissant"},
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BREAKS)
def test_what_was_changed_is_told(made: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    corpus, release = made
    shutil.copytree(release, tmp_path / "r")
    act, kinds = BREAKS[name]
    act(tmp_path / "r")
    found = {problem.kind for problem in checked(corpus, tmp_path / "r").problems}
    without_croissant = kinds - {"bad-croissant"}
    assert without_croissant <= found <= kinds
