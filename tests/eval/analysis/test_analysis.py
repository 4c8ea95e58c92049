"""Kinds of errors, causes of missed relations, and slices."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from mentions import TEXT, document, pair_mentions

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.alignment import align_pair
from aloi.eval.analysis.causes import find_causes
from aloi.eval.analysis.error_cases import ErrorCase, list_cases, most_frequent
from aloi.eval.analysis.errors import ERROR_KINDS, classify_errors
from aloi.eval.analysis.slices import entity_slices, relation_slices
from aloi.eval.columns import Annotations
from aloi.eval.pairing import pair_annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.score_counts import Counts

Spans = list[tuple[int, int, str]]


def error_counts(gold: Spans, pred: Spans) -> dict[str, dict[str, int]]:
    """Return the false negatives and positives of each kind that occurs."""
    pair = pair_mentions(gold, pred)
    table = classify_errors(align_pair(pair)).table()
    sums = {
        kind: {side: sum(row[side] for row in types.values()) for side in ("fn", "fp")}
        for kind, types in table.items()
    }
    return {kind: row for kind, row in sums.items() if any(row.values())}


def test_each_kind_of_error() -> None:
    assert error_counts([(0, 2, "PER")], [(0, 2, "LOC")]) == {"type": {"fn": 1, "fp": 1}}
    assert error_counts([(0, 5, "PER")], [(0, 3, "PER")]) == {"boundary": {"fn": 1, "fp": 1}}
    assert error_counts([(0, 5, "PER")], [(0, 3, "LOC")]) == {
        "boundary and type": {"fn": 1, "fp": 1}
    }
    assert error_counts([(0, 9, "PER")], [(0, 3, "PER"), (4, 9, "PER")]) == {
        "split": {"fn": 1, "fp": 2}
    }
    assert error_counts([(0, 3, "PER"), (4, 9, "PER")], [(0, 9, "PER")]) == {
        "merge": {"fn": 2, "fp": 1}
    }
    assert error_counts([(0, 3, "PER")], []) == {"missed": {"fn": 1, "fp": 0}}
    assert error_counts([], [(0, 3, "PER")]) == {"spurious": {"fn": 0, "fp": 1}}


def test_a_mention_nested_with_a_correct_mention_is_nested() -> None:
    war, ukraine = (28, 45, "EVENT"), (38, 45, "LOC")
    assert TEXT[28:45] == "guerre en Ukraine"
    assert error_counts([war, ukraine], [war]) == {"nested": {"fn": 1, "fp": 0}}
    assert error_counts([war], [war, ukraine]) == {"nested": {"fn": 0, "fp": 1}}


def test_a_duplicate_is_not_an_error() -> None:
    assert error_counts([(0, 2, "PER")], [(0, 2, "PER"), (0, 2, "PER")]) == {}


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8), st.sampled_from("ABC")).map(
        lambda each: (each[0], each[0] + each[1], each[2])
    ),
    max_size=10,
)


@given(SPANS, SPANS)
def test_kinds_and_confusion_add_up_to_the_scores(gold: Spans, pred: Spans) -> None:
    pair = pair_mentions(gold, pred)
    errors = classify_errors(align_pair(pair))
    scores = (
        evaluate([document(gold)], [document(pred)], schemes=["exact"]).entities["exact"].scores
    )
    for label, counts in scores.types.items():
        rows = [types.get(label, {"fn": 0, "fp": 0}) for types in errors.table().values()]
        assert sum(row["fn"] for row in rows) == counts.fn
        assert sum(row["fp"] for row in rows) == counts.fp
    matrix = errors.confusion().matrix
    assert matrix[:-1].sum() == scores.micro.tp + scores.micro.fn
    assert matrix[:, :-1].sum() == scores.micro.tp + scores.micro.fp
    listed = list(list_cases(errors))
    assert sum(case.gold is not None for case in listed) == scores.micro.fn
    assert sum(case.pred is not None for case in listed) == scores.micro.fp
    assert {case.kind for case in listed} <= set(ERROR_KINDS)


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
def test_the_report_does_not_depend_on_the_order_of_documents(
    pairs: list, rng: random.Random
) -> None:
    gold = [document(side, str(n)) for n, (side, _) in enumerate(pairs)]
    pred = [document(side, str(n)) for n, (_, side) in enumerate(pairs)]
    one = evaluate(gold, pred).to_json()
    other = evaluate(rng.sample(gold, len(gold)), rng.sample(pred, len(pred))).to_json()
    for report in (one, other):
        del report["analysis"]["frequent_errors"]  # equally frequent errors are in document order
    assert one == other


def test_errors_have_context_and_are_sorted_by_frequency() -> None:
    pair = pair_mentions([(0, 2, "PER"), (49, 54, "LOC")], [(0, 2, "ORG")])
    cases = list(list_cases(classify_errors(align_pair(pair))))
    assert cases[0] == ErrorCase(
        "type",
        "d",
        ("PER", 0, 2),
        ("ORG", 0, 2),
        "",
        "Xi",
        " et Poutine parlent de la guerre en Ukra",
    )
    assert cases[0].context == "»Xi« et Poutine parlent de la guerre en Ukra"
    repeated = [*cases, *cases, cases[1]]
    assert [(number, case.kind) for number, case in most_frequent(repeated, limit=5)] == [
        (3, "missed"),
        (2, "type"),
    ]


def test_an_error_that_occurs_once_is_not_frequent() -> None:
    pair = pair_mentions([(0, 2, "PER"), (49, 54, "LOC")], [(0, 2, "ORG")])
    assert most_frequent(list_cases(classify_errors(align_pair(pair))), limit=5) == []


XI, POUTINE, PEKIN = (
    Entity(id="x", start=0, end=2, label="PER"),
    Entity(id="p", start=6, end=13, label="PER"),
    Entity(id="k", start=48, end=53, label="LOC"),
)


def with_relations(
    *relations: Relation, entities: tuple[Entity, ...] = (XI, POUTINE, PEKIN)
) -> Document:
    return Document("d", TEXT, entities, relations)


def causes_of(pred: Document) -> dict[str, Counter[str]]:
    """Return the causes of missing the only gold relation, Xi LOCATED_IN Pékin."""
    gold = with_relations(Relation(head="x", tail="k", label="LOCATED_IN"))
    pair = pair_annotations(Annotations.of([gold]), Annotations.of([pred]))
    return find_causes(pair, symmetric=frozenset())


def test_each_cause_of_a_missed_relation() -> None:
    for pred, cause in (
        (with_relations(entities=(POUTINE,)), "both ends missed"),
        (with_relations(entities=(PEKIN,)), "head missed"),
        (with_relations(entities=(XI,)), "tail missed"),
        (
            with_relations(entities=(XI, Entity(id="k", start=48, end=53, label="ORG"))),
            "wrong type",
        ),
        (with_relations(Relation(head="k", tail="x", label="OTHER")), "wrong label"),
        (with_relations(Relation(head="x", tail="p", label="LOCATED_IN")), "not proposed"),
    ):
        assert causes_of(pred) == {"LOCATED_IN": Counter({cause: 1})}
    assert causes_of(with_relations(Relation(head="x", tail="k", label="LOCATED_IN"))) == {}


def test_slices_of_entities() -> None:
    metonym = Entity(id="k", start=48, end=53, label="LOC", attributes={"metonymy": "government"})
    gold = Document("d", TEXT, (XI, POUTINE, metonym), (), {"date": "2026-02-04"})
    pred = Document("d", TEXT, (XI, PEKIN, Entity(id="w", start=28, end=45, label="EVENT")))
    train = Annotations.of(
        [
            Document(
                "t",
                "XI et Pékin",
                (
                    Entity(id="a", start=0, end=2, label="PER"),
                    Entity(id="b", start=6, end=11, label="PER"),
                ),
            )
        ]
    )
    pair = pair_annotations(Annotations.of([gold]), Annotations.of([pred]))
    slices = {each.name: each for each in entity_slices(pair, train=train)}
    groups = {name: each.groups for name, each in slices.items()}
    # Training has XI, and Pékin as a person, but neither Poutine nor the war.
    assert groups["surface in training"] == {
        "seen": Counts(tp=1),
        "seen as another type": Counts(tp=1),
        "unseen": Counts(fp=1, fn=1),
    }
    assert groups["length in words"] == {"1": Counts(tp=2, fn=1), "3": Counts(fp=1)}
    assert "year" not in groups  # there is only one year


def test_an_attribute_counts_only_labels_that_have_it() -> None:
    metonym = Entity(id="k", start=48, end=53, label="LOC", attributes={"metonymy": "government"})
    ukraine = Entity(id="u", start=38, end=45, label="LOC")
    gold = Document("d", TEXT, (XI, POUTINE, metonym, ukraine))
    pair = pair_annotations(
        Annotations.of([gold]), Annotations.of([Document("d", TEXT, (XI, metonym))])
    )
    (metonymy,) = [each for each in entity_slices(pair) if each.name == "metonymy"]
    # Ukraine could be a metonym, the two persons could not.
    assert metonymy.groups == {"government": Counts(tp=1), "without": Counts(fn=1)}
    # Predictions have no attributes, so there is only recall.
    assert metonymy.ratios("government") == {"precision": None, "recall": 1.0, "f1": None}


def test_metadata_values_of_one_or_two_documents_are_joined() -> None:
    themes = ["sport"] * 3 + ["art"] * 2 + ["law"]
    gold = [Document(f"d{n}", TEXT, (XI,), (), {"theme": theme}) for n, theme in enumerate(themes)]
    pair = pair_annotations(Annotations.of(gold), Annotations.of(gold))
    (theme,) = [each for each in entity_slices(pair) if each.name == "theme"]
    assert theme.groups == {"other": Counts(tp=3), "sport": Counts(tp=3)}


def test_slices_of_relations() -> None:
    text = "Xi est à Pékin. Poutine y pense."
    xi, pekin, poutine = (
        Entity(id="x", start=0, end=2, label="PER"),
        Entity(id="k", start=9, end=14, label="LOC"),
        Entity(id="p", start=16, end=23, label="PER"),
    )
    arcs = (Relation(head="x", tail="k", label="IN"), Relation(head="p", tail="k", label="IN"))
    gold = Document("d", text, (xi, pekin, poutine), arcs)
    pred = Document("d", text, (xi, pekin, poutine), arcs[:1])
    pair = pair_annotations(Annotations.of([gold]), Annotations.of([pred]))
    groups = {each.name: each.groups for each in relation_slices(pair, symmetric=frozenset())}
    assert groups["sentence"] == {"across": Counts(fn=1), "within": Counts(tp=1)}


def test_slices_by_occurrence_in_training() -> None:
    train = Document(
        "t",
        "Xi, Xi et Xi : Pékin.",
        (
            *(Entity(id=f"x{n}", start=n, end=n + 2, label="PER") for n in (0, 4)),
            Entity(id="o", start=10, end=12, label="ORG"),
            Entity(id="p", start=15, end=20, label="LOC"),
        ),
    )
    gold = Annotations.of([Document("d", TEXT, (XI, POUTINE, PEKIN))])
    pair = pair_annotations(gold, gold)
    slices = entity_slices(pair, train=Annotations.of([train]))
    groups = {each.name: [*each.groups] for each in slices}
    assert groups["training frequency"] == ["1", "2 to 4", "unseen"]  # Pékin, Xi, Poutine
    assert groups["label consistency"] == ["always this type", "mostly this type"]
    assert groups["unknown words"] == ["all", "none"]  # Poutine; Xi and Pékin
