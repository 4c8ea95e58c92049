"""Counts, ratios and schemes, with results that can be checked by hand."""

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import RelationType, Schema
from aloi.eval.reports.report import Report, evaluate
from aloi.eval.reports.report_tables import report_markdown
from aloi.eval.score_counts import Counts

TEXT = "Xi reçoit Poutine à Pékin pour la guerre en Ukraine"


def document(*entities: Entity, relations: tuple[Relation, ...] = ()) -> Document:
    return Document("d", TEXT, entities, relations)


XI, POUTINE = (
    Entity(id="x", start=0, end=2, label="PER"),
    Entity(id="p", start=10, end=17, label="PER"),
)
PEKIN = Entity(id="k", start=20, end=25, label="LOC")
GUERRE, UKRAINE = (
    Entity(id="g", start=34, end=51, label="EVENT"),
    Entity(id="u", start=44, end=51, label="LOC"),
)
SCHEMA = Schema("s", "1", {}, {"MEETS": RelationType((), (), symmetric=True)})


def evaluate_document(gold: Document, pred: Document) -> Report:
    return evaluate([gold], [pred], schema=SCHEMA)


def test_ratios_by_hand() -> None:
    counts = Counts(tp=2, fp=1, fn=2)
    assert counts.ratios == {"precision": 2 / 3, "recall": 2 / 4, "f1": 4 / 7}


def test_an_undefined_ratio_is_none() -> None:
    assert Counts().ratios == {"precision": None, "recall": None, "f1": None}
    assert Counts(fn=3).ratios == {"precision": None, "recall": 0.0, "f1": 0.0}


def test_a_wrong_label_is_missed_under_the_gold_type_and_spurious_under_the_predicted_type() -> (
    None
):
    wrong = Entity(id="k", start=20, end=25, label="ORG")
    scores = evaluate_document(document(XI, PEKIN), document(XI, wrong)).entities["exact"].scores
    assert scores.types == {
        "LOC": Counts(fn=1),
        "ORG": Counts(fp=1),
        "PER": Counts(tp=1),
    }
    # The mean of F1 over LOC 0, ORG 0 and PER 1.
    assert scores.macro["f1"] == pytest.approx(1 / 3)


def test_outermost_ignores_nested_mentions_on_both_sides() -> None:
    report = evaluate_document(document(GUERRE, UKRAINE), document(UKRAINE))
    assert report.entities["exact"].scores.micro == Counts(tp=1, fn=1)
    # In gold the war contains Ukraine; in the prediction Ukraine is outermost, so it is spurious.
    assert report.entities["outermost"].scores.micro == Counts(fp=1, fn=1)


def test_a_symmetric_relation_counts_once_in_both_directions() -> None:
    gold = document(XI, POUTINE, relations=(Relation(head="x", tail="p", label="MEETS"),))
    pred = document(
        XI,
        POUTINE,
        relations=(
            Relation(head="p", tail="x", label="MEETS"),
            Relation(head="x", tail="p", label="MEETS"),
        ),
    )
    scores = evaluate_document(gold, pred).relations["strict"].scores
    assert scores.micro == Counts(tp=1)
    assert scores.duplicates == {"gold": 0, "pred": 1}


def test_a_directed_relation_with_swapped_ends_is_an_error() -> None:
    gold = document(XI, PEKIN, relations=(Relation(head="x", tail="k", label="LOCATED_IN"),))
    pred = document(XI, PEKIN, relations=(Relation(head="k", tail="x", label="LOCATED_IN"),))
    assert evaluate_document(gold, pred).relations["strict"].scores.micro == Counts(fp=1, fn=1)


def test_boundaries_ignores_the_labels_of_the_ends() -> None:
    gold = document(XI, PEKIN, relations=(Relation(head="x", tail="k", label="LOCATED_IN"),))
    city = Entity(id="k", start=20, end=25, label="ORG")
    pred = document(XI, city, relations=(Relation(head="x", tail="k", label="LOCATED_IN"),))
    report = evaluate_document(gold, pred)
    assert report.relations["strict"].scores.micro == Counts(fp=1, fn=1)
    assert report.relations["boundaries"].scores.micro == Counts(tp=1)


def test_a_gold_relation_without_predicted_ends_is_missed() -> None:
    gold = document(XI, PEKIN, relations=(Relation(head="x", tail="k", label="LOCATED_IN"),))
    assert evaluate_document(gold, document()).relations["strict"].scores.micro == Counts(fn=1)


def test_a_label_outside_the_schema_is_spurious_and_reported() -> None:
    pred = document(Entity(id="x", start=0, end=2, label="ALIEN"))
    report = evaluate_document(document(XI), pred)
    assert report.unknown == ("ALIEN",)
    assert report.entities["exact"].scores.types["ALIEN"] == Counts(fp=1)


def test_a_report_without_items_has_a_warning() -> None:
    warning = "nothing to score: neither gold nor the predictions contain entities or relations"
    report = evaluate_document(document(), document())
    assert report.warnings == (warning,)
    assert f"Warning: {warning}" in report_markdown(report)
    assert evaluate_document(document(XI), document()).warnings == ()
    relations = evaluate([document(XI)], [document(XI)], schemes=["strict"])
    assert relations.warnings == (warning.replace("entities or ", ""),)


def test_a_report_without_documents_has_undefined_ratios() -> None:
    report = evaluate([], [], bootstrap=10)
    exact = report.to_json()["entities"]["exact"]
    assert exact["types"] == {}
    assert exact["micro"]["f1"] is None
    assert exact["macro"]["f1"] is None
