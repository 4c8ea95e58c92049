"""Coreference measures: worked cases from the papers, and properties of every measure."""

import random

import pytest
from clusters import LETTERS, cluster_ratios, document, pair_clusters
from hypothesis import given, settings
from hypothesis import strategies as st

from aloi.eval.columns import Annotations
from aloi.eval.coreference.ref_scores import score_clusters
from aloi.eval.pairing import pair_annotations

# Three clusters of twelve mentions (Bagga and Baldwin 1998; Luo 2005), and four responses.
TRUTH = ["abcde", "fg", "hijkl"]
JOINED_SMALL, JOINED_LARGE = ["abcde", "fghijkl"], ["abcdehijkl", "fg"]
ONE_CLUSTER, ALL_SINGLETONS = ["abcdefghijkl"], list("abcdefghijkl")

# Pradhan et al. (2014), figure 1, and Moosavi and Strube (2016), section 4: e is not predicted;
# h and i are not in gold.
KEY, RESPONSE = ["abc", "defg"], ["ab", "cd", "fghi"]

FEW = settings(max_examples=25, deadline=None)


@st.composite
def partitions(draw: st.DrawFn) -> list[str]:
    """Some of the letters, distributed over clusters."""
    numbers = draw(st.lists(st.integers(-1, 5), min_size=10, max_size=10))
    words = ["".join(c for c, n in zip(LETTERS, numbers, strict=False) if n == k) for k in range(6)]
    return [word for word in words if word]


@pytest.mark.parametrize(
    ("response", "scheme", "precision", "recall"),
    [
        # One link too many: 9 of 10 links of the response are right, and none is missing.
        (JOINED_SMALL, "muc", 9 / 10, 1.0),
        (JOINED_LARGE, "muc", 9 / 10, 1.0),
        # The wrong link joins 2 and 5 mentions (0.76) or 5 and 5 (0.58): B³ sees the difference.
        (JOINED_SMALL, "b-cubed", (5 + 4 / 7 + 25 / 7) / 12, 1.0),
        (JOINED_LARGE, "b-cubed", (2 + 25 / 10 + 25 / 10) / 12, 1.0),
        (ALL_SINGLETONS, "b-cubed", 1.0, 3 / 12),
        # Assigned: abcde to itself (1), hijkl to fghijkl (10 / 12); fg has no partner.
        (JOINED_SMALL, "ceaf-e", (1 + 10 / 12) / 2, (1 + 10 / 12) / 3),
        (JOINED_LARGE, "ceaf-e", (1 + 10 / 15) / 2, (1 + 10 / 15) / 3),
        (ONE_CLUSTER, "ceaf-e", 10 / 17, 10 / 17 / 3),
        (ALL_SINGLETONS, "ceaf-e", 4 / 3 / 12, 4 / 3 / 3),
    ],
)
def test_the_responses_of_bagga_and_baldwin_and_of_luo(
    response: list[str], scheme: str, precision: float, recall: float
) -> None:
    found = cluster_ratios(pair_clusters(TRUTH, response))[scheme]
    assert found[:2] == pytest.approx((precision, recall))


def test_a_response_of_singletons_has_no_links() -> None:
    # MUC cannot score clusters without links: precision is undefined, and F1 is 0.
    assert cluster_ratios(pair_clusters(TRUTH, ALL_SINGLETONS))["muc"] == (None, 0.0, 0.0)


@pytest.mark.parametrize(
    ("scheme", "precision", "recall"),
    [
        # abc is in two parts, defg in three (d, fg, and the missing e): 2 of 5 links.
        ("muc", 2 / 5, 2 / 5),
        # a and b: 2/3 of abc each; c: 1/3; d: 1/4; f and g: 2/4 each; e: 0.
        ("b-cubed", (2 / 2 * 2 + 1 / 2 * 2 + 4 / 4) / 8, (4 / 3 + 1 / 3 + 1 / 4 + 4 / 4) / 7),
        # abc with ab (4 / 5), defg with fghi (4 / 8); cd has no partner.
        ("ceaf-e", 1.3 / 3, 1.3 / 2),
        # abc: 1 of 3 links, weight 3; defg: 1 of 6, weight 4.
        ("lea", (2 * 1 + 2 * 0 + 4 / 6) / 8, (3 / 3 + 4 / 6) / 7),
        # Links inside clusters: 2 of 9 and of 8; between clusters: 8 of 12 and of 20.
        ("blanc", (2 / 8 + 8 / 20) / 2, (2 / 9 + 8 / 12) / 2),
    ],
)
def test_the_example_of_pradhan_and_of_moosavi_and_strube(
    scheme: str, precision: float, recall: float
) -> None:
    found = cluster_ratios(pair_clusters(KEY, RESPONSE))[scheme]
    assert found[:2] == pytest.approx((precision, recall))


def test_blanc_and_conll_average_f1() -> None:
    ratios = cluster_ratios(pair_clusters(KEY, RESPONSE))
    # F1 of both kinds of links: 4 / 17 and 16 / 32
    assert ratios["blanc"][2] == pytest.approx((4 / 17 + 16 / 32) / 2)
    means = [ratios[name][2] for name in ("muc", "b-cubed", "ceaf-e")]
    assert ratios["conll-average"][2] == pytest.approx(sum(filter(None, means)) / 3)


def test_a_singleton_is_resolved_by_the_same_singleton_only() -> None:
    # LEA: a has one link, to itself. The response ab does not contain it, the response a does.
    assert cluster_ratios(pair_clusters(["a", "bc"], ["ab", "c"]))["lea"] == (0.0, 0.0, 0.0)
    assert cluster_ratios(pair_clusters(["a", "bc"], ["a", "b", "c"]))["lea"][1] == 1 / 3


def test_without_singletons_only_larger_clusters_count() -> None:
    ratios = cluster_ratios(pair_clusters(["ab", "c", "d"], ["ab", "c", "xy"]))
    assert ratios["b-cubed"][:2] == pytest.approx((3 / 5, 3 / 4))
    assert ratios["b-cubed-no-singletons"][:2] == pytest.approx((2 / 4, 2 / 2))
    assert ratios["ceaf-e-no-singletons"][:2] == pytest.approx((1 / 2, 1 / 1))


@FEW
@given(partitions())
def test_a_perfect_response_scores_1(clusters: list[str]) -> None:
    for scheme, ratios in cluster_ratios(pair_clusters(clusters, clusters)).items():
        assert all(each is None or each == pytest.approx(1) for each in ratios), scheme


@FEW
@given(partitions(), partitions())
def test_exchanging_gold_and_response_exchanges_precision_and_recall(
    one: list[str], other: list[str]
) -> None:
    forth, back = (cluster_ratios(pair_clusters(*sides)) for sides in ((one, other), (other, one)))
    for scheme, (precision, recall, f1) in forth.items():
        assert back.get(scheme) == pytest.approx((recall, precision, f1)), scheme


@FEW
@given(partitions(), partitions())
def test_names_and_order_of_clusters_do_not_matter(one: list[str], other: list[str]) -> None:
    shuffled = random.Random(0).sample(other, len(other))
    assert cluster_ratios(pair_clusters(one, other)) == cluster_ratios(
        pair_clusters([word[::-1] for word in one], shuffled)
    )


@FEW
@given(partitions(), partitions())
def test_numbers_of_documents_are_summed(one: list[str], other: list[str]) -> None:
    """Clusters are compared inside each document, never across documents."""
    sides = [[document(words, id_) for id_ in ("d1", "d2")] for words in (one, other)]
    double = pair_annotations(*map(Annotations.of, sides))
    single = dict(score_clusters(pair_clusters(one, other), {"ceaf-e", "blanc"}))
    for scheme, scores in score_clusters(double, {"ceaf-e", "blanc"}):
        assert scores.micro.ratios == pytest.approx(single[scheme].micro.ratios)
