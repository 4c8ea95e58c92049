"""Labels are renamed in all files of a corpus, or in none."""

import os
from pathlib import Path

import pytest
from standoff_texts import TEXTS, annotated, write_standoff, write_texts

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import STAGING_FOLDER, Corpus
from aloi.corpus.migration.corpus_migration import migrate_corpus
from aloi.corpus.problems import DataError
from aloi.corpus.quality.checks import check_path
from aloi.corpus.standoff.attachment import detach_documents
from aloi.corpus.standoff.collection import TextCollection
from aloi.corpus.standoff.record import decode_record
from aloi.corpus.standoff.standoff_folder import StandoffCorpus

RENAMES = {"LOC": "PLACE", "MEETS": "SEES"}


@pytest.fixture
def corpus(corpus: Path) -> Path:
    """A corpus with documents in each of its folders."""
    content = (corpus / "gold" / "a.json").read_text()
    for place in ("passes/marie", "restricted/passes/luc", "inbox"):
        (corpus / place).mkdir(parents=True)
        (corpus / place / "a.json").write_text(content)
    document_files.write(
        document_files.read(corpus / "gold" / "b.json"), corpus / "passes/paul.jsonl"
    )
    return corpus


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_labels_are_renamed_everywhere(corpus: Path) -> None:
    (corpus / "review.toml").write_text('[[expected]]\nlabels = ["LOC"]\n')
    result = migrate_corpus(corpus, RENAMES)
    assert result.documents == {"gold": 3, "restricted": 1, "inbox": 1, "passes": 2}
    assert result.mentions == (corpus / "review.toml",)
    assert [p.kind for p in check_path(corpus) if "label" in p.kind] == []
    for file in corpus.rglob("a.json*"):
        (document,) = document_files.read(file)
        assert [entity.label for entity in document.entities] == ["PER", "PLACE"]
    assert list(Corpus.open(corpus).schema.relations) == ["LIVES_IN", "SEES"]
    assert Corpus.open(corpus).schema.version == "2.0.0"
    assert not (corpus / STAGING_FOLDER).exists()


def test_records_without_texts_are_renamed(corpus: Path, tmp_path: Path) -> None:
    texts = TextCollection.open(write_texts(tmp_path / "texts", TEXTS))
    for name, schema in {"news": "../schema.toml", "other": "schema.toml"}.items():
        manifest = write_standoff(corpus / name) / "standoff.toml"
        manifest.write_text(manifest.read_text().replace("schema.toml", schema))
        documents = [annotated(id_) for id_ in TEXTS]
        detach_documents(documents, StandoffCorpus.open(corpus / name), texts)
    assert migrate_corpus(corpus, RENAMES).documents["news"] == 3
    for name, label in {"news": "PLACE", "other": "LOC"}.items():
        files = list(StandoffCorpus.open(corpus / name).files())
        assert len(files) == len(TEXTS)
        for file in files:
            assert [entity.label for entity in decode_record(file).entities] == ["PER", label]


def test_a_repeated_migration_changes_only_new_documents(corpus: Path) -> None:
    old = (corpus / "gold" / "a.json").read_bytes()
    migrate_corpus(corpus, RENAMES)
    before = contents(corpus)
    assert migrate_corpus(corpus, RENAMES).documents == {}
    assert contents(corpus) == before
    (corpus / "passes" / "marie" / "late.json").write_bytes(old)
    assert migrate_corpus(corpus, RENAMES).documents == {"passes": 1}


def test_nothing_changes_if_a_document_is_invalid(corpus: Path) -> None:
    (corpus / "passes" / "marie" / "b.json").write_text("{")
    before = contents(corpus)
    with pytest.raises(DataError, match="broken-json"):
        migrate_corpus(corpus, RENAMES)
    assert contents(corpus) == before


def test_nothing_changes_if_a_file_cannot_be_written(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, calls = contents(corpus), iter(range(3))

    def full(*_: object) -> None:
        if next(calls, None) is None:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("aloi.corpus.scale.file_replacement.write_bytes", full)
        with pytest.raises(OSError, match="No space"):
            migrate_corpus(corpus, RENAMES)
    assert contents(corpus) == before


def test_an_interrupted_migration_is_completed(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = os.replace, iter(range(12))

    def killed(source: Path, target: Path) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            migrate_corpus(corpus, RENAMES)
    with pytest.raises(DataError, match="migration of the corpus was interrupted"):
        Corpus.open(corpus)
    migrate_corpus(corpus, RENAMES)
    assert b'"LOC"' not in b"".join(contents(corpus).values())
