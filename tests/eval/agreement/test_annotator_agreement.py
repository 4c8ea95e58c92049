"""Agreement of annotators, compared with scikit-learn, krippendorff and manual results."""

import warnings

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.eval.agreement.annotator_agreement import measure_agreement
from aloi.eval.agreement.coefficients import MISSING, cohen_kappa, krippendorff_alpha
from aloi.eval.columns import Annotations

TEXT = "Ana voit Bob à Rome"


def doc(id_: str, *spans: tuple[int, int, str], text: str = TEXT) -> Document:
    entities = tuple(
        Entity(id=f"e{n}", start=start, end=end, label=label)
        for n, (start, end, label) in enumerate(spans)
    )
    return Document(id_, text, entities)


def columns(*docs: Document) -> Annotations:
    return Annotations.of(docs)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_kappa_equals_that_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    ratings = np.array(rows).T
    coefficient = cohen_kappa(ratings)
    if len(set(ratings.ravel().tolist())) == 1:
        assert coefficient.value is None
        assert coefficient.reason == "only one category"
    else:
        assert coefficient.value == pytest.approx(cohen_kappa_score(*ratings), abs=1e-12)


@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(-1, 3), min_size=n, max_size=n), min_size=1, max_size=20
        )
    )
)
def test_alpha_equals_that_of_the_krippendorff_package(rows: list[list[int]]) -> None:
    ratings = np.array(rows).T
    coefficient = krippendorff_alpha(ratings)
    paired = ratings[:, (ratings != MISSING).sum(axis=0) > 1]
    if len(set(paired[paired != MISSING].tolist())) < 2:
        assert coefficient.value is None
        assert coefficient.reason
    else:
        data = np.where(paired == MISSING, np.nan, paired)
        expected = krippendorff.alpha(data, level_of_measurement="nominal")
        assert coefficient.value == pytest.approx(expected, abs=1e-12)


def test_two_annotators() -> None:
    # Five tokens. Both mark Ana PER; A marks Rome LOC, B ORG; B alone marks Bob.
    one = columns(doc("a", (0, 3, "PER"), (15, 19, "LOC")))
    other = columns(doc("a", (0, 3, "PER"), (9, 12, "PER"), (15, 19, "ORG")))
    report = measure_agreement({"A": one, "B": other})
    pair = report.pairs[0]
    f1 = {name: scores.micro.ratios["f1"] for name, scores in pair.scores.items()}
    assert f1["entities, exact"] == pytest.approx(2 / 5)  # 1 of 2 and 3
    assert f1["entities, spans only"] == pytest.approx(4 / 5)  # Ana and Rome
    assert f1["relations, strict"] is None
    # Tokens: 3 of 5 agree; by chance O 3*2, PER 1*2 of 25: (.6 - .32) / (1 - .32).
    assert pair.kappa["all"].value == pytest.approx(0.28 / 0.68)
    assert {name: each.items for name, each in pair.kappa.items()} == {
        "all": 5,
        "someone": 3,
        "both": 2,
    }
    assert [(each.text, each.kind) for each in report.disagreements] == [
        ("Rome", ("LOC", "ORG")),
        ("Bob", ("PER", "–")),
    ]
    # The labels in the table are in the order of the annotators.
    assert [row[0] for row in list(report.sheets())[-1].rows] == ["LOC / ORG", "– / PER"]


def test_frequent_kinds_come_first_and_overlapping_mentions_are_one_disagreement() -> None:
    one = columns(doc("a", (0, 8, "PER"), (15, 19, "ROLE")), doc("b", (15, 19, "ROLE")))
    other = columns(doc("a", (0, 3, "PER")), doc("b"))
    disagreements = measure_agreement({"A": one, "B": other}).disagreements
    assert [each.kind for each in disagreements] == [("ROLE", "–"), ("ROLE", "–"), ("PER",)]
    assert disagreements[-1].marked == {"A": (("PER", 0, 8),), "B": (("PER", 0, 3),)}


def test_a_token_adjacent_to_a_mention_is_outside() -> None:
    # Five tokens (Bob , l' Opéra .) without white space between them; two are in mentions.
    one = doc("a", (0, 3, "PER"), (7, 12, "LOC"), text="Bob, l'Opéra.")
    report = measure_agreement({"A": columns(one), "B": columns(one)})
    assert {name: each.items for name, each in report.alpha.items()} == {
        "all": 5,
        "someone": 2,
        "both": 2,
    }


def test_a_missing_document_is_not_an_empty_document() -> None:
    marked, other = doc("a", (0, 3, "PER")), doc("b", (0, 3, "PER"))
    report = measure_agreement(
        {"A": columns(marked, other), "B": columns(other), "C": columns(marked)}
    )
    assert [pair.documents for pair in report.pairs] == [1, 1, 0]
    assert report.alpha["all"].value == 1
    assert report.pairs[2].kappa["all"].reason == "no item rated by both annotators"
    assert not report.disagreements


def test_relations_are_compared_over_shared_documents() -> None:
    a = doc("a", (0, 3, "PER"), (9, 12, "PER"))
    b = Document("b", TEXT, a.entities, (Relation(head="e0", tail="e1", label="MEETS"),))
    report = measure_agreement({"A": columns(a, b), "B": columns(b)})
    assert report.pairs[0].scores["relations, strict"].micro.ratios["f1"] == 1


def test_undefined_coefficients_have_reasons() -> None:
    report = measure_agreement({"A": columns(doc("a")), "B": columns(doc("a"))})
    assert report.alpha["all"].reason == "only one category"
    assert report.pairs[0].kappa["someone"].reason
    assert list(report.sheets())
    assert measure_agreement({"A": columns(), "B": columns()}).alpha["all"].value is None


def test_different_texts_and_duplicate_ids_are_all_reported() -> None:
    with pytest.raises(DataError) as caught:
        measure_agreement({"A": columns(doc("a"), doc("a")), "B": columns(doc("a", text="Non"))})
    assert {p.kind for p in caught.value.problems} == {"document-id-twice", "different-text"}


@given(documents())
def test_identical_annotations_agree(document: Document) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = measure_agreement({"A": columns(document), "B": columns(document)})
    assert not report.disagreements
    assert {each.value for each in report.alpha.values()} <= {1.0, None}
    assert report.to_json()
