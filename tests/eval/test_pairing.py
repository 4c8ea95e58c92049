"""Gold and predictions must have the same documents with the same texts."""

import pytest

from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError
from aloi.eval.columns import Annotations
from aloi.eval.pairing import PairedAnnotations, pair_annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.system_comparison import compare_systems
from aloi.eval.score_counts import Counts


def doc(id_: str, text: str = "Ana et Bob", *ends: int) -> Document:
    entities = tuple(Entity(id=f"e{end}", start=0, end=end, label="PER") for end in ends)
    return Document(id_, text, entities)


def pair(gold: list[Document], pred: list[Document]) -> PairedAnnotations:
    return pair_annotations(Annotations.of(gold), Annotations.of(pred))


def test_the_first_difference_of_texts_is_reported() -> None:
    with pytest.raises(
        DataError, match=r"character 7: gold contains 'Bob', the prediction contains 'Éva'"
    ):
        pair([doc("a")], [doc("a", "Ana et Éva")])


def test_all_missing_and_extra_documents_are_reported() -> None:
    with pytest.raises(DataError) as caught:
        pair([doc("a"), doc("b")], [doc("b"), doc("c")])
    assert [(p.kind, p.document) for p in caught.value.problems] == [
        ("extra-document", "c"),
        ("missing-document", "a"),
    ]


def test_a_missing_document_counts_as_missed_if_allowed() -> None:
    report = evaluate([doc("a", "Ana", 3)], [], allow_missing=True)
    assert report.entities["exact"].scores.micro == Counts(fn=1)
    assert report.signature.allow_missing


def test_a_duplicate_id_is_an_error() -> None:
    with pytest.raises(DataError, match="document id occurs more than once in gold"):
        evaluate([doc("a"), doc("a")], [doc("a")])


def test_the_order_of_documents_and_annotations_has_no_effect() -> None:
    gold = [doc(f"d{n}", "Ana et Bob", *([3] if n % 3 else [3, 6])) for n in range(30)]
    pred = [doc(f"d{n}", "Ana et Bob", *([3] if n % 4 else [6, 10])) for n in range(30)]
    one = evaluate(gold, pred, bootstrap=50)
    other = evaluate(gold[7:] + gold[:7], pred[::-1], bootstrap=50)
    assert one.to_json() == other.to_json()
    systems = [{"a": side, "b": gold} for side in (pred, pred[::-1])]
    assert (
        compare_systems(gold, systems[0], replicates=50).to_json()
        == compare_systems(gold[::-1], systems[1], replicates=50).to_json()
    )
