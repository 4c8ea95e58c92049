"""Facts as in DocRED, and Ign-F1."""

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.facts import IgnCounts
from aloi.eval.reports.report import evaluate
from aloi.eval.score_counts import Counts
from aloi.eval.scoring_choices import RefComparison

TEXT = "Ana vit à Rome. Elle aime Rome ; Bob vit à Lima."
ANA, ELLE = (
    Entity(id="a", start=0, end=3, label="PER", ref="ana"),
    Entity(id="e", start=16, end=20, label="PER", ref="ana"),
)
ROME, BOB, LIMA = (
    Entity(id="r", start=10, end=14, label="LOC", ref="rome"),
    Entity(id="b", start=33, end=36, label="PER"),
    Entity(id="l", start=43, end=47, label="LOC"),
)
ENTITIES = (ANA, ELLE, ROME, BOB, LIMA)


def document(*relations: Relation, entities: tuple[Entity, ...] = ENTITIES) -> Document:
    return Document("d", TEXT, entities, relations)


def test_mentions_with_one_ref_are_one_entity() -> None:
    gold = document(Relation(head="a", tail="r", label="LIVES_IN"))
    pred = document(Relation(head="e", tail="r", label="LIVES_IN"))
    report = evaluate([gold], [pred])
    assert report.relations["strict"].scores.micro.tp == 0
    assert report.relations["facts"].scores.micro.tp == 1


def test_predictions_need_no_refs() -> None:
    without_refs = tuple(Entity(id=e.id, start=e.start, end=e.end, label=e.label) for e in ENTITIES)
    gold = document(Relation(head="a", tail="r", label="LIVES_IN"))
    pred = document(Relation(head="e", tail="r", label="LIVES_IN"), entities=without_refs)
    assert evaluate([gold], [pred]).relations["facts"].scores.micro.tp == 1


def fact_counts(gold: Document, pred: Document, **options: RefComparison) -> Counts:
    counts = evaluate([gold], [pred], **options).relations["facts"].scores.micro
    assert isinstance(counts, Counts)
    return counts


def entities(*mentions: tuple[int, int, str | None]) -> tuple[Entity, ...]:
    """Return mentions (start, end, ref) with the ids m0, m1, …"""
    return tuple(
        Entity(id=f"m{n}", start=start, end=end, label="X", ref=ref)
        for n, (start, end, ref) in enumerate(mentions)
    )


LIVES = (Relation(head="m0", tail="m1", label="LIVES_IN"),)


def test_predicted_refs_are_not_compared_by_name() -> None:
    # Gold: Ana lives in Rome. Prediction: Bob lives in Lima; both sides number their clusters.
    gold = document(*LIVES, entities=entities((0, 3, "d#0"), (10, 14, "d#1")))
    pred = document(*LIVES, entities=entities((33, 36, "d#0"), (43, 47, "d#1")))
    assert fact_counts(gold, pred) == Counts(fp=1, fn=1)
    assert fact_counts(gold, pred, refs=RefComparison.SHARED) == Counts(tp=1)
    report = evaluate([gold], [pred], refs=RefComparison.SHARED)
    assert "refs shared" in str(report.signature)


def test_a_predicted_ref_is_mapped_to_gold_through_its_mentions() -> None:
    # The prediction's relation starts at « Elle », which is in the cluster of Ana on its side only.
    gold = document(*LIVES, entities=entities((0, 3, "a"), (10, 14, "b")))
    found = entities((16, 20, "b"), (10, 14, "a"), (0, 3, "b"))
    assert fact_counts(gold, document(*LIVES, entities=found)) == Counts(tp=1)


def test_gold_entities_with_a_common_span_stay_separate() -> None:
    # « Rome » is a mention of two gold entities, and each has a fact of its own.
    facts = (
        Relation(head="m0", tail="m1", label="LIVES_IN"),
        Relation(head="m0", tail="m2", label="LIVES_IN"),
    )
    gold = document(*facts, entities=entities((0, 3, "a"), (10, 14, "r"), (10, 14, "s")))
    assert fact_counts(gold, gold) == Counts(tp=2)
    # Other names in the prediction: the second cluster has another mention in common with gold.
    more = (*gold.entities, Entity(id="m3", start=26, end=30, label="X", ref="s"))
    renamed = {"a": "1", "r": "3", "s": "2"}
    other = tuple(
        Entity(id=e.id, start=e.start, end=e.end, label="X", ref=renamed[e.ref or ""]) for e in more
    )
    one_fact = document(facts[1], entities=more)
    assert fact_counts(one_fact, document(facts[1], entities=other)) == Counts(tp=1)
    assert fact_counts(one_fact, document(facts[0], entities=other)) == Counts(fp=1, fn=1)


def test_ign_f1_excludes_training_facts_from_precision() -> None:
    facts = (
        Relation(head="a", tail="r", label="LIVES_IN"),
        Relation(head="b", tail="l", label="LIVES_IN"),
    )
    # Two correct, one wrong; that Ana lives in Rome is a training fact.
    pred = document(*facts, Relation(head="a", tail="l", label="LIVES_IN"))
    train = Document(
        "t",
        "Ana à Rome",
        (Entity(id="x", start=0, end=3, label="PER"), Entity(id="y", start=6, end=10, label="LOC")),
        (Relation(head="x", tail="y", label="LIVES_IN"),),
    )
    scores = evaluate([document(*facts)], [pred], train=[train]).relations["facts-ign"].scores
    assert scores.micro == IgnCounts(tp=2, fp=1, fn=0, stated=1)
    # Precision 1 of the 2 facts that are not in training; recall 2 of 2; F1 = 2 · ½ · 1 / 1½.
    assert scores.micro.ratios == {"precision": 0.5, "recall": 1.0, "f1": 2 / 3}


def test_precision_is_undefined_if_all_predictions_are_training_facts() -> None:
    assert IgnCounts(tp=1, stated=1).ratios == {"precision": None, "recall": 1.0, "f1": None}
    assert IgnCounts(tp=1, fp=1, stated=1).ratios == {"precision": 0.0, "recall": 1.0, "f1": 0.0}
