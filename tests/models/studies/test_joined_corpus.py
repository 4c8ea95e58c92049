"""Corpora joined for training: splits and rights are kept, and overlap is refused."""

import dataclasses
from pathlib import Path

import msgspec
import pytest
from toy import folder, sentence

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.corpus.rights import resolve_rights
from aloi.models.studies.joined_corpus import join_corpora, require_disjoint


@pytest.fixture
def one(tmp_path: Path) -> Corpus:
    return Corpus.open(folder(tmp_path / "one", name="one"))


@pytest.fixture
def two(tmp_path: Path) -> Corpus:
    return Corpus.open(folder(tmp_path / "two", None, name="two", first=26))


def replaced(corpus: Corpus, id_: str, document: Document) -> Corpus:
    """Return a corpus with another document in place of the one with this id, in its split."""
    documents = tuple(document if each.id == id_ else each for each in corpus.documents)
    splits = {
        split: tuple(document.id if each == id_ else each for each in ids)
        for split, ids in corpus.splits.items()
    }
    changed = dataclasses.replace(corpus, splits=splits)
    changed.__dict__["documents"] = documents
    return changed


def about(number: int, event: str) -> Document:
    return msgspec.structs.replace(sentence(number), meta={"event": event})


def test_each_split_has_the_documents_of_both_corpora(one: Corpus, two: Corpus) -> None:
    joined = join_corpora([one, two])
    for split in ("train", "dev", "test"):
        ids = [document.id for document in (*one.split(split), *two.split(split))]
        assert [document.id for document in joined.split(split)] == ids
    assert joined.manifest.name == "one+two"
    assert joined.restricted_ids == {"d25"}


def test_each_document_keeps_the_rights_of_its_corpus(one: Corpus, two: Corpus) -> None:
    manifest = msgspec.structs.replace(
        two.manifest, rights=msgspec.structs.replace(two.manifest.rights, licence="CC BY 2.5")
    )
    two = dataclasses.replace(two, manifest=manifest)
    joined = join_corpora([one, two])
    for corpus in (one, two):
        for document in corpus.documents:
            inside = next(each for each in joined.documents if each.id == document.id)
            restricted = document.id == "d25"
            # The rights are in the metadata, without the default rights of any corpus.
            rights = resolve_rights(inside.meta, joined.manifest.rights, restricted=restricted)
            assert rights == corpus.rights(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (sentence(3), "two, split test: the id is also in one, split train, document d3"),
        (
            msgspec.structs.replace(sentence(3), id="copy"),
            "two, split test: the text is also in one, split train, document d3",
        ),
        (
            Document("copy", f" {sentence(3).text.upper()}\n", ()),
            "two, split test: the text is also in one, split train, document d3",
        ),
        (
            about(50, "summit"),
            "two, split test: event summit is also in one, split train, document d0",
        ),
    ],
    ids=["id", "text", "text with another layout", "event"],
)
def test_a_test_document_in_train_of_the_other_corpus_is_refused(
    one: Corpus, two: Corpus, document: Document, message: str
) -> None:
    one = replaced(one, "d0", about(0, "summit"))
    with pytest.raises(DataError) as error:
        require_disjoint([one, replaced(two, "d50", document)])
    (problem,) = error.value.problems
    assert problem.what == message


def test_an_event_may_be_in_the_same_split_of_both_corpora(one: Corpus, two: Corpus) -> None:
    require_disjoint(
        [replaced(one, "d0", about(0, "summit")), replaced(two, "d30", about(30, "summit"))]
    )


def test_a_second_name_or_schema_is_refused(one: Corpus, two: Corpus) -> None:
    schema = msgspec.structs.replace(two.schema, relations={})
    manifest = msgspec.structs.replace(two.manifest, name="one")
    with pytest.raises(DataError) as error:
        join_corpora([one, dataclasses.replace(two, schema=schema, manifest=manifest)])
    assert [each.kind for each in error.value.problems] == ["same-name", "other-schema"]
