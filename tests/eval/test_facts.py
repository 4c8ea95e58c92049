"""Relations between entities, as DocRED counts them, and Ign-F1."""

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.facts import Unstated
from aloi.eval.reports.report import evaluate

TEXT = "Ana vit à Rome. Elle aime Rome ; Bob vit à Lima."
ANA, ELLE = Entity("a", 0, 3, "PER", "ana"), Entity("e", 16, 20, "PER", "ana")
ROME, BOB, LIMA = (
    Entity("r", 10, 14, "LOC", "rome"),
    Entity("b", 33, 36, "PER"),
    Entity("l", 43, 47, "LOC"),
)
ENTITIES = (ANA, ELLE, ROME, BOB, LIMA)


def told(*relations: Relation, entities: tuple[Entity, ...] = ENTITIES) -> Document:
    return Document("d", TEXT, entities, relations)


def test_mentions_with_one_ref_are_one_entity() -> None:
    gold = told(Relation("a", "r", "LIVES_IN"))
    pred = told(Relation("e", "r", "LIVES_IN"))
    report = evaluate([gold], [pred])
    assert report.relations["strict"].scores.micro.tp == 0
    assert report.relations["facts"].scores.micro.tp == 1


def test_predictions_need_not_know_gold_s_refs() -> None:
    bare = tuple(Entity(e.id, e.start, e.end, e.label) for e in ENTITIES)
    gold = told(Relation("a", "r", "LIVES_IN"))
    pred = told(Relation("e", "r", "LIVES_IN"), entities=bare)
    assert evaluate([gold], [pred]).relations["facts"].scores.micro.tp == 1


def test_ign_f1_leaves_known_facts_out_of_precision() -> None:
    facts = (Relation("a", "r", "LIVES_IN"), Relation("b", "l", "LIVES_IN"))
    # Two right, one wrong; training states that Ana lives in Rome.
    pred = told(*facts, Relation("a", "l", "LIVES_IN"))
    train = Document(
        "t",
        "Ana à Rome",
        (Entity("x", 0, 3, "PER"), Entity("y", 6, 10, "LOC")),
        (Relation("x", "y", "LIVES_IN"),),
    )
    scores = evaluate([told(*facts)], [pred], train=[train]).relations["facts-ign"].scores
    assert scores.micro == Unstated(tp=2, fp=1, fn=0, stated=1)
    # Precision 1 of the 2 that training does not state; recall 2 of 2; F1 = 2 · ½ · 1 / 1½.
    assert scores.micro.ratios == {"precision": 0.5, "recall": 1.0, "f1": 2 / 3}


def test_nothing_new_predicted_is_undefined_where_docred_divides_by_almost_zero() -> None:
    assert Unstated(tp=1, stated=1).ratios == {"precision": None, "recall": 1.0, "f1": None}
    assert Unstated(tp=1, fp=1, stated=1).ratios == {"precision": 0.0, "recall": 1.0, "f1": 0.0}
