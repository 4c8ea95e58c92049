"""Suspects: the kind of the likely error, what gold has, and what the model would have."""

import pytest
import spacy
from toy import sentence, train, train_ner

from aloi.corpus.document import Document, Entity, Relation
from aloi.models.entities.probabilities import CharSpan
from aloi.models.studies.mention_suspects import check_mentions, mention_suspects
from aloi.models.studies.relation_suspects import (
    ScoredRelation,
    check_relations,
    relation_suspects,
)
from aloi.models.studies.suspect_record import DocumentSuspects, Suspect, rank_suspects

TEXT = "Ana Lima vit à Rome"
ANA = Entity(id="e1", start=0, end=8, label="PER", ref="ana")
ROME = Entity(id="e2", start=15, end=19, label="LOC", ref="rome")
DOCUMENT = Document("d", TEXT, (ANA, ROME), (Relation(head="e1", tail="e2", label="LIVES_IN"),))
GOLD: dict[str, CharSpan] = {"e1": (0, 8, "PER"), "e2": (15, 19, "LOC")}
SURE = {GOLD["e1"]: 0.9, GOLD["e2"]: 0.9}


def mention_rows(probabilities: dict[CharSpan, float]) -> list[tuple[str, str, str, str]]:
    found = mention_suspects(DOCUMENT, GOLD, probabilities)
    return [(s.kind, s.surface, s.gold, s.model) for s in found]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        (SURE, []),
        # Rome is an organisation, with the same boundaries.
        (
            {**SURE, GOLD["e2"]: 0.1, (15, 19, "ORG"): 0.8},
            [("label", "Rome", "LOC", "ORG 0.80")],
        ),
        # Only Ana is a person.
        (
            {**SURE, GOLD["e1"]: 0.1, (0, 3, "PER"): 0.8},
            [("boundary", "Ana Lima", "PER", "«Ana» PER 0.80")],
        ),
        # Lima is the town.
        (
            {**SURE, GOLD["e1"]: 0.1, (4, 8, "LOC"): 0.8},
            [("label and boundary", "Ana Lima", "PER", "«Lima» LOC 0.80")],
        ),
        # No mention has the probability 1 − 0.1 − 0.2, more than the 0.2 of the rival.
        (
            {**SURE, GOLD["e2"]: 0.1, (15, 19, "ORG"): 0.2},
            [("extra", "Rome", "LOC", "none 0.70")],
        ),
        # The model has no mention in its place.
        ({GOLD["e1"]: 0.9}, [("extra", "Rome", "LOC", "none 1.00")]),
        # Gold has no mention at vit; at 0.4 the model has none either.
        ({**SURE, (9, 12, "ORG"): 0.8}, [("missing", "vit", "none", "ORG 0.80")]),
        ({**SURE, (9, 12, "ORG"): 0.4}, []),
    ],
)
def test_a_suspect_mention_is_reported_with_what_the_model_would_have(
    probabilities: dict[CharSpan, float], expected: list[tuple[str, str, str, str]]
) -> None:
    assert mention_rows(probabilities) == expected


def test_a_suspect_has_document_id_item_and_context() -> None:
    (one,) = mention_suspects(DOCUMENT, GOLD, {GOLD["e1"]: 0.9})
    assert (one.document, one.item, one.context) == ("d", "e2", "…Ana Lima vit à [Rome]…")


def relation_rows(*scored: ScoredRelation) -> list[tuple[str, str, str, str]]:
    found = relation_suspects(DOCUMENT, scored)
    return [(s.kind, s.surface, s.gold, s.model) for s in found]


def test_a_suspect_relation_is_reported_with_what_the_model_would_have() -> None:
    lives = ScoredRelation(ANA, ROME, "LIVES_IN", 0.1, in_gold=True)
    surface = "Ana Lima LIVES_IN Rome"
    assert relation_rows(lives) == [("extra", surface, "LIVES_IN", "none 0.90")]
    leads = ScoredRelation(ANA, ROME, "LEADS", 0.8, in_gold=False)
    assert relation_rows(lives, leads) == [("label", surface, "LIVES_IN", "LEADS 0.80")]
    reversed_ = ScoredRelation(ROME, ANA, "LIVES_IN", 0.8, in_gold=False)
    assert relation_rows(lives, reversed_) == [
        ("direction", surface, "LIVES_IN", "LIVES_IN reversed 0.80")
    ]
    sure = ScoredRelation(ANA, ROME, "LIVES_IN", 0.9, in_gold=True)
    assert relation_rows(sure, leads) == [
        ("missing", "Ana Lima LEADS Rome", "LIVES_IN", "LEADS 0.80")
    ]
    assert relation_rows(ScoredRelation(ANA, ROME, "LEADS", 0.4, in_gold=False)) == []


def test_a_missing_relation_is_reported_with_the_mentions_that_have_it() -> None:
    second = Entity(
        id="e3", start=9, end=12, label="PER", ref="ana"
    )  # as if vit were a second mention of Ana
    document = Document("d", TEXT, (ANA, ROME, second), DOCUMENT.relations)
    (one,) = relation_suspects(
        document, [ScoredRelation(second, ROME, "LIVES_IN", 0.8, in_gold=False)]
    )
    assert one.gold == "none; same fact between e1 and e2"
    assert one.item == "relation e3 LIVES_IN e2"


def test_a_symmetric_relation_has_the_direction_of_gold() -> None:
    # The model scores it in text order, from Ana to Rome.
    document = Document("d", TEXT, (ANA, ROME), (Relation(head="e2", tail="e1", label="NEAR"),))
    (one,) = relation_suspects(document, [ScoredRelation(ANA, ROME, "NEAR", 0.1, in_gold=True)])
    assert (one.item, one.surface) == ("relation e2 NEAR e1", "Rome NEAR Ana Lima")


def suspect(kind: str, confidence: float, gold: str) -> Suspect:
    return Suspect(confidence, "entities", kind, "d", None, f"{gold} {kind}", "", gold, "")


def test_errors_in_an_easy_label_come_before_errors_in_a_hard_one() -> None:
    # The usual confidence is 0.2 for HARD and 0.9 for EASY, so with a confidence of 0.1 the scores
    # are 0.1 − 0.9 and 0.1 − 0.2. It is 1 for what gold lacks: 0.3 − 1 is between the two.
    confidences = {"EASY": [0.9, 0.9], "HARD": [0.1, 0.3]}
    found = [
        suspect("extra", 0.1, "HARD"),
        suspect("missing", 0.3, "none"),
        suspect("extra", 0.1, "EASY"),
    ]
    ranked = rank_suspects([DocumentSuspects(found, confidences)])
    assert [s.surface for s in ranked] == ["EASY extra", "none missing", "HARD extra"]
    assert [round(s.score, 3) for s in ranked] == [-0.8, -0.7, -0.1]


def test_a_planted_error_comes_first() -> None:
    # Rome is a place in all training documents, and a person in this document.
    nlp = train_ner(spacy.blank("fr"), [sentence(number) for number in range(24)], steps=40)
    good = sentence(0)
    wrong = tuple(
        Entity(id=e.id, start=e.start, end=e.end, label="PER" if e.label == "LOC" else e.label)
        for e in good.entities
    )
    found, confidences = check_mentions(nlp, Document("d", good.text, wrong))
    first = found[0]
    assert (first.kind, first.surface, first.gold) == ("label", "Rome", "PER")
    assert first.model.startswith("LOC")
    assert len(confidences["PER"]) == 3


def test_planted_relations_are_found() -> None:
    # Ana lives in Rome and meets Eva: one relation is removed, a wrong one added.
    nlp = train(spacy.blank("fr"), [sentence(number) for number in range(24)])
    good = sentence(0)
    wrong = (
        Relation(head="a", tail="b", label="LIVES_IN"),
        Relation(head="c", tail="b", label="LIVES_IN"),
    )
    document = Document("d", good.text, good.entities, wrong)
    found, confidences = check_relations(nlp, document)
    assert {(s.kind, s.surface) for s in found} == {
        ("extra", "Eva LIVES_IN Rome"),
        ("missing", "Ana MEETS Eva"),
    }
    assert len(confidences["LIVES_IN"]) == 2
