"""The classifier: values above their threshold, calibrated on held-out items, stored as arrays."""

import numpy as np
import pytest

from aloi.models.attributes.classifier import (
    RARE_THRESHOLD,
    AttributeClassifier,
    Sample,
    calibration_error,
    softmax,
)

FEATURES = [{"a"}, {"b"}, {"a", "c"}, {"b", "c"}] * 6
VALUES = ["x", "", "x", ""] * 6
SAMPLE = Sample(FEATURES, VALUES, list(range(24)))


def test_values_follow_their_features() -> None:
    classifier = AttributeClassifier.fit(SAMPLE).tuned(np.zeros((0, 2)), [])
    assert classifier.classes == ("", "x")
    assert classifier.predict([{"a", "unknown"}, {"b"}]) == ["x", ""]
    assert classifier.predict([]) == []


def test_features_of_few_documents_are_left_out() -> None:
    sample = Sample(FEATURES, VALUES, [0, 1] * 12)
    assert AttributeClassifier.fit(sample).features == ()
    assert AttributeClassifier.fit(SAMPLE).features == ("a", "b", "c")


def test_a_sample_with_one_value_gives_that_value() -> None:
    classifier = AttributeClassifier.fit(Sample([{"a"}] * 3, [""] * 3, [0, 1, 2]))
    assert classifier.predict([{"a"}]) == [""]
    assert classifier.tuned(np.zeros((1, 1)), [""]) is classifier


def test_a_threshold_is_chosen_for_f1() -> None:
    # "x" is never likelier than "", but items above 0.3 have the value.
    probabilities = np.array([[0.65, 0.35]] * 6 + [[0.75, 0.25]] * 20)
    classifier = AttributeClassifier.fit(SAMPLE).tuned(np.log(probabilities), ["x"] * 6 + [""] * 20)
    assert classifier.temperature < 1
    decided = classifier.decide(softmax(np.log(probabilities) / classifier.temperature))
    assert decided == ["x"] * 6 + [""] * 20


def test_a_value_with_few_gold_items_needs_a_high_probability() -> None:
    logits = np.log(np.array([[0.7, 0.3]] * 4))
    tuned = AttributeClassifier.fit(SAMPLE).tuned(logits, ["x"] * 4)
    assert tuned.thresholds == {"x": RARE_THRESHOLD}


def test_calibration_error_by_hand() -> None:
    # two items at 0.9, of which one is right: |0.8| / 2
    assert calibration_error(np.array([0.9, 0.9]), np.array([1.0, 0.0])) == pytest.approx(0.4)
