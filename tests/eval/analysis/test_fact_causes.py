"""Causes of missed facts, on one document per cause."""

import msgspec
from marked_documents import marked_document

from aloi.corpus.document import Document, Relation
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, evaluate
from aloi.eval.reports.report_tables import report_markdown
from aloi.eval.scoring_choices import RefComparison

GOLD = "[Ana](PER#a) dirige [Rome](LOC#r). [Elle](PER#a) y vit."


def related(marked: str, *relations: tuple[str, str, str]) -> Document:
    found = tuple(Relation(head=h, tail=t, label=label) for h, label, t in relations)
    return msgspec.structs.replace(marked_document(marked), relations=found)


def causes(gold: Document, pred: Document, refs: RefComparison) -> dict[str, dict[str, int]]:
    report = evaluate([gold], [pred], refs=refs).to_json()
    found: dict[str, dict[str, int]] = report["analysis"]["missed_facts"]
    return found


def cause(pred: Document, refs: RefComparison = RefComparison.MAPPED) -> str | None:
    """Return the cause of the only fact of gold, None if it is found."""
    found = causes(related(GOLD, ("e1", "LEADS", "e2")), pred, refs)
    return next(iter(found["LEADS"])) if found else None


def test_the_first_obstacle_is_the_cause() -> None:
    assert cause(related(GOLD, ("e1", "LEADS", "e2"))) is None
    assert cause(related("Ana dirige [Rome](LOC). Elle y vit.")) == "mention not found"
    assert cause(related("[Ana](ORG) dirige [Rome](LOC). Elle y vit.")) == "wrong type"
    assert cause(related(GOLD)) == "relation not found"
    assert cause(related(GOLD, ("e1", "LIVES", "e2"))) == "wrong label"
    assert cause(related(GOLD, ("e2", "LEADS", "e1"))) == "wrong label"


def test_another_mention_of_the_same_thing_states_the_fact() -> None:
    assert cause(related(GOLD, ("e3", "LEADS", "e2"))) is None


def test_a_wrong_ref_is_a_cause_if_refs_are_compared_by_name() -> None:
    other = related(GOLD.replace("#r", "#x"), ("e1", "LEADS", "e2"))
    assert cause(other) is None
    assert cause(other, RefComparison.SHARED) == "wrong ref"


def test_a_fact_has_the_cause_of_its_nearest_statement() -> None:
    gold = related(GOLD, ("e1", "LEADS", "e2"), ("e3", "LEADS", "e2"))
    pred = related("Ana dirige [Rome](LOC). [Elle](PER) y vit.", ("e2", "LIVES", "e1"))
    assert causes(gold, pred, RefComparison.MAPPED) == {"LEADS": {"wrong label": 1}}


def test_without_refs_there_are_no_causes_of_facts() -> None:
    bare = related("[Ana](PER) dirige [Rome](LOC).", ("e1", "LEADS", "e2"))
    assert causes(bare, related(bare.text), RefComparison.MAPPED) == {}


def report() -> Report:
    return evaluate([related(GOLD, ("e1", "LEADS", "e2"))], [related(GOLD)])


def test_reports_and_pages_show_the_causes() -> None:
    assert "missed facts by cause" in report_markdown(report())
    assert "missed facts" in render_page(report()).lower()


def test_missed_facts_are_the_false_negatives() -> None:
    found = report()
    missed = found.to_json()["analysis"]["missed_facts"]
    total = sum(count for each in missed.values() for count in each.values())
    assert total == found.relations["facts"].scores.micro.fn
