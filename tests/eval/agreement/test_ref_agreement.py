"""Agreement on refs, compared with results computed by hand."""

import pytest

from aloi.corpus.document import Document, Entity
from aloi.eval.agreement.annotator_agreement import measure_agreement
from aloi.eval.agreement.ref_agreement import RefAgreement, measure_ref_agreement, ref_sheet
from aloi.eval.columns import Annotations
from aloi.eval.pairing import pair_annotations

TEXT = "abcdefgh"


def annotations(*refs: str | None, labels: str = "LLLLL", id_: str = "d") -> Annotations:
    """Return a document whose nth letter has the nth ref; the label is PER for P, LOC for L."""
    entities = tuple(
        Entity(id=f"e{n}", start=n, end=n + 1, label={"P": "PER", "L": "LOC"}[label], ref=ref)
        for n, (ref, label) in enumerate(zip(refs, labels, strict=False))
    )
    return Annotations.of([Document(id_, TEXT, entities)])


def measure(one: Annotations, other: Annotations) -> dict[str, RefAgreement]:
    return measure_ref_agreement(pair_annotations(one, other))


def test_other_names_for_the_same_clusters() -> None:
    """Both passes group {a, b} and {c}, and one name of three mentions' is the same."""
    found = measure(annotations("x", "x", "y"), annotations("z", "z", "y"))
    assert found["all"] == RefAgreement(3, pytest.approx(1 / 3), 1.0, 1.0)


def test_clusters_that_differ() -> None:
    """Clusters {a, b, c} {d} against {a, b} {c, d}.

    B³, second pass against first: precision (1 + 1 + 1/2 + 1/2) / 4 = 3/4 and recall
    (2/3 + 2/3 + 1/3 + 1) / 4 = 2/3, so F1 is 12/17. Links: 3 and 2, of which {a, b} is common: 2/5.
    """
    one, other = annotations("x", "x", "x", "y"), annotations("x", "x", "y", "y")
    expected = RefAgreement(4, 0.75, pytest.approx(12 / 17), pytest.approx(2 / 5))
    assert measure(one, other)["all"] == expected
    assert measure(other, one)["all"] == expected


def test_a_mention_without_ref_is_alone_and_differs() -> None:
    """The mentions without ref in both passes, and those of one pass only, are not compared."""
    one, other = annotations("x", "x", None, None), annotations("x", None, None)
    assert measure(one, other)["all"].mentions == 2
    assert measure(one, other)["all"].same_ref == 0.5
    assert measure(one, other)["all"].link_f1 == 0


def test_labels_are_measured_on_their_own() -> None:
    one = annotations("x", "x", "y", labels="PPL")
    found = measure(one, annotations("x", "x", "z", labels="PPL"))
    assert {label: each.same_ref for label, each in found.items()} == {
        "all": pytest.approx(2 / 3),
        "LOC": 0,
        "PER": 1,
    }
    assert found["LOC"].link_f1 is None


def test_equal_refs_in_two_documents_are_two_clusters() -> None:
    one = [
        Document(id_, TEXT, (Entity(id="e", start=0, end=1, label="PER", ref="x"),)) for id_ in "ab"
    ]
    found = measure(Annotations.of(one), Annotations.of(one))
    assert found["all"].link_f1 is None


def test_the_report_has_a_table_of_refs_if_there_are_refs() -> None:
    def report(*refs: str | None) -> list[str]:
        agreement = measure_agreement({"ana": annotations(*refs), "bob": annotations(*refs)})
        assert set(agreement.to_json()["pairs"][0]["refs"]["all"]) == {
            "mentions",
            "same_ref",
            "b_cubed_f1",
            "link_f1",
        }
        return [sheet.title for sheet in agreement.sheets() if "refs" in sheet.title]

    assert report("x", "x") == ["ana and bob: refs of the mentions that both marked"]
    assert report(None, None) == []


def test_intervals_over_documents() -> None:
    """In documents of one mention each, the drawn share of equal refs is binomial."""
    one, other = (
        Annotations.of(
            [
                Document(f"d{n}", TEXT, (Entity(id="e", start=0, end=1, label="PER", ref=ref),))
                for n, ref in enumerate(refs)
            ]
        )
        for refs in ("x" * 40, "x" * 30 + "y" * 10)
    )
    pair = pair_annotations(one, other)
    found = measure_ref_agreement(pair, bootstrap=2000)["PER"]
    interval = found.intervals["same_ref"]
    margin = 2.02 * (40 / 39 * 0.75 * 0.25 / 40) ** 0.5  # Student's t with 39 degrees of freedom
    assert interval.low == pytest.approx(0.75 - margin, abs=0.03)
    assert interval.high == pytest.approx(0.75 + margin, abs=0.03)
    assert found.intervals["b_cubed_f1"].low == 1.0
    assert found.intervals["link_f1"].low is None
    assert found.to_json()["ci"]["same_ref"] == [interval.low, interval.high]
    assert "[" in ref_sheet("refs", {"PER": found}).rows[0][2]
    assert "ci" not in measure_ref_agreement(pair)["PER"].to_json()
