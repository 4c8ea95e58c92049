"""Precision–recall curves."""

from aloi.corpus.document import Document, Entity
from aloi.eval.analysis.precision_recall import entity_curves
from aloi.eval.columns import Annotations
from aloi.eval.pairing import pair_annotations


def mention(number: int, end: int, score: float | None = None) -> Entity:
    return Entity(id=f"e{number}", start=0, end=end, label="PER", score=score)


def test_duplicate_predictions_count_once() -> None:
    gold = Document("d", "Ana et Bob", (mention(1, 3),))
    found = (mention(1, 3, 0.4), mention(2, 3, 0.9), mention(3, 3), mention(4, 6, 0.5))
    pair = pair_annotations(
        Annotations.of([gold]), Annotations.of([Document("d", gold.text, found)])
    )
    (curve,) = entity_curves(pair)
    # Three equal predictions count once, with the highest score.
    assert curve.threshold.tolist() == [0.9, 0.5]
    assert curve.recall.tolist() == [1, 1]
    assert curve.precision.tolist() == [1, 0.5]
