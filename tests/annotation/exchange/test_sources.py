"""Sources of a push: a corpus folder or files, predictions, and the models that made them."""

from pathlib import Path

import pytest

from aloi.annotation.exchange.sources import (
    PushSource,
    corpus_name,
    model_names,
    read_predictions,
)
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document

SCHEMA = 'name = "s"\nversion = "1"\n[entities]\n'
DOCUMENT = Document("d", "Ana", (), meta={"model": "m"})


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "corpus.toml").write_text('name = "c"\nversion = "1"\nlicence = "x"\n')
    (folder / "schema.toml").write_text(SCHEMA)
    (folder / "splits.toml").write_text("")
    document_files.write([DOCUMENT], folder / "gold")
    return folder


def test_a_corpus_has_a_name_a_schema_and_documents(corpus: Path) -> None:
    opened = Corpus.open(corpus)
    source = PushSource.from_corpus(opened)
    assert (source.name, source.schema.name, list(source.documents)) == ("c", "s", [DOCUMENT])
    assert PushSource.from_corpus(opened, name="other").name == "other"


def test_files_are_read_with_a_schema_and_a_name(corpus: Path, tmp_path: Path) -> None:
    document_files.write([DOCUMENT], tmp_path / "d.jsonl")
    source = PushSource.from_files(str(tmp_path / "d.jsonl"), corpus / "schema.toml", name="n")
    assert (source.name, source.schema.name, list(source.documents)) == ("n", "s", [DOCUMENT])


def test_predictions_come_from_a_corpus_or_from_files(corpus: Path, tmp_path: Path) -> None:
    document_files.write([DOCUMENT], tmp_path / "d.jsonl")
    assert read_predictions(str(corpus)) == {"d": DOCUMENT}
    assert read_predictions(str(tmp_path / "d.jsonl")) == {"d": DOCUMENT}


def test_models_are_named_in_the_metadata() -> None:
    assert model_names({"d": DOCUMENT, "e": Document("e", "", ())}) == ["m"]


def test_corpus_name_reads_a_folder_and_returns_other_text(corpus: Path) -> None:
    assert (corpus_name(str(corpus)), corpus_name("presse")) == ("c", "presse")
