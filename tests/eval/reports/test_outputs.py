"""Reports as data frames, LaTeX, pages, and of spaCy examples."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example

from aloi.corpus.document import Document, Entity
from aloi.eval.reports.frames import report_frame, report_latex
from aloi.eval.reports.output import ReportFormat, render_report
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import evaluate
from aloi.eval.spacy_examples import from_spacy, make_mention_scorer

TEXT = "Ana vit à Rome"
ANA, ROME = (
    Entity(id="a", start=0, end=3, label="PER"),
    Entity(id="r", start=10, end=14, label="LOC_1"),
)


def test_a_frame_has_a_row_per_type_and_a_micro_row() -> None:
    gold, pred = Document("d", TEXT, (ANA, ROME)), Document("d", TEXT, (ANA,))
    table = report_frame(evaluate([gold], [pred], schemes=["exact"], bootstrap=5))
    assert list(table.index) == [("entities", "exact", name) for name in ("LOC_1", "PER", "micro")]
    micro = table.loc["entities", "exact", "micro"]
    assert (micro["tp"], micro["fn"], micro["recall"]) == (1, 1, 0.5)
    assert table.loc[("entities", "exact", "LOC_1"), "f1_low"] == 0
    assert "LOC\\_1 & 1 & -- & 0.000 & 0.000" in report_latex(evaluate([gold], [pred]))


def test_a_report_without_items_has_a_frame_and_a_page() -> None:
    report = evaluate([Document("d", TEXT, ())], [Document("d", TEXT, ())])
    assert list(report_frame(report)["support"]) == [0] * len(report.entities | report.relations)
    assert "Evaluation of 1 document<" in render_page(report)


def test_a_page_needs_a_full_report() -> None:
    with pytest.raises(ValueError, match="analysis of errors"):
        render_report(evaluate([], [], schemes=["exact"]), ReportFormat.HTML)


VOCAB = spacy.blank("fr").vocab
SPANS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.sampled_from("AB")), max_size=5)


def example(gold: list[tuple[int, int, str]], pred: list[tuple[int, int, str]]) -> Example:
    """Return an example with flat mentions; of overlapping mentions the longest are kept."""
    docs = []
    for spans in (pred, gold):
        doc = Doc(VOCAB, words=["mot"] * 12)
        found = [Span(doc, start, start + length, label) for start, length, label in spans]
        doc.set_ents(spacy.util.filter_spans(found))
        docs.append(doc)
    return Example(docs[0], docs[1])


@given(st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=3))
def test_scores_of_examples_equal_those_of_spacy(pairs: list) -> None:
    examples = [example(gold, pred) for gold, pred in pairs]
    ours = evaluate(*from_spacy(examples)).entities["exact"].scores
    theirs = Scorer.score_spans(examples, "ents")
    for label, row in (theirs["ents_per_type"] or {}).items():
        ratios = ours.types[label].ratios
        for name, key in (("precision", "p"), ("recall", "r"), ("f1", "f")):
            assert (ratios[name] or 0.0) == pytest.approx(row[key], abs=1e-12)
    scored = make_mention_scorer()(examples)
    assert scored["mentions_micro_f"] == ours.micro.ratios["f1"]
