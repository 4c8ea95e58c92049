"""Relations between things that several mentions name."""

import spacy
from spacy.language import Language
from toy import example

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.eval.reports.report import evaluate
from aloi.models.prediction.pipelines import predict_documents

TEXT = "Ana vit ici. Bob dort. Elle aime Rome."
MENTIONS = (
    Entity("a", 0, 3, "PER", "d#1"),
    Entity("b", 13, 16, "PER", "d#2"),
    Entity("c", 23, 27, "PER", "d#1"),
    Entity("r", 33, 37, "LOC", "d#3"),
)
LOVES = Relation("a", "r", "LOVES")
FEMALE = Relation("a", "a", "FEMALE")


def extractor(nlp: Language, document: Document) -> Language:
    component = nlp.add_pipe(
        "aloi_relations", config={"model": {"buckets": 4096, "width": 0, "static": 0}}
    )
    examples = [example(nlp, document)]
    component.initialize(lambda: examples)
    optimizer = nlp.create_optimizer()
    for _ in range(30):
        component.update(examples, sgd=optimizer)
    return nlp


def test_gold_between_first_mentions_is_between_things() -> None:
    nlp = extractor(spacy.blank("fr"), Document("d", TEXT, MENTIONS, (LOVES, FEMALE)))
    settings = nlp.get_pipe("aloi_relations").settings
    assert settings.by_ref
    assert settings.max_distance == 1  # from "Elle" to "Rome", not from "Ana"


def test_gold_between_later_mentions_is_between_mentions() -> None:
    later = Relation("c", "r", "LOVES")
    nlp = extractor(spacy.blank("fr"), Document("d", TEXT, MENTIONS, (later,)))
    assert not nlp.get_pipe("aloi_relations").settings.by_ref


def test_a_pair_of_things_is_its_nearest_mentions() -> None:
    document = Document("d", TEXT, MENTIONS, (LOVES, FEMALE))
    nlp = extractor(spacy.blank("fr"), document)
    component = nlp.get_pipe("aloi_relations")
    component.settings.max_distance = 99
    pairs = component.propose(example(nlp, document).predicted).pairs.tolist()
    # a thing with itself is its first mention twice; Ana meets Bob and Rome as "Elle"
    assert sorted(pairs) == [[0, 0], [1, 1], [1, 2], [1, 3], [2, 1], [2, 3]]


def test_what_things_have_stands_between_their_first_mentions() -> None:
    document = Document("d", TEXT, MENTIONS, (LOVES, FEMALE))
    nlp = extractor(spacy.blank("fr"), document)
    (found,) = predict_documents(nlp, [document], gold_entities=True)
    assert {(r.head, r.tail, r.label) for r in found.relations} == {
        ("a", "r", "LOVES"),
        ("a", "a", "FEMALE"),
    }
    report = evaluate([document], [found], schemes=("facts",))
    assert report.relations["facts"].scores.micro.ratios["f1"] == 1
    assert not get_relations(nlp.make_doc(TEXT))
