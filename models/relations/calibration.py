"""Calibration of a relation extractor and the choice of its thresholds, on the dev documents.

Probabilities are calibrated by a linear function of the logits (Platt 1999, "Probabilistic Outputs
for Support Vector Machines"). The calibration error is measured by cross-validation: the dev
documents are halved, and each half is evaluated with the calibration fitted on the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from spacy.language import Language
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.models.arrays import BoolArray, DoubleArray, FloatArray, IntArray
from aloi.models.examples import make_example
from aloi.models.relations.component import RelationExtractor
from aloi.models.relations.gold import cluster_distance, gold_relations
from aloi.models.relations.logistic import sigmoid

RELIABILITY_BINS = 10
"""The number of equal-width probability bins in the reliability table."""

PRIOR_STRENGTH = 100
"""The weight of the common threshold in the threshold of each label, in gold relations.

With 10, thresholds chosen on one part of the dev documents lost up to 0.01 micro-F1 on the rest
(CrossRE, POPCORN, this corpus); with 100, they lost nothing against the common threshold alone.
"""

MIN_RELIABILITY_PROBABILITY = 0.01
"""The lowest probability in the reliability table; most pairs are far less probable."""

THRESHOLDS = np.arange(0.02, 0.96, 0.01)
"""The thresholds that are tried."""


class LinearCalibration(NamedTuple):
    """A linear function of logits: scale * logit + shift."""

    scale: float
    shift: float


class ScoredCells(NamedTuple):
    """The permitted cells (pair, label) of the documents, in arrays with one value for each cell.

    document: the number of the document. label: the column of the relation label. logit: the
    model's output. truth: 1 where gold has the relation, else 0.
    """

    document: IntArray
    label: IntArray
    logit: FloatArray
    truth: FloatArray

    def select(self, rows: BoolArray) -> ScoredCells:
        """Return the cells where `rows` is true."""
        document, label, logit, truth = self
        return ScoredCells(document[rows], label[rows], logit[rows], truth[rows])


class ReliabilityBin(NamedTuple):
    """A bin of the reliability table: its size, mean probability and share of true relations."""

    cells: int
    probability: float
    right: float


def tune(
    nlp: Language, extractor: RelationExtractor, documents: Sequence[Document]
) -> dict[str, Any]:
    """Calibrate a trained extractor and set its thresholds, on the dev documents.

    Returns JSON values for the model's record: `coverage`, `thresholds` and `reliability`.
    """
    examples = [make_example(nlp, document, skip=extractor.name) for document in documents]
    cells = score_cells(extractor, examples)
    gold_coverage = coverage(extractor, examples)
    settings = extractor.settings
    calibration = fit_calibration(cells)
    settings.scale, settings.shift = calibration
    settings.threshold, own = choose_thresholds(
        cells,
        calibrate(cells, calibration),
        labels=len(extractor.labels),
        gold=gold_coverage["gold"],
    )
    settings.thresholds = dict(zip(extractor.labels, own, strict=True))
    return {
        "coverage": gold_coverage,
        "thresholds": settings.thresholds,
        "reliability": reliability(cells, cross_calibrate(cells)),
    }


def score_cells(extractor: RelationExtractor, examples: Iterable[Example]) -> ScoredCells:
    """Return the permitted cells of the documents with their uncalibrated logits."""
    parts = []
    for number, example in enumerate(examples):
        for block in extractor.candidate_blocks(example.predicted):
            row, column = np.nonzero(block.permitted)
            logit = extractor.model.predict([block])[row, column]
            truth = extractor.gold_matrix(block, example)[row, column]
            parts.append(ScoredCells(np.full(len(row), number), column, logit, truth))
    if not parts:
        integers, floats = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return ScoredCells(integers, integers, floats, floats)
    return ScoredCells(*map(np.concatenate, zip(*parts, strict=True)))


def coverage(extractor: RelationExtractor, examples: Iterable[Example]) -> dict[str, Any]:
    """Count the gold relations that candidate pairs cover, and the missed ones by reason.

    Returns the keys `gold`, `proposed` and `missed`. The reasons are `end` (no such mention or
    label), `distance` (mentions too far apart) and `type` (entity labels that the relation may not
    join).
    """
    distinct = covered = no_end = too_far = 0
    max_distance = extractor.settings.max_distance or 0
    for example in examples:
        candidates = extractor.candidates(example.predicted)
        arrays = candidates.mentions
        gold = gold_relations(example, candidates.spans, arrays, extractor.inventory)
        no_end += len(get_relations(example.reference)) - len(gold)
        covered += int(extractor.gold_matrix(candidates, example).sum())
        distances = [cluster_distance(arrays, head, tail) for head, tail, _ in set(gold)]
        too_far += sum(distance > max_distance for distance in distances)
        distinct += len(distances)
    missed = {"end": no_end, "distance": too_far, "type": distinct - covered - too_far}
    return {"gold": distinct + no_end, "proposed": covered, "missed": missed}


def fit_calibration(cells: ScoredCells) -> LinearCalibration:
    """Return the calibration of maximum likelihood; (1, 0) if all cells have the same truth."""
    if len(np.unique(cells.truth)) < 2:
        return LinearCalibration(1.0, 0.0)
    model = LogisticRegression(C=1e6).fit(cells.logit[:, None], cells.truth)
    scale, shift = model.coef_[0, 0], model.intercept_[0]
    return LinearCalibration(round(float(scale), 4), round(float(shift), 4))


def calibrate(cells: ScoredCells, calibration: LinearCalibration) -> FloatArray:
    """Return the calibrated probabilities of the cells, shape (cells,)."""
    return sigmoid(calibration.scale * cells.logit + calibration.shift)


def cross_calibrate(cells: ScoredCells) -> FloatArray:
    """Return the probabilities of each half of the documents, calibrated on the other half."""
    odd = cells.document % 2 == 1
    probabilities = np.zeros(len(odd), dtype=np.float32)
    for half in (odd, ~odd):
        calibration = fit_calibration(cells.select(~half))
        probabilities[half] = calibrate(cells.select(half), calibration)
    return probabilities


def choose_thresholds(
    cells: ScoredCells, probabilities: FloatArray, *, labels: int, gold: int
) -> tuple[float, list[float]]:
    """Return the common threshold and a list with the threshold of each label.

    With calibrated probabilities the best threshold for micro-F1 is half the best F1 (Lipton et al.
    2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure"): the common threshold. The
    best threshold of a label maximises its true positives minus the common threshold times its
    predictions. The label's threshold is the mean of both, the common one weighted as
    `PRIOR_STRENGTH` gold relations. `gold` counts all gold relations, including those that no
    candidate pair covers: they lower F1 at any threshold.
    """
    true_positives, predicted = np.zeros((2, labels, len(THRESHOLDS)))
    for step, threshold in enumerate(THRESHOLDS):
        kept = probabilities >= threshold
        predicted[:, step] = np.bincount(cells.label[kept], minlength=labels)
        true_positives[:, step] = np.bincount(
            cells.label[kept], cells.truth[kept], minlength=labels
        )
    f1 = 2 * true_positives.sum(axis=0) / np.maximum(predicted.sum(axis=0) + gold, 1)
    common = float(f1.max()) / 2
    gains = true_positives - common * predicted
    best = np.array([THRESHOLDS[_middle_argmax(row)] for row in gains])
    support = np.bincount(cells.label, cells.truth, minlength=labels)
    own = (support * best + PRIOR_STRENGTH * common) / (support + PRIOR_STRENGTH)
    return round(common, 3), own.round(3).tolist()


def _middle_argmax(values: DoubleArray) -> int:
    """Return the index of the largest value, the middle one of equal values."""
    best = np.flatnonzero(np.isclose(values, values.max()))
    return int(best[len(best) // 2])


def reliability(cells: ScoredCells, probabilities: FloatArray) -> dict[str, Any]:
    """Return the reliability table of probabilities from `MIN_RELIABILITY_PROBABILITY` up.

    `error` is the expected calibration error (Naeini et al. 2015): the mean distance between
    probability and share of true relations over `RELIABILITY_BINS` bins. `bins` lists the bins that
    are not empty.
    """
    likely = probabilities >= MIN_RELIABILITY_PROBABILITY
    truth, probabilities = cells.truth[likely], probabilities[likely]
    number = (probabilities * RELIABILITY_BINS).astype(np.int64)
    number = np.minimum(number, RELIABILITY_BINS - 1)
    bins = [
        ReliabilityBin(int(members.sum()), _mean(probabilities[members]), _mean(truth[members]))
        for members in (number == each for each in range(RELIABILITY_BINS))
        if members.any()
    ]
    distance = sum(each.cells * abs(each.probability - each.right) for each in bins)
    return {
        "error": round(distance / max(len(truth), 1), 4),
        "bins": [each._asdict() for each in bins],
    }


def _mean(values: FloatArray) -> float:
    """Return the mean, rounded to 4 decimals."""
    return round(float(values.mean()), 4)
