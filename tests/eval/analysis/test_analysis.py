"""Errors by kind, missed relations by cause, slices: small cases, and sums that must hold."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from mentions import TEXT, compared, document

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.alignment import align
from aloi.eval.analysis.causes import causes
from aloi.eval.analysis.errors import KINDS, Case, cases, errors, frequent
from aloi.eval.analysis.slices import entity_slices, relation_slices
from aloi.eval.columns import Annotations
from aloi.eval.counts import Counts
from aloi.eval.pairing import pair
from aloi.eval.reports.report import evaluate

Spans = list[tuple[int, int, str]]


def kinds(gold: Spans, pred: Spans) -> dict[str, dict[str, int]]:
    """False negatives and positives of each kind that has any."""
    both = compared(gold, pred)
    table = errors(both, align(both)).table()
    sums = {
        kind: {side: sum(row[side] for row in types.values()) for side in ("fn", "fp")}
        for kind, types in table.items()
    }
    return {kind: row for kind, row in sums.items() if any(row.values())}


def test_each_kind_of_error() -> None:
    assert kinds([(0, 2, "PER")], [(0, 2, "LOC")]) == {"type": {"fn": 1, "fp": 1}}
    assert kinds([(0, 5, "PER")], [(0, 3, "PER")]) == {"boundary": {"fn": 1, "fp": 1}}
    assert kinds([(0, 5, "PER")], [(0, 3, "LOC")]) == {"boundary and type": {"fn": 1, "fp": 1}}
    assert kinds([(0, 9, "PER")], [(0, 3, "PER"), (4, 9, "PER")]) == {"split": {"fn": 1, "fp": 2}}
    assert kinds([(0, 3, "PER"), (4, 9, "PER")], [(0, 9, "PER")]) == {"merge": {"fn": 2, "fp": 1}}
    assert kinds([(0, 3, "PER")], []) == {"missed": {"fn": 1, "fp": 0}}
    assert kinds([], [(0, 3, "PER")]) == {"spurious": {"fn": 0, "fp": 1}}


def test_a_nested_mention_that_a_flat_model_cannot_hold_is_nested_not_missed() -> None:
    war, ukraine = (28, 45, "EVENT"), (38, 45, "LOC")
    assert TEXT[28:45] == "guerre en Ukraine"
    assert kinds([war, ukraine], [war]) == {"nested": {"fn": 1, "fp": 0}}
    assert kinds([war], [war, ukraine]) == {"nested": {"fn": 0, "fp": 1}}


def test_a_duplicate_is_no_error() -> None:
    assert kinds([(0, 2, "PER")], [(0, 2, "PER"), (0, 2, "PER")]) == {}


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8), st.sampled_from("ABC")).map(
        lambda each: (each[0], each[0] + each[1], each[2])
    ),
    max_size=10,
)


@given(SPANS, SPANS)
def test_kinds_and_confusion_add_up_to_the_scores(gold: Spans, pred: Spans) -> None:
    both = compared(gold, pred)
    found = errors(both, align(both))
    scores = (
        evaluate([document(gold)], [document(pred)], schemes=["exact"]).entities["exact"].scores
    )
    for label, counts in scores.types.items():
        rows = [types.get(label, {"fn": 0, "fp": 0}) for types in found.table().values()]
        assert sum(row["fn"] for row in rows) == counts.fn
        assert sum(row["fp"] for row in rows) == counts.fp
    matrix = found.confusion().matrix
    assert matrix[:-1].sum() == scores.micro.tp + scores.micro.fn
    assert matrix[:, :-1].sum() == scores.micro.tp + scores.micro.fp
    listed = list(cases(found))
    assert sum(case.gold is not None for case in listed) == scores.micro.fn
    assert sum(case.pred is not None for case in listed) == scores.micro.fp
    assert {case.kind for case in listed} <= set(KINDS)


@given(SPANS, SPANS)
def test_swapping_sides_swaps_precision_and_recall(gold: Spans, pred: Spans) -> None:
    one = evaluate([document(gold)], [document(pred)])
    other = evaluate([document(pred)], [document(gold)])
    for name, result in one.entities.items():
        ratios, swapped = result.scores.micro.ratios, other.entities[name].scores.micro.ratios
        assert ratios["precision"] == swapped["recall"]
        assert ratios["recall"] == swapped["precision"]
        assert ratios["f1"] == swapped["f1"]


@settings(max_examples=25)
@given(st.lists(st.tuples(SPANS, SPANS), max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_documents_never_matters(pairs: list, rng: random.Random) -> None:
    gold = [document(side, str(n)) for n, (side, _) in enumerate(pairs)]
    pred = [document(side, str(n)) for n, (_, side) in enumerate(pairs)]
    one = evaluate(gold, pred).to_json()
    other = evaluate(rng.sample(gold, len(gold)), rng.sample(pred, len(pred))).to_json()
    for report in (one, other):
        del report["analysis"]["frequent_errors"]  # of equally frequent ones, the first comes first
    assert one == other


def test_the_commonest_error_comes_first_with_its_context() -> None:
    both = compared([(0, 2, "PER"), (49, 54, "LOC")], [(0, 2, "ORG")])
    found = list(cases(errors(both, align(both))))
    assert found[0] == Case(
        "type",
        "d",
        ("PER", 0, 2),
        ("ORG", 0, 2),
        "Xi",
        "»Xi« et Poutine parlent de la guerre en Ukra",
    )
    twice = [*found, found[1]]
    assert [(number, case.kind) for number, case in frequent(twice, most=5)] == [
        (2, "missed"),
        (1, "type"),
    ]


XI, POUTINE, PEKIN = Entity("x", 0, 2, "PER"), Entity("p", 6, 13, "PER"), Entity("k", 48, 53, "LOC")


def related(*relations: Relation, entities: tuple[Entity, ...] = (XI, POUTINE, PEKIN)) -> Document:
    return Document("d", TEXT, entities, relations)


def why(pred: Document) -> dict[str, Counter[str]]:
    """Why gold's one relation, Xi LOCATED_IN Pékin, was missed."""
    gold = related(Relation("x", "k", "LOCATED_IN"))
    both = pair(Annotations.of([gold]), Annotations.of([pred]))
    return causes(both, symmetric=frozenset())


def test_each_cause_of_a_missed_relation() -> None:
    for pred, cause in (
        (related(entities=(POUTINE,)), "both ends missed"),
        (related(entities=(PEKIN,)), "head missed"),
        (related(entities=(XI,)), "tail missed"),
        (related(entities=(XI, Entity("k", 48, 53, "ORG"))), "wrong type"),
        (related(Relation("k", "x", "OTHER")), "wrong label"),
        (related(Relation("x", "p", "LOCATED_IN")), "not proposed"),
    ):
        assert why(pred) == {"LOCATED_IN": Counter({cause: 1})}
    assert why(related(Relation("x", "k", "LOCATED_IN"))) == {}


def test_slices_of_entities() -> None:
    metonym = Entity("k", 48, 53, "LOC", attributes={"metonymy": "government"})
    gold = Document("d", TEXT, (XI, POUTINE, metonym), (), {"date": "2026-02-04"})
    pred = Document("d", TEXT, (XI, PEKIN, Entity("w", 28, 45, "EVENT")))
    train = Annotations.of(
        [Document("t", "XI et Pékin", (Entity("a", 0, 2, "PER"), Entity("b", 6, 11, "PER")))]
    )
    both = pair(Annotations.of([gold]), Annotations.of([pred]))
    slices = {each.name: each for each in entity_slices(both, train=train)}
    found = {name: each.groups for name, each in slices.items()}
    # Xi is known, in other case; Pékin only as a person; Poutine and the war are new.
    assert found["surface in training"] == {
        "seen": Counts(tp=1),
        "seen as another type": Counts(tp=1),
        "unseen": Counts(fp=1, fn=1),
    }
    assert found["length in words"] == {"1": Counts(tp=2, fn=1), "3": Counts(fp=1)}
    # What was predicted bears no attributes: recall alone.
    assert found["metonymy"] == {"government": Counts(tp=1), "without": Counts(tp=1, fn=1)}
    assert slices["metonymy"].ratios("without") == {"precision": None, "recall": 0.5, "f1": None}
    assert "year" not in found  # one year tells nothing apart


def test_slices_of_relations() -> None:
    text = "Xi est à Pékin. Poutine y pense."
    xi, pekin, poutine = (
        Entity("x", 0, 2, "PER"),
        Entity("k", 9, 14, "LOC"),
        Entity("p", 16, 23, "PER"),
    )
    arcs = (Relation("x", "k", "IN"), Relation("p", "k", "IN"))
    gold = Document("d", text, (xi, pekin, poutine), arcs)
    pred = Document("d", text, (xi, pekin, poutine), arcs[:1])
    both = pair(Annotations.of([gold]), Annotations.of([pred]))
    found = {each.name: each.groups for each in relation_slices(both, symmetric=frozenset())}
    assert found["sentence"] == {"across": Counts(fn=1), "within": Counts(tp=1)}
