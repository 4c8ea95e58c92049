"""Reports as data frames, LaTeX, pages, and of spaCy examples."""

import csv
import re
from dataclasses import replace
from html import escape, unescape
from io import StringIO

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example

from aloi.corpus.document import Document, Entity
from aloi.eval.reports.frames import escape_formula, report_frame, unescape_formula
from aloi.eval.reports.latex import escape_latex, report_latex
from aloi.eval.reports.output import ReportFormat, render_report
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, evaluate
from aloi.eval.reports.report_tables import report_sheets
from aloi.eval.reports.sheets import rich_tables
from aloi.eval.spacy_examples import from_spacy, make_mention_scorer

TEXT = "Ana vit à Rome"
ANA, ROME = (
    Entity(id="a", start=0, end=3, label="PER"),
    Entity(id="r", start=10, end=14, label="LOC_1"),
)


def test_a_frame_has_a_row_per_type_and_a_micro_row() -> None:
    gold, pred = Document("d", TEXT, (ANA, ROME)), Document("d", TEXT, (ANA,))
    table = report_frame(evaluate([gold], [pred], schemes=["exact"], bootstrap=5))
    names = ("LOC_1", "PER", "micro", "macro", "weighted")
    assert list(table.index) == [("entities", "exact", name) for name in names]
    micro = table.loc["entities", "exact", "micro"]
    assert (micro["tp"], micro["fn"], micro["recall"]) == (1, 1, 0.5)
    assert table.loc[("entities", "exact", "LOC_1"), "f1_low"] == 0
    macro = table.loc["entities", "exact", "macro"]
    assert (macro["support"], macro["recall"], macro["recall_low"]) == (2, 0.5, 0.5)


@given(st.text(alphabet="'=+-@\t\rA1", max_size=5))
def test_no_cell_of_a_csv_file_is_a_formula(label: str) -> None:
    escaped = escape_formula(label)
    assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unescape_formula(escaped) == label


def test_labels_that_look_like_formulas_are_escaped_in_csv() -> None:
    gold = Document("d", TEXT, tuple(replaced(e, f"={e.label}") for e in (ANA, ROME)))
    text = render_report(evaluate([gold], [gold], schemes=["exact"]), ReportFormat.CSV)
    labels = [row["type"] for row in csv.DictReader(StringIO(text))]
    assert labels == ["'=LOC_1", "'=PER", "micro", "macro", "weighted"]


def test_a_latex_table_has_the_types_and_averages_of_one_scheme() -> None:
    gold, pred = Document("d", TEXT, (ANA, ROME)), Document("d", TEXT, (ANA,))
    text = report_latex(evaluate([gold], [pred]))
    assert [line for line in text.splitlines() if line.endswith(r" \\")] == [
        r" & support & P & R & F1 \\",
        r"LOC\_1 & 1 & -- & 0.000 & 0.000 \\",
        r"PER & 1 & 1.000 & 1.000 & 1.000 \\",
        r"micro & 2 & 1.000 & 0.500 & 0.667 \\",
        r"macro & 2 & 0.500 & 0.500 & 0.500 \\",
        r"weighted & 2 & 0.500 & 0.500 & 0.500 \\",
    ]
    partial = report_latex(evaluate([gold], [pred], schemes=["semeval-partial"]))
    assert r"\caption{entities, semeval-partial. aloi" in partial


def test_markdown_has_the_confusion_and_the_errors_that_occur_more_than_once() -> None:
    gold = [Document(f"d{n}", TEXT, (ANA, ROME)) for n in range(2)]
    wrong = [Document(f"d{n}", TEXT, (replaced(ANA, "LOC_1"),)) for n in range(2)]
    text = render_report(evaluate(gold, wrong), ReportFormat.MARKDOWN)
    assert "| PER | 2 | 0 | 0 |" in text  # predicted as LOC_1
    assert "| LOC_1 | 0 | 0 | 2 |" in text  # missed
    assert "| type | PER | LOC_1 | 2 | d0: »Ana« vit à Rome |" in text


def replaced(entity: Entity, label: str) -> Entity:
    return Entity(id=entity.id, start=entity.start, end=entity.end, label=label)


def test_a_report_without_items_has_a_frame_and_a_page() -> None:
    report = evaluate([Document("d", TEXT, ())], [Document("d", TEXT, ())])
    assert set(report_frame(report)["support"]) == {0}
    assert "Evaluation of 1 document<" in render_page(report)


MARKUP_LABELS = (
    "[/PER]",
    "[red]LOC",
    "a|b",
    "<b>&amp;",
    "*x*_y_`z`",
    "[n](m)",
    "50%$#\\{^~",
    '=1+1,"',
)
"""Labels with characters that have a meaning in at least one output format."""


@pytest.fixture(scope="module")
def markup_report() -> Report:
    mentions = tuple(
        Entity(id=f"e{n}", start=n, end=n + 1, label=label) for n, label in enumerate(MARKUP_LABELS)
    )
    document = Document("d", TEXT, mentions)
    return evaluate([document], [document], corpus="a_b `c` 50% {x} ~^\\")


def test_terminal_tables_show_labels_unchanged(markup_report: Report) -> None:
    console = Console(file=StringIO(), width=200)
    for sheet in report_sheets(markup_report):
        for table in rich_tables(replace(sheet, title="[/PER]"), console.width):
            console.print(table)
    for label in (*MARKUP_LABELS, "[/PER] "):
        assert label in console.file.getvalue()


def test_markdown_tables_show_labels_unchanged(markup_report: Report) -> None:
    text = render_report(markup_report, ReportFormat.MARKDOWN)
    html = MarkdownIt("commonmark").enable("table").render(text)
    cells = [unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall("<td.*?</td>", html)]
    assert set(MARKUP_LABELS) <= set(cells)
    assert f"<code>{escape(str(markup_report.signature), quote=False)}</code>" in html


def test_latex_row_that_begins_like_an_option_of_the_line_break() -> None:
    """After `\\\\` and `\\midrule`, LaTeX takes `[…]` and `*` as an option, not as text."""
    assert [escape_latex(label) for label in ("[/PER]", "*LOC")] == ["{[}/PER]", "{*}LOC"]


def test_latex_escapes_labels_and_the_caption(markup_report: Report) -> None:
    text = render_report(markup_report, ReportFormat.LATEX)
    caption = (
        r"corpus a\_b `c` 50\% \{x\} \textasciitilde{}\textasciicircum{}\textbackslash{} \textbar{}"
    )
    assert caption in text
    assert r"50\%\$\#\textbackslash{}\{\textasciicircum{}\textasciitilde{} &" in text


def test_csv_contains_labels_unchanged_but_for_formulas(markup_report: Report) -> None:
    rows = list(csv.DictReader(StringIO(render_report(markup_report, ReportFormat.CSV))))
    types = {row["type"] for row in rows}
    assert set(MARKUP_LABELS) <= set(map(unescape_formula, types))
    assert set(MARKUP_LABELS) - types == {each for each in MARKUP_LABELS if each.startswith("=")}


def test_a_page_shows_labels_unchanged(markup_report: Report) -> None:
    page = render_page(markup_report)
    assert "<b>&amp;" not in page
    assert '<th scope="row">&lt;b&gt;&amp;amp;</th>' in page


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
