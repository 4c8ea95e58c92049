"""Exercises from the gold of any corpus, explained by its guide or its schema."""

from pathlib import Path

import msgspec
import pytest
import toy
from memory_server import MemoryServer

from aloi.annotation.practice.corpus_course import corpus_course, select_documents
from aloi.annotation.practice.exercises import Correction, format_correction, update_practice
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.languages.language import load_language
from aloi.corpus.problems import DataError

GUIDE = Guide(
    "1.0",
    "toy",
    """# Guide

### PER

A person.

- **P1** Titles stay out.
- **P2** Initials belong to it.

### LIVES_IN

A person lives in a place.
""",
)


def formatted(corrections: list[Correction]) -> list[str]:
    return [format_correction(each, load_language("fr")) for each in corrections]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Return a corpus of sentences in which four documents are adjudicated."""
    folder = toy.folder(tmp_path / "corpus")
    for number in range(4):
        (document,) = document_files.read(folder / "gold" / f"d{number}.json")
        meta = {"adjudicated_by": "lead@example.org", "annotators": ["a", "b"], "title": "T"}
        document_files.write([msgspec.structs.replace(document, meta=meta)], folder / "gold")
    return Corpus.open(folder)


def test_exercises_are_adjudicated_documents_without_the_annotators(corpus: Corpus) -> None:
    notes = Notes()
    course = corpus_course(corpus, GUIDE, notes)
    assert {each.answers.id for each in course.exercises} == {"d0", "d1", "d2", "d3"}
    assert {tuple(each.answers.meta.items()) for each in course.exercises} == {(("title", "T"),)}
    assert not list(notes)


def test_a_missed_mention_and_relation_are_explained_by_the_guide(corpus: Corpus) -> None:
    server, course = MemoryServer(), corpus_course(corpus, GUIDE, Notes())
    session = update_practice(server, "luc", course, notes=Notes())
    assert session.project.title == "toy/practice-luc"
    (answers,) = (each.answers for each in course.exercises if each.answers.id == "d0")
    server.submit("toy/practice-luc", msgspec.structs.replace(answers, relations=()))
    session = update_practice(server, "luc", course, notes=Notes())
    (lives, meets) = formatted(session.corrections()["d0"])
    assert lives.endswith("LIVES_IN : A person lives in a place.")
    assert "MEETS :" not in meets
    work = msgspec.structs.replace(answers, entities=(), relations=())
    (exercise,) = (each for each in course.exercises if each.answers.id == "d0")
    first, *_ = formatted(exercise.corrections(work, corpus.schema))
    assert first.endswith("PER : A person. (P1, P2)")


def test_without_a_guide_the_schema_explains(corpus: Corpus) -> None:
    described = msgspec.structs.replace(corpus.schema.entities["PER"], description="a person")
    schema = msgspec.structs.replace(corpus.schema, entities={"PER": described})
    course = corpus_course(Corpus(corpus.folder, corpus.manifest, schema, {}), None, Notes())
    assert course.exercises[0].rules["a"] == "PER : a person"


def test_without_adjudication_all_gold_is_used_and_counted(tmp_path: Path) -> None:
    notes = Notes()
    course = corpus_course(Corpus.open(toy.folder(tmp_path / "corpus")), None, notes)
    assert len(course.exercises) == 5
    assert notes.counts == {"documents without adjudication used as exercises": 26}


def test_a_corpus_without_annotations_is_an_error(tmp_path: Path) -> None:
    folder = toy.folder(tmp_path / "corpus")
    for part in ("gold", "restricted"):
        for file in (folder / part).iterdir():
            file.unlink()
    (folder / "gold" / "d0.json").write_text('{"id": "d0", "text": "x", "entities": []}')
    with pytest.raises(DataError, match="no annotated documents"):
        corpus_course(Corpus.open(folder), None, Notes())


def test_selected_documents_are_short_and_cover_many_labels() -> None:
    def document(id_: str, length: int, *labels: str) -> Document:
        spans = enumerate(labels)
        mentions = (Entity(id=f"e{n}", start=n, end=n + 1, label=label) for n, label in spans)
        return Document(id_, "x" * length, tuple(mentions))

    documents = [
        document("short", 10, "PER"),
        document("other", 20, "PER"),
        document("rich", 30, "PER", "LOC"),
        document("rare", 40, "ORG"),
        *(document(f"long{n}", 900, "PER", "LOC", "ORG", "DATE") for n in range(4)),
    ]
    assert [each.id for each in select_documents(documents, 3)] == ["rich", "rare", "short"]
