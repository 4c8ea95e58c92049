"""What a model doubts is told for what it is: another label, another stretch, none, missing."""

import pytest
import spacy
from toy import sentence, train, train_ner

from aloi.corpus.document import Document, Entity, Relation
from aloi.models.entities.probabilities import CharSpan
from aloi.models.studies.suspects import (
    Confidences,
    Scored,
    Suspect,
    mention_suspects,
    ranked,
    relation_suspects,
    suspects,
)

TEXT = "Ana Lima vit à Rome"
ANA = Entity("e1", 0, 8, "PER", ref="ana")
ROME = Entity("e2", 15, 19, "LOC", ref="rome")
DOCUMENT = Document("d", TEXT, (ANA, ROME), (Relation("e1", "e2", "LIVES_IN"),))
GOLD: dict[str, CharSpan] = {"e1": (0, 8, "PER"), "e2": (15, 19, "LOC")}
SURE = {GOLD["e1"]: 0.9, GOLD["e2"]: 0.9}


def doubted(probability: dict[CharSpan, float]) -> list[tuple[str, str, str, str]]:
    found = mention_suspects(DOCUMENT, GOLD, probability)
    return [(s.kind, s.surface, s.gold, s.model) for s in found]


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (SURE, []),
        # Rome as an organisation, on the very same stretch.
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
        # 1 − 0.1 − 0.2 says that nothing is there, more than the 0.2 of the rival.
        (
            {**SURE, GOLD["e2"]: 0.1, (15, 19, "ORG"): 0.2},
            [("extra", "Rome", "LOC", "none 0.70")],
        ),
        # No reading has it at all.
        ({GOLD["e1"]: 0.9}, [("extra", "Rome", "LOC", "none 1.00")]),
        # vit, of which gold says nothing; at 0.4 it would be nothing.
        ({**SURE, (9, 12, "ORG"): 0.8}, [("missing", "vit", "none", "ORG 0.80")]),
        ({**SURE, (9, 12, "ORG"): 0.4}, []),
    ],
)
def test_a_doubted_mention_is_told_with_what_the_model_would_have(
    probability: dict[CharSpan, float], expected: list[tuple[str, str, str, str]]
) -> None:
    assert doubted(probability) == expected


def test_a_suspect_says_where_it_stands() -> None:
    (one,) = mention_suspects(DOCUMENT, GOLD, {GOLD["e1"]: 0.9})
    assert (one.document, one.item, one.context) == ("d", "e2", "…Ana Lima vit à [Rome]…")


def related(*scored: Scored) -> list[tuple[str, str, str, str]]:
    found = relation_suspects(DOCUMENT, scored)
    return [(s.kind, s.surface, s.gold, s.model) for s in found]


def test_a_doubted_relation_is_told_with_what_the_model_would_have() -> None:
    lives = Scored(ANA, ROME, "LIVES_IN", 0.1, in_gold=True)
    surface = "Ana Lima LIVES_IN Rome"
    assert related(lives) == [("extra", surface, "LIVES_IN", "none 0.90")]
    leads = Scored(ANA, ROME, "LEADS", 0.8, in_gold=False)
    assert related(lives, leads) == [("label", surface, "LIVES_IN", "LEADS 0.80")]
    turned = Scored(ROME, ANA, "LIVES_IN", 0.8, in_gold=False)
    assert related(lives, turned) == [
        ("direction", surface, "LIVES_IN", "LIVES_IN turned round 0.80")
    ]
    sure = Scored(ANA, ROME, "LIVES_IN", 0.9, in_gold=True)
    assert related(sure, leads) == [("missing", "Ana Lima LEADS Rome", "LIVES_IN", "LEADS 0.80")]
    assert related(Scored(ANA, ROME, "LEADS", 0.4, in_gold=False)) == []


def test_a_missing_relation_is_told_to_stand_between_other_mentions() -> None:
    again = Entity("e3", 9, 12, "PER", ref="ana")  # as if vit named Ana again
    document = Document("d", TEXT, (ANA, ROME, again), DOCUMENT.relations)
    (one,) = relation_suspects(document, [Scored(again, ROME, "LIVES_IN", 0.8, in_gold=False)])
    assert one.gold == "none here; the same between e1 and e2"
    assert one.item == "relation e3 LIVES_IN e2"


def test_a_symmetric_relation_is_named_as_gold_writes_it() -> None:
    # The model scores it in text order, from Ana to Rome.
    document = Document("d", TEXT, (ANA, ROME), (Relation("e2", "e1", "NEAR"),))
    (one,) = relation_suspects(document, [Scored(ANA, ROME, "NEAR", 0.1, in_gold=True)])
    assert (one.item, one.surface) == ("relation e2 NEAR e1", "Rome NEAR Ana Lima")


def suspect(kind: str, confidence: float, gold: str) -> Suspect:
    return Suspect(confidence, "entities", kind, "d", None, f"{gold} {kind}", "", gold, "")


def test_what_is_missed_of_an_easy_label_comes_before_what_is_never_learnt() -> None:
    # HARD is 0.2 probable on average, EASY 0.9; both suspects are 0.1 probable: 0.1 − 0.9 is
    # less than 0.1 − 0.2. What gold lacks is weighed against 1: 0.3 − 1 stands between.
    confidences: Confidences = {"EASY": [0.9, 0.9], "HARD": [0.1, 0.3]}
    found = [
        suspect("extra", 0.1, "HARD"),
        suspect("missing", 0.3, "none"),
        suspect("extra", 0.1, "EASY"),
    ]
    assert [s.surface for s in ranked(found, confidences)] == [
        "EASY extra",
        "none missing",
        "HARD extra",
    ]
    assert [round(s.score, 3) for s in ranked(found, confidences)] == [-0.8, -0.7, -0.1]


def test_a_planted_error_comes_first() -> None:
    # Rome is a place in all that was learnt, and an organisation in this document alone.
    nlp = train_ner(spacy.blank("fr"), [sentence(number) for number in range(24)], steps=40)
    good = sentence(0)
    wrong = tuple(
        Entity(e.id, e.start, e.end, "PER" if e.label == "LOC" else e.label) for e in good.entities
    )
    confidences: Confidences = {"PER": []}
    first, *_ = suspects(nlp, Document("d", good.text, wrong), confidences)
    assert (first.kind, first.surface, first.gold) == ("label", "Rome", "PER")
    assert first.model.startswith("LOC")
    assert len(confidences["PER"]) == 3


def test_planted_relations_are_found() -> None:
    # d0 lives in Rome and meets Eva; one relation is taken out, one put in.
    nlp = train(spacy.blank("fr"), [sentence(number) for number in range(24)])
    good = sentence(0)
    wrong = (Relation("a", "b", "LIVES_IN"), Relation("c", "b", "LIVES_IN"))
    confidences: Confidences = {"LIVES_IN": []}
    found = suspects(nlp, Document("d", good.text, good.entities, wrong), confidences)
    assert {(s.kind, s.surface) for s in found} == {
        ("extra", "Eva LIVES_IN Rome"),
        ("missing", "Ana MEETS Eva"),
    }
    assert len(confidences["LIVES_IN"]) == 2
