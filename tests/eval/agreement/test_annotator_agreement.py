"""Agreement of annotators, compared with scikit-learn, krippendorff and manual results."""

import json
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
from aloi.eval.agreement.coefficients import (
    MISSING,
    Coefficient,
    cohen_kappa,
    gwet_ac1,
    krippendorff_alpha,
)
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


def test_ac1_equals_the_published_example() -> None:
    # Gwet 2008: 118 and 0 items with equal ratings, 5 and 2 with different ones. The mean shares
    # are 0.972 and 0.028, so chance is 2 · 0.972 · 0.028 and AC1 is 0.9408; kappa is negative.
    ratings = np.array([[0] * 118 + [0] * 5 + [1] * 2, [0] * 118 + [1] * 5 + [0] * 2])
    assert gwet_ac1(ratings).value == pytest.approx(0.9408, abs=5e-5)
    assert (cohen_kappa(ratings).value or 0) < 0
    # A third annotator who agrees with the first: the agreement of pairs is the mean of 118, 125
    # and 118 of 125 items.
    three = gwet_ac1(np.vstack([ratings, ratings[:1]]))
    share = (2 * 123 + 120) / 375
    chance = 2 * share * (1 - share)
    assert three.value == pytest.approx(((118 + 125 + 118) / 375 - chance) / (1 - chance))
    assert gwet_ac1(np.zeros((2, 3), dtype=int)).reason == "only one category"


def plain(coefficient: Coefficient) -> tuple[float | None, int]:
    return coefficient.value, coefficient.items


@given(st.lists(st.lists(st.sampled_from("AB–"), min_size=5, max_size=5), min_size=2, max_size=3))
def test_coefficients_by_label_equal_those_of_binary_ratings(marked: list[list[str]]) -> None:
    places = ((0, 3), (4, 8), (9, 12), (13, 14), (15, 19))
    annotators = {
        str(n): columns(doc("a", *((*p, x) for p, x in zip(places, each, strict=True) if x != "–")))
        for n, each in enumerate(marked)
    }
    report = measure_agreement(annotators)
    for label, found in report.alpha_types.items():
        ratings = np.array([[int(x == label) for x in each] for each in marked])
        assert plain(found) == pytest.approx(plain(krippendorff_alpha(ratings)))
        kappa = cohen_kappa(ratings[:2])
        assert plain(report.pairs[0].kappa_types[label]) == pytest.approx(plain(kappa))
    ratings = np.array([["–AB".index(x) for x in each] for each in marked])
    assert plain(report.ac1["all"]) == pytest.approx(plain(gwet_ac1(ratings)))
    pair = ratings[:2, (ratings[:2] > 0).any(axis=0)]
    assert plain(report.pairs[0].ac1["someone"]) == pytest.approx(plain(gwet_ac1(pair)))


def test_means_over_pairs_and_intervals() -> None:
    docs = [[doc(str(n), (0, 3, "A" if n % k else "B")) for n in range(12)] for k in (2, 3, 4)]
    annotators = {str(n): columns(*each) for n, each in enumerate(docs)}
    report = measure_agreement(annotators, bootstrap=200)
    f1 = [pair.scores["entities, exact"].micro.ratios["f1"] or 0 for pair in report.pairs]
    assert report.pair_means()["f1"]["entities, exact"] == pytest.approx(sum(f1) / 3)
    for pair in report.pairs:
        for each in (pair.kappa["all"], pair.ac1["all"], report.alpha["all"], report.ac1["all"]):
            assert each.value is not None
            assert each.interval is not None
            assert (each.interval.low or 0) < each.value < (each.interval.high or 0)
    assert "ci" in report.to_json()["pairs"][0]["f1"]["entities, exact"]["micro"]
    assert [sheet.title for sheet in report.sheets()][3] == "means over 3 pairs"
    for measure, means in report.pair_means().items():
        for name, interval in report.mean_intervals[measure].items():
            if (value := means[name]) is not None:
                assert (interval.low or 0) <= value <= (interval.high or 0)
    kappa = report.mean_intervals["kappa"]["all"]
    assert (kappa.low or 0) < (report.pair_means()["kappa"]["all"] or 0) < (kappa.high or 0)
    assert report.to_json()["pair_means_ci"]["kappa"]["all"] == [kappa.low, kappa.high]
    assert "[" in dict(list(report.sheets())[3].rows)["kappa, all"]
    assert report.to_json() == measure_agreement(annotators, bootstrap=200).to_json()
    without = measure_agreement(annotators)
    assert without.alpha["all"].interval is None
    assert "pair_means_ci" not in without.to_json()


def test_the_order_of_documents_has_no_effect_on_intervals() -> None:
    passes = [[doc(str(n), (0, 3, "A" if n % k else "B")) for n in range(12)] for k in (2, 3, 4)]
    one, other = (
        measure_agreement(
            {str(k): columns(*docs[::step]) for k, docs in enumerate(passes)}, bootstrap=50
        ).to_json()
        for step in (1, -1)
    )
    for part in ("pairs", "alpha", "ac1", "pair_means_ci"):
        assert one[part] == other[part]


def test_the_interval_of_a_mean_over_one_pair_is_that_of_the_pair() -> None:
    one = [doc(str(n), (0, 3, "A" if n % 3 else "B")) for n in range(20)]
    other = [doc(str(n), (0, 3, "A" if n % 4 else "B")) for n in range(20)]
    report = measure_agreement({"a": columns(*one), "b": columns(*other)}, bootstrap=100)
    (pair,) = report.pairs
    assert report.mean_intervals["kappa"]["all"] == pair.kappa["all"].interval
    assert report.mean_intervals["ac1"]["someone"] == pair.ac1["someone"].interval
    f1 = pair.intervals["entities, exact"].micro["f1"]
    assert report.mean_intervals["f1"]["entities, exact"] == f1


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
    (coefficients,) = [each for each in report.sheets() if "undefined because" in each.columns]
    assert "only one category" in {row[-1] for row in coefficients.rows}
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
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["disagreements"] == []
