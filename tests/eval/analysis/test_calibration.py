"""Calibration of scores, and average precision."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.analysis.calibration import entity_calibration, relation_calibration
from aloi.eval.analysis.precision_recall import entity_curves
from aloi.eval.columns import Annotations
from aloi.eval.pairing import PairedAnnotations, pair_annotations

TEXT = "x" * 400


def paired(gold: list[int], pred: dict[int, float]) -> PairedAnnotations:
    """Return the pair of one-letter mentions at these offsets; predictions have scores."""
    sides = [
        Document(
            "d",
            TEXT,
            tuple(
                Entity(id=f"e{n}", start=n, end=n + 1, label="PER", score=score)
                for n, score in scores.items()
            ),
        )
        for scores in (dict.fromkeys(gold), pred)
    ]
    return pair_annotations(*(Annotations.of([side]) for side in sides))


def test_calibration_compares_mean_score_and_precision_of_each_bin() -> None:
    # The bin from 0.8: scores 0.8 and 0.9 are in different bins; 1.0 is in the bin of 0.9.
    calibration = entity_calibration(paired([0, 2], {0: 0.8, 1: 0.84, 2: 1.0, 3: 0.9}))
    assert calibration is not None
    assert calibration.lower.tolist() == [0.8, 0.9]
    assert calibration.predictions.tolist() == [2, 2]
    assert calibration.score.tolist() == pytest.approx([0.82, 0.95])
    assert calibration.precision.tolist() == [0.5, 0.5]
    assert calibration.error == pytest.approx((2 * 0.32 + 2 * 0.45) / 4)


def test_predictions_without_scores_have_no_calibration() -> None:
    ends = (
        Entity(id="a", start=0, end=1, label="PER"),
        Entity(id="b", start=1, end=2, label="PER"),
    )
    document = Document("d", TEXT, ends, (Relation(head="a", tail="b", label="MEETS"),))
    pair = pair_annotations(*(Annotations.of([document]) for _ in range(2)))
    assert entity_calibration(pair) is None
    assert relation_calibration(pair, symmetric=frozenset()) is None


def test_average_precision_equals_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    scores = dict(enumerate(random.integers(0, 101, 300) / 100))
    gold = random.choice(300, 120, replace=False).tolist()
    (curve,) = entity_curves(paired(gold, scores))
    correct = [number in gold for number in scores]
    expected = average_precision_score(correct, list(scores.values()))
    assert curve.average_precision == pytest.approx(expected)
    # 40 more gold mentions that are never predicted.
    (curve,) = entity_curves(paired([*gold, *range(300, 340)], scores))
    assert curve.average_precision == pytest.approx(expected * 120 / 160)
