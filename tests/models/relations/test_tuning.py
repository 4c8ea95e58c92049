"""Tuning of a trained extractor, and the coverage of gold relations."""

from spacy.language import Language
from toy import example, sentence

from aloi.corpus.document import Document, Entity, Relation
from aloi.models.relations.tuning import coverage, tune


def test_tuning_sets_the_thresholds_and_reports_them(trained: Language) -> None:
    extractor = trained.get_pipe("aloi_relations")
    record = tune(trained, extractor, [sentence(number) for number in range(24, 36)])
    assert record["thresholds"] == extractor.settings.thresholds
    assert set(record["thresholds"]) == {"LIVES_IN", "MEETS"}
    assert record["coverage"] == {
        "gold": 18,
        "proposed": 18,
        "missed": {"end": 0, "distance": 0, "type": 0},
    }
    assert record["reliability"]["error"] < 0.2


def test_missed_gold_relations_are_counted_by_reason(trained: Language) -> None:
    text = "Ana vit à Rome" + " ." * 80 + " Bob"
    entities = (
        Entity(id="a", start=0, end=3, label="PER"),
        Entity(id="b", start=10, end=14, label="LOC"),
        Entity(id="c", start=len(text) - 3, end=len(text), label="PER"),
    )
    relations = (
        Relation(head="a", tail="b", label="LIVES_IN"),
        Relation(head="a", tail="c", label="MEETS"),  # too far apart
        Relation(head="b", tail="a", label="LIVES_IN"),  # the head must be a PER
    )
    document = Document("d", text, entities, relations)
    counts = coverage(trained.get_pipe("aloi_relations"), [example(trained, document)])
    assert counts == {"gold": 3, "proposed": 1, "missed": {"end": 0, "distance": 1, "type": 1}}
