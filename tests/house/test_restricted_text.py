"""No tracked file and no distribution contains text of the restricted article."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from aloi.corpus import document_files
from aloi.corpus.release.file_strings import read_strings
from aloi.corpus.release.restricted_text import LONG_RUN_LENGTH, RunIndex

ROOT = Path(__file__).parents[2]
RESTRICTED = ROOT / "corpus" / "restricted"


@pytest.fixture(scope="module")
def runs() -> RunIndex:
    """Return the runs of all restricted texts."""
    if not RESTRICTED.is_dir():
        pytest.skip("no corpus/restricted/ here")
    documents = [record.document for record in document_files.read_records(RESTRICTED)]
    texts = {("article", document.text) for document in documents if document}
    return RunIndex(texts, LONG_RUN_LENGTH)


def leaking_files(files: Iterator[Path], runs: RunIndex) -> list[Path]:
    return [
        file for file in files if any(any(runs.find_in_text(text)) for text in file_texts(file))
    ]


def file_texts(file: Path) -> Iterator[str]:
    """Yield all strings in a file, and the metadata of an image."""
    yield from read_strings(file)
    if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".gif"):
        with pytest.importorskip("PIL.Image").open(file) as picture:
            yield from map(str, picture.info.values())


def test_no_tracked_file_contains_restricted_text(runs: RunIndex) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    open_files = (file for file in files if not file.is_relative_to(RESTRICTED) and file.is_file())
    assert leaking_files(open_files, runs) == []


def test_search_finds_an_excerpt(runs: RunIndex, tmp_path: Path) -> None:
    document = next(iter(document_files.read_records(RESTRICTED))).document
    assert document is not None
    (tmp_path / "x.md").write_text(f"# Titre\n\n{document.text[100:160]}\n", encoding="utf-8")
    assert leaking_files(iter([tmp_path / "x.md"]), runs) == [tmp_path / "x.md"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_no_distribution_contains_restricted_text(
    runs: RunIndex, distributions: dict[str, Path], kind: str
) -> None:
    files = [path for path in distributions[kind].rglob("*") if path.is_file()]
    assert files
    assert leaking_files(iter(files), runs) == []
