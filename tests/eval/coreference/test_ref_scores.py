"""Scores of refs and attributes in a report."""

from typing import Any

import msgspec
import pytest
from clusters import document, pair_clusters

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.columns import Annotations
from aloi.eval.coreference.clusters import overlap_clusters
from aloi.eval.pairing import pair_annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.report_tables import report_sheets
from aloi.eval.reports.summary import SystemReport, micro_sheet
from aloi.eval.reports.system_comparison import compare_systems
from aloi.eval.schemes import COREFERENCE_SCHEMES
from aloi.eval.score_counts import Counts
from aloi.eval.scoring_choices import EvaluationOptions

TEXT = "Paris et Rome, 3 jours"
PARIS = Entity(id="p", start=0, end=5, label="LOC", ref="france")
ROME = Entity(id="r", start=9, end=13, label="LOC", ref="italie")
DAYS = Entity(id="q", start=15, end=22, label="QUANTITY")


def replaced(entity: Entity, **values: Any) -> Entity:
    return msgspec.structs.replace(entity, **values)


def report_of(gold: tuple[Entity, ...], pred: tuple[Entity, ...], **options: Any) -> Any:
    return evaluate([Document("d", TEXT, gold)], [Document("d", TEXT, pred)], **options)


def test_labels_without_refs_in_gold_are_left_out() -> None:
    # QUANTITY has no refs (G7), so the predicted ref of a quantity counts nowhere.
    report = report_of((PARIS, ROME, DAYS), (PARIS, ROME, replaced(DAYS, ref="x")))
    assert report.entities["b-cubed"].scores.micro.as_dict() == {"gold": 2, "pred": 2}


def test_a_mention_without_ref_is_a_singleton() -> None:
    gold = (PARIS, replaced(ROME, ref=None))
    assert report_of(gold, gold).entities["ceaf-e"].scores.micro.support == 2


def test_mentions_are_compared_by_span_not_by_label() -> None:
    pred = (replaced(PARIS, label="ORG"), ROME)
    gold = (PARIS, ROME, replaced(DAYS, label="ORG", ref="x"))
    report = report_of(gold, pred, schemes=["b-cubed"])
    assert report.entities["b-cubed"].scores.micro.ratios["precision"] == 1


def test_a_repeated_span_counts_once() -> None:
    again = replaced(PARIS, id="p2", label="ORG")
    pair = pair_annotations(
        *(Annotations.of([Document("d", TEXT, side)]) for side in ((PARIS,), (PARIS, again)))
    )
    overlap = overlap_clusters(pair)
    assert overlap.duplicates == {"gold": 0, "pred": 0}  # gold has no ORG with a ref
    pair = pair_annotations(*(Annotations.of([Document("d", TEXT, (PARIS, again))]) for _ in "ab"))
    assert overlap_clusters(pair).duplicates == {"gold": 1, "pred": 1}


def test_names_of_refs_are_scored_by_label() -> None:
    pred = (PARIS, replaced(ROME, ref="rome"), replaced(DAYS, ref="x"))
    scores = report_of((PARIS, ROME, DAYS), pred).entities["ref-names"].scores
    assert scores.types == {"LOC": Counts(tp=1, fp=1, fn=1), "QUANTITY": Counts(fp=1)}


def test_attributes_are_scored_by_value() -> None:
    gold = (replaced(PARIS, attributes={"metonymy": "government"}), ROME)
    pred = (PARIS, replaced(ROME, attributes={"metonymy": "government"}))
    scores = report_of(gold, pred).entities["attribute-values"].scores
    assert scores.types == {"metonymy=government": Counts(fp=1, fn=1)}


def test_attributes_of_restricted_documents_are_not_named() -> None:
    gold = [Document("d", TEXT, (replaced(PARIS, attributes={"note": "secret"}),))]
    report = evaluate(gold, gold, restricted=["d"])
    assert report.entities["attribute-values"].scores.types == {"(restricted)": Counts(tp=1)}


def test_gold_without_refs_and_attributes_has_no_new_scores() -> None:
    gold = (replaced(PARIS, ref=None), replaced(ROME, ref=None))
    new = {*COREFERENCE_SCHEMES, "ref-names", "attribute-values"}
    assert new.isdisjoint(report_of(gold, (PARIS, ROME)).entities)
    assert new.isdisjoint(report_of(gold, (PARIS, ROME)).to_json()["entities"])


def test_the_report_has_one_table_of_coreference_measures() -> None:
    report = evaluate([document(["ab", "c"])], [document(["ab", "c"])])
    [sheet] = [each for each in report_sheets(report) if each.title.startswith("coreference")]
    assert [row[0] for row in sheet.rows] == [*COREFERENCE_SCHEMES]
    assert sheet.rows[0][1:3] == ("1", "1.000")


def test_systems_are_compared_by_clusters() -> None:
    gold = [document(["abc", "de"], f"d{n}") for n in range(8)]
    worse = [document(["ab", "c", "de"], f"d{n}") for n in range(8)]
    options = EvaluationOptions(schemes=["conll-average", "ref-names"])
    comparison = compare_systems(gold, {"worse": worse, "same": gold}, options, replicates=200)
    conll = comparison.systems[0]
    assert conll.differences.micro["f1"].other == 1
    # MUC: 2 of 3 links; B³: recall (4/3 + 1/3 + 2) / 5; CEAF-e: (4/5 + 1) of 3 and of 2 clusters
    f1 = (4 / 5 + 22 / 26 + 3.6 / 5) / 3
    assert conll.differences.micro["f1"].baseline == pytest.approx(f1)
    assert conll.differences.micro["f1"].interval.low == pytest.approx(1 - f1)
    assert (conll.differences.micro["f1"].p or 1) < 0.05


def test_long_documents_need_little_memory() -> None:
    """CEAF-e assigns connected clusters only: a matrix of all clusters would be 26 × 26 here."""
    overlap = overlap_clusters(pair_clusters(list("abcdefghij"), ["ab", *"cdefghij"]))
    assert len(overlap.gold.size) == 10
    assert overlap.common.tolist() == [1] * 10


@pytest.mark.parametrize(
    ("ref", "added"), [("ana", ["conll-average", "ref-names", "facts"]), (None, [])]
)
def test_predictions_end_to_end_have_rows_of_refs_in_the_summary(
    ref: str | None, added: list[str]
) -> None:
    entities = (
        Entity(id="a", start=0, end=3, label="PER", ref=ref),
        Entity(id="b", start=4, end=7, label="PER"),
    )
    gold = [Document("d", "Ana Bob", entities, (Relation(head="a", tail="b", label="MEETS"),))]
    run = SystemReport("test", "pipeline", "relations-end-to-end", evaluate(gold, gold))
    rows = {row[1]: row[4] for row in micro_sheet([run]).rows}
    assert list(rows) == [f"end-to-end, {name}" for name in ["strict", "boundaries", *added]]
    assert all(f1 == "1.000" for f1 in rows.values())
