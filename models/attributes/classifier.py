"""The classifier of an attribute: multinomial logistic regression over sparse features.

Probabilities are calibrated by a temperature (Guo et al. 2017, "On Calibration of Modern Neural
Networks"). A value is predicted if it is the likeliest of the values that are written, and its
probability reaches the threshold of the value. Temperature and thresholds are chosen on documents
that the scored model was not trained on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from aloi.models.arrays import DoubleArray, FloatArray, IntArray

MIN_DOCUMENTS = 3
"""Features that occur in fewer training documents are left out."""

INVERSE_REGULARISATION = 0.3
"""The parameter C of scikit-learn, chosen by cross-validation on the training documents."""

MAX_ITERATIONS = 300

MIN_GOLD = 5
"""A value with fewer gold items keeps the threshold `RARE_THRESHOLD`."""

RARE_THRESHOLD = 0.5

THRESHOLDS = np.arange(0.1, 0.9, 0.01)
"""The thresholds that are evaluated."""

MIN_PROBABILITY = 1e-9

RELIABILITY_BINS = 10
"""The number of equal-width bins in which the calibration error is measured."""


class Sample(NamedTuple):
    """Items with known values: the features, the value ("" for none), and the document of each."""

    features: list[Collection[str]]
    values: list[str]
    documents: list[int]

    def select(self, rows: Sequence[int]) -> Sample:
        """Return the items in these rows."""
        return Sample(
            [self.features[row] for row in rows],
            [self.values[row] for row in rows],
            [self.documents[row] for row in rows],
        )


@dataclass(frozen=True)
class AttributeClassifier:
    """A trained classifier.

    classes: the values, "" for none. features: the names of the columns of `weights`. weights:
    shape (classes, features). bias: shape (classes,). thresholds: the minimum probability by value.
    """

    classes: tuple[str, ...]
    features: tuple[str, ...]
    weights: FloatArray
    bias: FloatArray
    temperature: float = 1.0
    thresholds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: column for column, name in enumerate(self.features)}

    @classmethod
    def fit(cls, sample: Sample) -> AttributeClassifier:
        """Return a classifier that was trained on a sample; it is not calibrated."""
        names = _frequent_features(sample)
        untrained = cls((), names, np.zeros((0, len(names)), np.float32), np.zeros(0, np.float32))
        classes = tuple(sorted(set(sample.values)))
        if len(classes) < 2 or not names:
            zeros = np.zeros((len(classes), len(names) + 1), np.float32)
            return replace(untrained, classes=classes, weights=zeros[:, 1:], bias=zeros[:, 0])
        model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=MAX_ITERATIONS)
        model.fit(untrained.matrix(sample.features), sample.values)
        weights, bias = model.coef_, model.intercept_
        if len(classes) == 2:  # scikit-learn stores one row: the logit of the second class
            weights, bias = np.vstack([0 * weights, weights]), np.append(0 * bias, bias)
        return cls(classes, names, weights.astype(np.float32), bias.astype(np.float32))

    def matrix(self, features: Sequence[Collection[str]]) -> csr_matrix:
        """Return a binary matrix of the known features. Shape: (items, features)."""
        known = [
            sorted(self._columns[name] for name in names if name in self._columns)
            for names in features
        ]
        ends = np.cumsum([0, *map(len, known)])
        columns = np.array([column for row in known for column in row], dtype=np.int64)
        ones = np.ones(len(columns), dtype=np.float32)
        return csr_matrix((ones, columns, ends), shape=(len(features), len(self.features)))

    def logits(self, features: Sequence[Collection[str]]) -> DoubleArray:
        """Return the uncalibrated logits. Shape: (items, classes)."""
        scores = self.matrix(features) @ self.weights.T.astype(np.float64)
        return np.asarray(scores + self.bias, dtype=np.float64)

    def probabilities(self, features: Sequence[Collection[str]]) -> DoubleArray:
        """Return the calibrated probability of each class. Shape: (items, classes)."""
        return softmax(self.logits(features) / self.temperature)

    def predict(self, features: Sequence[Collection[str]]) -> list[str]:
        """Return the value of each item, "" for none."""
        if not features:
            return []
        return self.decide(self.probabilities(features))

    def decide(self, probabilities: DoubleArray) -> list[str]:
        """Return the value that each row of probabilities gives."""
        written = _without_none(self.classes, probabilities)
        limits = np.array([self.thresholds.get(each, RARE_THRESHOLD) for each in self.classes])
        best = written.argmax(axis=1)
        reached = written.max(axis=1) >= limits[best]
        return [
            self.classes[column] if enough else ""
            for column, enough in zip(best.tolist(), reached.tolist(), strict=True)
        ]

    def tuned(self, logits: DoubleArray, values: Sequence[str]) -> AttributeClassifier:
        """Return the classifier with the temperature and thresholds that fit held-out items.

        logits: of the held-out items, with the columns of `classes`. values: their gold values.
        """
        known = {value: column for column, value in enumerate(self.classes)}
        rows = [row for row, value in enumerate(values) if value in known]
        truth = np.array([known[values[row]] for row in rows], dtype=np.int64)
        if len(self.classes) < 2 or not rows:
            return self
        temperature = _fit_temperature(logits[rows], truth)
        probabilities = softmax(logits[rows] / temperature)
        thresholds = {
            value: _choose_threshold(_without_none(self.classes, probabilities), truth, column)
            for value, column in known.items()
            if value
        }
        return replace(self, temperature=temperature, thresholds=thresholds)


def softmax(logits: DoubleArray) -> DoubleArray:
    """Return the softmax of each row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def calibration_error(probabilities: DoubleArray, truth: DoubleArray) -> float:
    """Return the expected calibration error of the probabilities of written values.

    truth: 1 where the item has the value, else 0. Both arrays have one cell per item and value.
    """
    number = np.minimum((probabilities * RELIABILITY_BINS).astype(np.int64), RELIABILITY_BINS - 1)
    distance = 0.0
    for each in range(RELIABILITY_BINS):
        members = number == each
        if members.any():
            distance += abs(float((probabilities[members] - truth[members]).sum()))
    return distance / max(len(truth), 1)


def _frequent_features(sample: Sample) -> tuple[str, ...]:
    documents: dict[str, set[int]] = {}
    for names, document in zip(sample.features, sample.documents, strict=True):
        for name in names:
            documents.setdefault(name, set()).add(document)
    return tuple(sorted(name for name, found in documents.items() if len(found) >= MIN_DOCUMENTS))


def _without_none(classes: Sequence[str], probabilities: DoubleArray) -> DoubleArray:
    """Return the probabilities with 0 for the class "", which is not written."""
    written = np.array([float(bool(value)) for value in classes])
    return np.asarray(probabilities * written)


def _fit_temperature(logits: DoubleArray, truth: IntArray) -> float:
    """Return the temperature with the highest likelihood of the true classes."""

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        chosen = probabilities[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, MIN_PROBABILITY)).sum())

    found: Any = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded")
    return round(float(np.exp(found.x)), 4)


def _choose_threshold(written: DoubleArray, truth: IntArray, column: int) -> float:
    """Return the threshold of a value with the best F1; of equal ones, the middle one."""
    gold = truth == column
    if gold.sum() < MIN_GOLD:
        return RARE_THRESHOLD
    likeliest = written.argmax(axis=1) == column
    scores = []
    for threshold in THRESHOLDS:
        predicted = likeliest & (written[:, column] >= threshold)
        scores.append(2 * (predicted & gold).sum() / max(int(predicted.sum() + gold.sum()), 1))
    best = np.flatnonzero(np.isclose(scores, max(scores)))
    return round(float(THRESHOLDS[best[len(best) // 2]]), 3)
