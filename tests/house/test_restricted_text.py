"""The article goes nowhere: not into the repository beside it, nor into what is made of that."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from aloi.corpus import document_files
from aloi.corpus.release.restricted_text import LONG_RUN, Runs, strings

ROOT = Path(__file__).parents[2]
RESTRICTED = ROOT / "corpus" / "restricted"


@pytest.fixture(scope="module")
def runs() -> Runs:
    """The runs of the restricted texts, however they were annotated."""
    if not RESTRICTED.is_dir():
        pytest.skip("no corpus/restricted/ here")
    found = [record.document for record in document_files.read_records(RESTRICTED)]
    return Runs({("article", document.text) for document in found if document}, LONG_RUN)


def leaking(files: Iterator[Path], runs: Runs) -> list[Path]:
    return [file for file in files if any(any(runs.within(text)) for text in texts(file))]


def texts(file: Path) -> Iterator[str]:
    """All strings in a file; of a picture those that are kept beside the pixels."""
    yield from strings(file)
    if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".gif"):
        with pytest.importorskip("PIL.Image").open(file) as picture:
            yield from map(str, picture.info.values())


def test_no_file_of_the_repository_has_text_of_the_article(runs: Runs) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    others = (file for file in files if not file.is_relative_to(RESTRICTED) and file.is_file())
    assert leaking(others, runs) == []


def test_the_search_finds_what_it_looks_for(runs: Runs, tmp_path: Path) -> None:
    document = next(iter(document_files.read_records(RESTRICTED))).document
    assert document is not None
    (tmp_path / "x.md").write_text(f"# Titre\n\n{document.text[100:160]}\n", encoding="utf-8")
    assert leaking(iter([tmp_path / "x.md"]), runs) == [tmp_path / "x.md"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_no_distribution_has_text_of_the_article(
    runs: Runs, distributions: dict[str, Path], kind: str
) -> None:
    files = [path for path in distributions[kind].rglob("*") if path.is_file()]
    assert files
    assert leaking(iter(files), runs) == []
