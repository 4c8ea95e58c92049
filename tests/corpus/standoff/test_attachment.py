"""Tests of attaching texts to a stand-off corpus, and of detaching them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest
from standoff_texts import TEXTS, annotated, write_standoff

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.quality.checks import check_path
from aloi.corpus.quality.findings import Finding
from aloi.corpus.quality.review import review
from aloi.corpus.refs.authority import load_named_refs
from aloi.corpus.removal.removal import remove_document
from aloi.corpus.standoff.attachment import attach_texts, detach_documents
from aloi.corpus.standoff.collection import TextCollection
from aloi.corpus.standoff.record import decode_record
from aloi.corpus.standoff.standoff_folder import StandoffCorpus

FIRST, CRLF, LAST = TEXTS


def test_the_attached_corpus_has_texts_splits_and_rights(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    result = attach_texts(standoff, texts, tmp_path / "out")
    corpus = Corpus.open(tmp_path / "out")
    assert result.attached == (FIRST, CRLF, LAST)
    assert result.problems == ()
    assert {document.id: document.text for document in corpus.documents} == TEXTS
    assert corpus.splits == {"train": (FIRST, CRLF), "test": (LAST,)}
    rights = corpus.rights(corpus.documents[0])
    assert (rights.licence, rights.redistributable) == ("CC BY 2.5", True)
    assert rights.source == f"https://example.org/wiki/{FIRST}"


def test_card_and_licence_are_copied(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    (standoff.folder / "LICENSE.md").write_text("# Licence\n\nTexts: CC BY 2.5\n", encoding="utf-8")
    attach_texts(standoff, texts, tmp_path / "out")
    copy = (tmp_path / "out/LICENSE.md").read_text(encoding="utf-8")
    assert copy.endswith("Texts: CC BY 2.5\n")


def test_the_authority_of_refs_is_copied(texts: TextCollection, tmp_path: Path) -> None:
    folder = write_standoff(tmp_path / "standoff")
    manifest = folder / "standoff.toml"
    manifest.write_text('refs = "../refs.toml"\n' + manifest.read_text("utf-8"), "utf-8")
    (tmp_path / "refs.toml").write_text('[refs.ana]\nname = "Ana"\ntype = "PER"\n', "utf-8")
    standoff = StandoffCorpus.open(folder)
    detach_documents([annotated(FIRST)], standoff, texts)
    attach_texts(standoff, texts, tmp_path / "out")
    corpus = Corpus.open(tmp_path / "out")
    refs = load_named_refs(corpus.folder, corpus.manifest.refs, corpus.schema)
    assert refs is not None
    assert refs.find("Ana") == ("ana",)


def test_rules_and_accepted_findings_are_attached(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    """Rules come from the shared file without its accepted findings, which have texts."""
    shared = (
        '[[forbidden]]\nrule = "name"\npattern = "^A"\nlabels = ["PER"]\nfix = "Remove it"\n'
        '[[right]]\nrule = "name"\ndocument = "x"\nsurface = "Al"\nwhy = "seen"\n'
    )
    (tmp_path / "review.toml").write_text(shared, "utf-8")
    manifest = standoff.folder / "standoff.toml"
    manifest.write_text('review = "../review.toml"\n' + manifest.read_text("utf-8"), "utf-8")
    own = standoff.folder / "review.toml"
    findings: list[list[Finding]] = []
    for number in range(2):
        if number:
            start = findings[0][0].start
            entry = f'rule = "name"\ndocument = "{FIRST}"\nstart = {start}\nwhy = "P5"\n'
            own.write_text(f"[[right]]\n{entry}", "utf-8")
        attach_texts(StandoffCorpus.open(standoff.folder), texts, tmp_path / "out")
        result = review(Corpus.open(tmp_path / "out"))
        assert result.stale == ()
        findings.append([f for f in result.open if f.rule == "name" and f.document == FIRST])
    assert [len(each) for each in findings] == [1, 0]


def test_passes_are_attached_too(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    attach_texts(standoff, texts, tmp_path / "out")
    passes = sorted(file.name for file in (tmp_path / "out/passes/bob-2").iterdir())
    assert passes == [f"{FIRST}.json"]


def test_the_corpus_check_accepts_the_attached_corpus(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    attach_texts(standoff, texts, tmp_path / "out")
    kinds = {problem.kind for problem in check_path(tmp_path / "out")}
    assert kinds == {"carriage-return"}  # in one of the invented texts, on purpose


def test_changed_texts_are_reported_and_left_out(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    texts.files[CRLF].write_text("autre", encoding="utf-8")
    result = attach_texts(standoff, texts, tmp_path / "out")
    assert result.attached == (FIRST, LAST)
    assert [(problem.kind, problem.document) for problem in result.problems] == [
        ("text-changed", CRLF)
    ]
    assert Corpus.open(tmp_path / "out").splits == {"train": (FIRST,), "test": (LAST,)}


def test_nothing_is_written_if_every_text_has_one_changed_character(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    for id_, file in texts.files.items():
        file.write_bytes((TEXTS[id_][:-1] + "#").encode())
    result = attach_texts(standoff, texts, tmp_path / "out")
    assert result.attached == ()
    assert {problem.document for problem in result.problems} == set(TEXTS)
    assert not (tmp_path / "out").exists()


def test_a_text_without_an_address_is_left_out(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    (texts.folder / "2017/2017-03-urls.txt").unlink()
    result = attach_texts(standoff, texts, tmp_path / "out")
    assert result.attached == (FIRST, CRLF)
    assert [problem.kind for problem in result.problems] == ["no-address"]


def test_an_earlier_result_is_replaced(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    attach_texts(standoff, texts, tmp_path / "out")
    (standoff.folder / f"gold/{LAST}.json").unlink()
    attach_texts(standoff, texts, tmp_path / "out")
    assert not (tmp_path / f"out/gold/{LAST}.json").exists()


def test_changed_annotations_are_never_overwritten(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    attach_texts(standoff, texts, tmp_path / "out")
    file = tmp_path / f"out/gold/{LAST}.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"e1"', '"e7"'), encoding="utf-8")
    with pytest.raises(DataError, match="changed after its text was attached"):
        attach_texts(standoff, texts, tmp_path / "out")


def test_another_folder_is_never_replaced(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(DataError, match="is not the corpus toy-standoff"):
        attach_texts(standoff, texts, tmp_path / "out")


def test_detaching_the_attached_corpus_changes_no_record(
    standoff: StandoffCorpus, texts: TextCollection, tmp_path: Path
) -> None:
    before = {file: file.read_bytes() for file in standoff.gold_files()}
    attach_texts(standoff, texts, tmp_path / "out")
    detach_documents(Corpus.open(tmp_path / "out").documents, standoff, texts)
    assert {file: file.read_bytes() for file in standoff.gold_files()} == before


def test_ids_of_the_brat_reader_are_accepted(
    standoff: StandoffCorpus, texts: TextCollection
) -> None:
    document = msgspec.structs.replace(annotated(FIRST), id=f"2016/01/{FIRST}")
    assert detach_documents([document], standoff, texts)[0].stem == FIRST


def test_annotator_and_guidelines_can_be_given(
    standoff: StandoffCorpus, texts: TextCollection
) -> None:
    bare = msgspec.structs.replace(annotated(FIRST), meta={})
    (file,) = detach_documents(
        [bare], standoff, texts, annotator="eva-3", guideline_version="1.4.0"
    )
    record = decode_record(file)
    assert (record.annotator, record.guideline_version) == ("eva-3", "1.4.0")


def test_one_problem_prevents_every_record(standoff: StandoffCorpus, texts: TextCollection) -> None:
    texts.files[LAST].write_text("autre", encoding="utf-8")
    documents = [annotated(FIRST), annotated(LAST)]
    with pytest.raises(DataError, match=f"document {LAST}: the text differs"):
        detach_documents(documents, standoff, texts, annotator="eva-3")
    assert not (standoff.folder / "passes/eva-3").exists()


def test_a_removed_document_is_not_stored_again(
    standoff: StandoffCorpus, texts: TextCollection
) -> None:
    remove_document(standoff.folder, FIRST, date(2026, 1, 2))
    with pytest.raises(DataError, match="removed on 2026-01-02 and must not be added again"):
        detach_documents([annotated(FIRST)], StandoffCorpus.open(standoff.folder), texts)
