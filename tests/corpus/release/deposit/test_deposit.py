"""A deposit has the files and metadata that Zenodo asks for, and no restricted text."""

import json
import zipfile
from pathlib import Path

import pytest
import releases

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.release.build.builder import build_release
from aloi.corpus.release.build.figures import AgreementFigures, CardRatios, Figures
from aloi.corpus.release.deposit.folder import write_deposit

pytest.importorskip("datasets")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # mlcroissant's own

SETTINGS = """
title = "Small & fine"
authors = ["Ana Roy", "Bob {B}"]
date = 2026-11-30
"""
FIGURES = Figures(agreement=(AgreementFigures(("a_1", "b"), 2, {"exact": CardRatios(0.95)}, {}),))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Path]:
    folder = tmp_path_factory.mktemp("deposit")
    manifest = releases.folder(folder / "corpus") / "corpus.toml"
    manifest.write_text(SETTINGS + manifest.read_text())
    corpus = Corpus.open(folder / "corpus")
    build_release(corpus, folder / "release")
    return corpus, folder / "release"


def test_files_and_metadata(built: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, release = built
    write_deposit(
        release, tmp_path / "d", corpus=corpus, figures=FIGURES, previous="10.5281/zenodo.1"
    )
    found = {path.name for path in (tmp_path / "d" / "files").iterdir()}
    separate = {"README.md", "LICENSE.md", "CITATION.cff", "croissant.json"}
    assert found == {"small-0.1.0.zip", *separate}
    with zipfile.ZipFile(tmp_path / "d" / "files" / "small-0.1.0.zip") as archive:
        assert archive.testzip() is None
        names = {name.removeprefix("small-0.1.0/") for name in archive.namelist()}
    files = (file for file in release.rglob("*") if file.is_file())
    assert names == {file.relative_to(release).as_posix() for file in files}
    # The keys and values of https://developers.zenodo.org/#representation.
    assert json.loads((tmp_path / "d" / "zenodo.json").read_bytes()) == {
        "metadata": {
            "upload_type": "dataset",
            "title": "Small & fine",
            "creators": [{"name": "Ana Roy"}, {"name": "Bob {B}"}],
            "description": "<p>4 documents annotated with the schema small 1.0.0.</p><ul>"
            "<li>train: 1 document, 2 mentions, 1 relation</li>"
            "<li>dev: 1 document, 2 mentions, 1 relation</li>"
            "<li>test: 2 documents, 4 mentions, 2 relations</li></ul>",
            "access_right": "open",
            "license": "cc0-1.0",
            "version": "0.1.0",
            "publication_date": "2026-11-30",
            "keywords": ["corpus", "named entity recognition", "relation extraction"],
            "language": "fra",
            "notes": "1 document must not be redistributed: the deposit contains their "
            "annotations without text.",
            "related_identifiers": [
                {"identifier": "10.5281/zenodo.1", "relation": "isNewVersionOf"}
                | {"scheme": "doi", "resource_type": "dataset"}
            ],
        }
    }


def test_citation_and_data_section(built: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, release = built
    write_deposit(release, tmp_path / "d", corpus=corpus, figures=FIGURES)
    assert (tmp_path / "d" / "citation.bib").read_text() == (
        "@misc{small-0.1.0,\n"
        "  title = {{Small \\& fine}},\n"
        "  author = {{Ana Roy} and {Bob \\{B\\}}},\n"
        "  year = {2026},\n"
        "  version = {0.1.0},\n"
        "  howpublished = {Dataset},\n"
        "  note = {Version 0.1.0, CC0-1.0},\n"
        "}\n"
    )
    section = (tmp_path / "d" / "data-section.tex").read_text()
    assert "Small \\& fine, version 0.1.0 \\cite{small-0.1.0}: 4 documents" in section
    assert "test & 2 & 4 & 2 \\\\" in section
    assert "a\\_1 and b & 2 & exact & 0.950 \\\\" in section
    assert section.count("\\begin{table}") == section.count("\\end{table}") == 2
    cff = (release / "CITATION.cff").read_text()
    assert "date-released: '2026-11-30'" in cff
    assert "- name: Ana Roy" in cff


def test_the_same_release_gives_the_same_bytes(built: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, release = built
    contents = []
    for _ in range(2):  # the second deposit replaces the first
        write_deposit(release, tmp_path / "d", corpus=corpus)
        files = sorted(path for path in (tmp_path / "d").rglob("*") if path.is_file())
        contents.append({file.name: file.read_bytes() for file in files})
    assert contents[0] == contents[1]


def test_what_stops_a_deposit(built: tuple[Corpus, Path], tmp_path: Path) -> None:
    corpus, release = built
    with pytest.raises(DataError, match="text cannot be searched for"):
        write_deposit(release, tmp_path / "d", corpus=None)
    with pytest.raises(DataError, match=r"'zenodo\.1' is not a DOI"):
        write_deposit(release, tmp_path / "d", corpus=corpus, previous="zenodo.1")
    named = Figures(
        agreement=(AgreementFigures((releases.SECRET, "b"), 2, {"x": CardRatios(1.0)}, {}),)
    )
    with pytest.raises(DataError, match="restricted text"):
        write_deposit(release, tmp_path / "d", corpus=corpus, figures=named)
    assert not (tmp_path / "d").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(DataError, match="neither a deposit nor an empty folder"):
        write_deposit(release, tmp_path / "mine", corpus=corpus)
