"""mlcroissant accepts the metadata without a warning and reads the tables through them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import releases

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.release.build.builder import build_release
from aloi.corpus.release.build.figures import AgreementFigures, CardRatios, Figures

mlcroissant = pytest.importorskip("mlcroissant")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # mlcroissant's own

README = """# small

## How
Written by hand.

### Where
At home.

## Limits
Three documents.
"""
SETTINGS = """
authors = ["Ana & Co"]
contact = "ana@example.org"
date = 2026-11-29
datasheet = { collection = "How", limitations = "Limits" }
"""
FIGURES = Figures(
    agreement=(AgreementFigures(("a", "b"), 2, {"entities, exact": CardRatios(0.95)}, {}),)
)


def write_corpus(folder: Path, settings: str = SETTINGS) -> Corpus:
    releases.folder(folder)
    manifest = folder / "corpus.toml"
    manifest.write_text(settings + manifest.read_text())
    (folder / "README.md").write_text(README)
    releases.change(folder, "a", meta={"lang": "fr", "guideline_version": "2.0"})
    for annotator in ("a", "b"):
        (folder / "passes" / annotator).mkdir(parents=True)
    for file in ("a/a.json", "b/a.json", "a/b.json", "a/gone.json"):
        (folder / "passes" / file).touch()
    return Corpus.open(folder)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("croissant")
    build_release(write_corpus(folder / "corpus"), folder / "release", figures=FIGURES)
    return folder / "release"


def read_metadata(release: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((release / "croissant.json").read_bytes())
    return content


def test_no_warnings_and_version(release: Path) -> None:
    dataset = mlcroissant.Dataset(release / "croissant.json")
    assert dataset.metadata.ctx.issues.warnings == set()
    assert read_metadata(release)["conformsTo"] == "http://mlcommons.org/croissant/1.1"


def test_mlcroissant_reads_rows_lists_and_objects(release: Path) -> None:
    dataset = mlcroissant.Dataset(release / "croissant.json")
    (row,) = dataset.records("hf-tokens-test")
    assert [word.decode() for word in row["hf-tokens-test/tokens"]][:4] == [
        "Zoé",
        "vit",
        "à",
        "Oslo",
    ]
    (row,) = dataset.records("documents-test")
    name = "documents-test/entities"
    assert [(e[f"{name}/start"], e[f"{name}/end"]) for e in row[name]] == [(0, 3), (10, 14)]
    (row,) = dataset.records("relations-test")
    name = "relations-test/head"
    assert row[name][f"{name}/text"] == b"Zo\xc3\xa9"


def test_fields_of_responsible_ai_come_from_the_corpus(release: Path) -> None:
    metadata = read_metadata(release)
    found = {key: value for key, value in metadata.items() if key.startswith("rai:")}
    assert found == {
        "rai:dataCollection": "Written by hand.\n\nWhere\nAt home.",
        "rai:dataCollectionRawData": "1 document: not redistributable, "
        "licence all rights reserved, holder The Canal Gazette, source a newspaper\n"
        "3 documents: redistributable, licence CC0-1.0, holder Nobody, source tests",
        "rai:dataCollectionTimeFrame": ["2020-01-02", "2020-01-02"],
        "rai:dataAnnotationProtocol": "Schema small 1.0.0; guidelines 2.0",
        "rai:annotationsPerItem": "1 annotator: 1 document; 2 annotators: 1 document",
        "rai:dataAnnotationAnalysis": "a and b, 2 documents: entities, exact F1 0.950",
        "rai:dataLimitations": "Three documents.",
        "rai:dataReleaseMaintenancePlan": "Contact for corrections and removals: ana@example.org",
    }
    assert metadata["datePublished"] == "2026-11-29"
    assert "author = {{Ana \\& Co}}" in metadata["citeAs"]


def test_what_the_corpus_does_not_state_is_absent(tmp_path: Path) -> None:
    build_release(releases.small(tmp_path / "corpus"), tmp_path / "release")
    metadata = read_metadata(tmp_path / "release")
    assert "datePublished" not in metadata
    assert {key for key in metadata if key.startswith("rai:")} == {
        "rai:dataCollectionRawData",
        "rai:dataCollectionTimeFrame",
    }


def test_a_heading_that_the_readme_lacks_stops_the_build(tmp_path: Path) -> None:
    settings = SETTINGS.replace('"Limits"', '"Limit"')
    corpus = write_corpus(tmp_path / "corpus", settings)
    with pytest.raises(DataError, match="no section with the heading 'Limit'"):
        build_release(corpus, tmp_path / "release")
    assert msgspec.structs.asdict(corpus.manifest.datasheet)["biases"] is None
