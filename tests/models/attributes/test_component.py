"""The component: training, prediction, storage, and documents of any size."""

import tracemalloc
from pathlib import Path

import attributes
import pytest
import spacy
from attributes import SCHEMA, statement
from spacy.language import Language
from spacy.tokens import DocBin

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import annotate, get_relations, mentions, to_document
from aloi.corpus.schema import Schema, load_schema
from aloi.eval.reports.report import evaluate
from aloi.models.attributes.prediction import predict_attributes, without_attributes
from aloi.models.attributes.training import has_attributes, train_attributes

TRAIN = [statement(number) for number in range(24)]
TEST = [statement(number) for number in range(24, 36)]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file = tmp_path_factory.mktemp("schema") / "schema.toml"
    file.write_text(SCHEMA, encoding="utf-8")
    return load_schema(file)


def trained(schema: Schema | None = None, documents: list[Document] = TRAIN) -> Language:
    nlp = attributes.pipeline()
    train_attributes(nlp, nlp.get_pipe("aloi_attributes"), documents, TEST, schema=schema)
    return nlp


@pytest.fixture(scope="module")
def nlp(schema: Schema) -> Language:
    return trained(schema)


def test_attributes_of_gold_mentions_and_relations_are_predicted(
    nlp: Language, schema: Schema
) -> None:
    report = evaluate(TEST, predict_attributes(nlp, TEST), schema=schema)
    for scheme in (
        report.entities["attribute-values"],
        report.relations["relation-attribute-values"],
    ):
        assert scheme.scores.micro.ratios["f1"] == 1
    assert set(report.relations["relation-attribute-values"].scores.types) == {
        "assertion=attributed", "assertion=negated", "assertion=possible",
    }  # fmt: skip


def test_ten_documents_without_schema_are_enough_to_train() -> None:
    nlp = trained(documents=TRAIN[:10])
    assert nlp.get_pipe("aloi_attributes").labels == (
        "metonymy=government", "assertion=attributed", "assertion=negated", "assertion=possible",
    )  # fmt: skip
    assert list(predict_attributes(nlp, TEST))


def test_training_is_deterministic(nlp: Language, schema: Schema) -> None:
    again = trained(schema).get_pipe("aloi_attributes")
    assert again.to_bytes() == nlp.get_pipe("aloi_attributes").to_bytes()


def test_a_saved_component_predicts_the_same(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert list(predict_attributes(loaded, TEST)) == list(predict_attributes(nlp, TEST))
    copy = attributes.pipeline()
    copy.from_bytes(nlp.to_bytes())
    assert list(predict_attributes(copy, TEST)) == list(predict_attributes(nlp, TEST))
    assert {file.name for file in (tmp_path / "aloi_attributes").iterdir()} == {
        "cfg",
        "weights.npz",
    }


def test_given_attributes_are_kept(nlp: Language) -> None:
    document = TEST[0]
    relations = (
        Relation(head="a", tail="b", label="SUPPORTS", attributes={"assertion": "negated"}),
    )
    given = Document("d", document.text, document.entities, relations)
    doc = nlp(annotate(nlp.make_doc(given.text), given))
    assert to_document(doc, id_="d") == given


def test_attributes_reach_users_of_the_doc_and_survive_storage(nlp: Language) -> None:
    document = without_attributes(statement(2))
    doc = nlp(annotate(nlp.make_doc(document.text), document))
    (stored,) = DocBin(store_user_data=True, docs=[doc]).get_docs(nlp.vocab)
    for each in (doc, stored):
        power, person, place = mentions(each)
        assert power._.attributes == {"metonymy": "government"}
        assert (person._.attributes, place._.attributes) == ({}, {})
        assert get_relations(each)[0].attributes == {"assertion": "negated"}


def test_documents_without_attributes_train_no_model() -> None:
    bare = [without_attributes(each) for each in TRAIN]
    assert has_attributes(TRAIN)
    assert not has_attributes(bare)
    nlp = trained(documents=bare)
    assert nlp.get_pipe("aloi_attributes").labels == ()
    assert list(predict_attributes(nlp, TEST)) == [without_attributes(each) for each in TEST]


@pytest.mark.parametrize("text", ["", " ", "«", '"', "\n\n", "é\u0301 \U0001f600"])
def test_texts_without_mentions_are_accepted(nlp: Language, text: str) -> None:
    assert to_document(nlp(text), id_="d").entities == ()


def test_long_documents_need_little_memory(nlp: Language) -> None:
    # One sentence of 100,000 characters in an open quotation, with 1,000 relations.
    text = "« " + "Paris ne soutient Ana, " * 4400
    starts = [2 + 23 * number for number in range(0, 4000, 4)]
    entities = [Entity(id=f"a{n}", start=n, end=n + 5, label="LOC") for n in starts]
    entities += [Entity(id=f"b{n}", start=n + 18, end=n + 21, label="PER") for n in starts]
    relations = tuple(Relation(head=f"a{n}", tail=f"b{n}", label="SUPPORTS") for n in starts)
    document = Document("long", text, tuple(entities), relations)
    doc = annotate(nlp.make_doc(text), document)
    component = nlp.get_pipe("aloi_attributes")
    tracemalloc.start()
    component(doc)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(text) > 100_000
    assert peak < 40_000_000
