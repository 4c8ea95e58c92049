"""Relations between clusters of mentions with the same ref."""

import spacy
from spacy.language import Language
from toy import example

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.eval.reports.report import evaluate
from aloi.models.prediction.pipelines import predict_documents

TEXT = "Ana vit ici. Bob dort. Elle aime Rome."
MENTIONS = (
    Entity(id="a", start=0, end=3, label="PER", ref="d#1"),
    Entity(id="b", start=13, end=16, label="PER", ref="d#2"),
    Entity(id="c", start=23, end=27, label="PER", ref="d#1"),
    Entity(id="r", start=33, end=37, label="LOC", ref="d#3"),
)
LOVES = Relation(head="a", tail="r", label="LOVES")
FEMALE = Relation(head="a", tail="a", label="FEMALE")


def train_on(document: Document) -> Language:
    nlp = spacy.blank("fr")
    config = {"model": {"buckets": 4096, "width": 0, "static": 0}}
    extractor = nlp.add_pipe("aloi_relations", config=config)
    examples = [example(nlp, document)]
    extractor.initialize(lambda: examples)
    optimizer = nlp.create_optimizer()
    for _ in range(30):
        extractor.update(examples, sgd=optimizer)
    return nlp


def test_gold_between_first_mentions_holds_between_clusters() -> None:
    nlp = train_on(Document("d", TEXT, MENTIONS, (LOVES, FEMALE)))
    settings = nlp.get_pipe("aloi_relations").settings
    assert settings.by_ref
    assert settings.max_distance == 1  # from "Elle" to "Rome", not from "Ana"


def test_gold_between_later_mentions_holds_between_mentions() -> None:
    later = Relation(head="c", tail="r", label="LOVES")
    nlp = train_on(Document("d", TEXT, MENTIONS, (later,)))
    assert not nlp.get_pipe("aloi_relations").settings.by_ref


def test_a_pair_of_clusters_is_that_of_the_nearest_mentions() -> None:
    document = Document("d", TEXT, MENTIONS, (LOVES, FEMALE))
    nlp = train_on(document)
    extractor = nlp.get_pipe("aloi_relations")
    extractor.settings.max_distance = 99
    pairs = extractor.candidates(example(nlp, document).predicted).pairs.tolist()
    # A cluster with itself is its first mention twice; Ana's is nearest to Bob and Rome as "Elle".
    assert sorted(pairs) == [[0, 0], [1, 1], [1, 2], [1, 3], [2, 1], [2, 3]]


def test_relations_are_predicted_between_first_mentions() -> None:
    document = Document("d", TEXT, MENTIONS, (LOVES, FEMALE))
    nlp = train_on(document)
    (predicted,) = predict_documents(nlp, [document], gold_entities=True)
    assert {(r.head, r.tail, r.label) for r in predicted.relations} == {
        ("a", "r", "LOVES"),
        ("a", "a", "FEMALE"),
    }
    report = evaluate([document], [predicted], schemes=("facts",))
    assert report.relations["facts"].scores.micro.ratios["f1"] == 1
    assert not get_relations(nlp.make_doc(TEXT))
