"""What the source of the HTML page contains."""

import re
from dataclasses import replace

import pytest
from report_pages import page_documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.analysis.causes import Cause
from aloi.eval.analysis.errors import ERROR_KINDS
from aloi.eval.analysis.spurious_relations import SpuriousCause
from aloi.eval.reports import explanations
from aloi.eval.reports.page import render_page
from aloi.eval.reports.page_documents import CHUNK_SIZE, label_hues
from aloi.eval.reports.report import evaluate
from aloi.eval.schemes import ALL_SCHEMES

TEXT = "Ana vit à Rome"


def document(place: str, *arcs: Relation, score: float | None = None, **meta: str) -> Document:
    entities = (
        Entity(id="a", start=0, end=3, label="PER", score=score),
        Entity(id="r", start=10, end=14, label=place, score=score),
    )
    return Document("d", TEXT, entities, arcs, meta)


GOLD = document("LOC", Relation(head="a", tail="r", label="LIVES_IN"))
REVERSED = Relation(head="r", tail="a", label="LIVES_IN", score=0.9)


@pytest.fixture(scope="module")
def page() -> str:
    pred = document("LOC", REVERSED, score=0.8, model="fr_ner 1.0.0")
    report = evaluate([GOLD], [pred])
    return render_page(replace(report, gold_name="gold.jsonl", pred_name="-"))


@pytest.fixture(scope="module")
def words(page: str) -> str:
    """Return the words of the page without markup, with single spaces."""
    body = page.partition("<body>")[2].partition("<script")[0]
    return " ".join(re.sub("<[^>]*>", " ", body).split())


def test_the_page_names_its_files_and_the_model(words: str) -> None:
    names = "Gold gold.jsonl Predictions standard input Model fr_ner 1.0.0"
    assert names in words


def test_the_page_has_counts_macro_and_explanations(words: str) -> None:
    columns = "type support tp fp fn P R F1"
    assert f"{columns} LOC 1 1 0 0 1.000 1.000 1.000 PER 1 1 0 0" in words
    assert "macro 1.000 1.000 1.000" in words
    assert f"entities, exact 2 1.000 1.000 1.000 1.000 {explanations.SCHEMES['exact']}" in words


def test_every_scheme_kind_and_cause_has_an_explanation() -> None:
    assert set(explanations.SCHEMES) == set(ALL_SCHEMES)
    assert tuple(explanations.MENTION_ERRORS) == ERROR_KINDS[1:]
    assert set(explanations.MISSED_RELATIONS) == set(Cause)
    assert set(explanations.SPURIOUS_RELATIONS) == set(SpuriousCause)


def test_the_page_explains_spurious_relations(words: str) -> None:
    note = explanations.SPURIOUS_RELATIONS["reversed"]
    assert f"spurious relations by cause cause all meaning LIVES_IN reversed 1 {note} 1" in words
    assert "Confusion matrix of relations" in words


def test_the_page_has_a_curve_per_type_and_calibration(page: str, words: str) -> None:
    # Two types of mentions and one of relations.
    assert page.count("Precision by recall of") == 3
    assert "LOC AP 1.000 PER AP 1.000" in words
    assert "entities: calibration, expected calibration error (ECE) 0.200" in words
    assert "0.8–0.9 2 0.800 1.000" in words
    assert "relations: calibration, expected calibration error (ECE) 0.900" in words


def test_a_page_without_scores_has_no_curves() -> None:
    assert "Model scores" not in render_page(evaluate([GOLD], [GOLD]))


def test_annotations_name_their_error_and_partner(page: str) -> None:
    found = page_documents(render_page(evaluate([GOLD], [document("ORG", REVERSED)])))["d"]
    assert found["gold"]["spans"] == [[0, 3, "PER", "", 0], [10, 14, "LOC", "type", 1]]
    assert found["pred"]["spans"] == [[0, 3, "PER", "", 0], [10, 14, "ORG", "type", 1]]
    assert found["gold"]["arcs"] == [[0, 1, "LIVES_IN", "wrong type"]]
    assert found["pred"]["arcs"] == [[1, 0, "LIVES_IN", "reversed"]]
    assert found["counts"] == [1, 1, 1, 0, 1, 1]


def test_duplicates_have_the_same_error() -> None:
    twice = (
        *(Entity(id=f"a{n}", start=0, end=3, label="ORG") for n in range(2)),
        *(Entity(id=f"r{n}", start=10, end=14, label="LOC") for n in range(2)),
    )
    arcs = [Relation(head=f"a{n}", tail=f"r{n}", label="LIVES_IN") for n in range(2)]
    pred = Document("d", TEXT, twice, tuple(arcs))
    found = page_documents(render_page(evaluate([GOLD], [pred])))["d"]
    assert found["pred"]["spans"] == [
        *[[0, 3, "ORG", "type", 0]] * 2,
        *[[10, 14, "LOC", "", 1]] * 2,
    ]
    assert [arc[3] for arc in found["pred"]["arcs"]] == ["wrong type"] * 2
    assert found["gold"]["spans"][1] == [10, 14, "LOC", "", 2]


def test_documents_are_in_chunks_sorted_by_errors() -> None:
    gold = [Document(f"d{n:03}", TEXT, GOLD.entities) for n in range(CHUNK_SIZE + 1)]
    pred = [Document(d.id, TEXT, d.entities[: n % 3]) for n, d in enumerate(gold)]
    page = render_page(evaluate(gold, pred))
    assert page.count('class="chunk"') == 2
    found = page_documents(page)
    errors = [len(each["gold"]["spans"]) - each["counts"][0] for each in found.values()]
    assert errors == [2] * 17 + [1] * 17 + [0] * 17


def test_texts_in_the_data_are_escaped() -> None:
    documents = [Document("d", "</script> &", ())]
    page = render_page(evaluate(documents, documents))
    assert page_documents(page)["d"]["text"] == "</script> &"


def test_the_page_loads_nothing(page: str) -> None:
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("size", [1, 2, 9, 30])
def test_labels_have_hues_away_from_the_red_of_errors(size: int) -> None:
    hues = label_hues(tuple(f"L{n}" for n in range(size))).values()
    assert len(set(hues)) == size
    assert all(45 <= hue <= 315 for hue in hues)


def test_quotation_marks_in_the_text_do_not_divide_the_context() -> None:
    text = "Il dit « Oui » à « Ana » hier."
    gold = [
        Document(f"d{n}", text, (Entity(id="a", start=19, end=22, label="PER"),)) for n in range(2)
    ]
    page = render_page(evaluate(gold, [replace_entities(each) for each in gold]))
    assert "Il dit « Oui » à « <mark>Ana</mark> » hier." in page


def replace_entities(document: Document) -> Document:
    return Document(document.id, document.text, ())
