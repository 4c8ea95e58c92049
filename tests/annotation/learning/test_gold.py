"""The gold so far: what is trained on, what waits, and the split of train and dev."""

from pathlib import Path

import msgspec
import pytest
from toy import folder, sentence

from aloi.annotation.learning.gold import (
    content_hash,
    default_rights,
    gold_so_far,
    split_train_dev,
)
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Return the toy corpus (d0 to d25 with gold) with d30 and d31 in its inbox."""
    path = folder(tmp_path / "corpus")
    document_files.write([bare(sentence(30)), bare(sentence(31))], path / "inbox")
    return Corpus.open(path)


def bare(document: Document) -> Document:
    return Document(document.id, document.text, ())


def test_finished_passes_are_added_to_the_gold_outside_test(corpus: Corpus, tmp_path: Path) -> None:
    document_files.write([sentence(30)], tmp_path / "passes" / "marie")
    gold = gold_so_far(corpus, tmp_path / "passes")
    assert gold.usable.keys() == {f"d{n}" for n in (*range(20), 30)}  # d20 to d25 are in test
    assert gold.unlabelled.keys() == {"d31"}
    assert gold.finished == 1


def test_adjudicated_gold_precedes_passes_and_marie_precedes_paul(
    corpus: Corpus, tmp_path: Path
) -> None:
    marie, paul = bare(sentence(30)), sentence(30)
    document_files.write([marie, bare(sentence(0))], tmp_path / "passes" / "marie")
    document_files.write([paul], tmp_path / "passes" / "paul")
    usable = gold_so_far(corpus, tmp_path / "passes").usable
    assert usable["d30"] == marie
    assert usable["d0"].entities == sentence(0).entities


def test_passes_with_unknown_labels_are_left_out(corpus: Corpus, tmp_path: Path) -> None:
    good = sentence(30)
    entities = (msgspec.structs.replace(good.entities[0], label="PLANET"),)
    document_files.write([Document("d30", good.text, entities)], tmp_path / "passes" / "marie")
    gold = gold_so_far(corpus, tmp_path / "passes")
    assert gold.invalid == ("d30",)
    assert "d30" not in gold.usable | gold.unlabelled


def test_the_hash_depends_on_annotations_but_not_on_metadata() -> None:
    document = sentence(1)
    dated = msgspec.structs.replace(document, meta={"updated_at": "now"})
    assert content_hash(document) == content_hash(dated)
    assert content_hash(document) != content_hash(bare(document))


def test_dev_documents_of_the_corpus_are_used(corpus: Corpus) -> None:
    train, dev = split_train_dev(corpus.documents, corpus) or ([], [])
    assert {each.id for each in dev} == {"d16", "d17", "d18", "d19"}
    texts = {each.text for each in dev}
    assert {each.id for each in train} == {d.id for d in corpus.documents if d.text not in texts}


def test_without_dev_documents_a_fold_is_used(corpus: Corpus) -> None:
    documents = [sentence(number) for number in range(5)]
    train, dev = split_train_dev(documents, corpus) or ([], [])
    assert (len(train), len(dev)) == (4, 1)


def test_a_single_document_with_mentions_cannot_be_split(corpus: Corpus) -> None:
    assert split_train_dev([sentence(1), bare(sentence(2))], corpus) is None


def test_a_model_with_a_restricted_text_is_not_redistributable(corpus: Corpus) -> None:
    free, restricted = ([d for d in corpus.documents if d.id == id_] for id_ in ("d1", "d25"))
    assert default_rights(corpus, free).redistributable
    assert not default_rights(corpus, restricted).redistributable
