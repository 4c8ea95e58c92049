"""Calibration of probabilities, thresholds for each label, and the coverage of gold relations."""

import numpy as np
import pytest
from spacy.language import Language
from toy import example, sentence

from aloi.corpus.document import Document, Entity, Relation
from aloi.models.relations.calibration import (
    LinearCalibration,
    ScoredCells,
    calibrate,
    choose_thresholds,
    coverage,
    cross_calibrate,
    fit_calibration,
    reliability,
    tune,
)

IDENTITY = LinearCalibration(1, 0)


def random_cells(size: int = 20_000, *, factor: float = 1.0, seed: int = 0) -> ScoredCells:
    """Return cells with logits of (true logit + 1) * factor."""
    rng = np.random.default_rng(seed)
    true_logit = rng.normal(scale=2, size=size)
    truth = rng.random(size) < 1 / (1 + np.exp(-true_logit))
    logit = ((true_logit + 1) * factor).astype(np.float32)
    documents = np.arange(size) // 20
    return ScoredCells(documents, np.arange(size) % 2, logit, truth.astype(np.float32))


def test_calibration_recovers_the_true_logits() -> None:
    cells = random_cells(factor=3)
    scale, shift = fit_calibration(cells)
    assert (scale, shift) == (pytest.approx(1 / 3, rel=0.1), pytest.approx(-1, rel=0.1))
    before = reliability(cells, calibrate(cells, IDENTITY))["error"]
    after = reliability(cells, cross_calibrate(cells))["error"]
    assert before > 0.15
    assert after < 0.02


def test_the_reliability_table_of_six_cells() -> None:
    # Three cells at 0.25, one of them true; two at 0.75, both true; one at 0.001 is not counted.
    probabilities = np.array([0.25, 0.25, 0.25, 0.75, 0.75, 0.001], dtype=np.float32)
    truth = np.array([1, 0, 0, 1, 1, 0], dtype=np.float32)
    zeros = np.zeros(6, dtype=np.int64)
    table = reliability(ScoredCells(zeros, zeros, probabilities, truth), probabilities)
    assert [row["cells"] for row in table["bins"]] == [3, 2]
    assert [row["right"] for row in table["bins"]] == [pytest.approx(1 / 3, abs=1e-4), 1]
    assert table["error"] == pytest.approx((3 * (1 / 3 - 0.25) + 2 * 0.25) / 5, abs=1e-4)


def test_a_label_with_overestimated_probabilities_gets_a_higher_threshold() -> None:
    cells = random_cells()
    probabilities = calibrate(cells, fit_calibration(cells))
    probabilities = np.where(cells.label == 1, np.sqrt(probabilities), probabilities)
    gold = int(cells.truth.sum())
    _, (calibrated, overestimated) = choose_thresholds(cells, probabilities, labels=2, gold=gold)
    assert overestimated > calibrated + 0.1


def test_a_rare_label_gets_nearly_the_common_threshold() -> None:
    cells = random_cells()
    cells = cells._replace(label=np.where(np.arange(20_000) < 8, 1, 0))
    probabilities = calibrate(cells, fit_calibration(cells))
    gold = int(cells.truth.sum())
    common, (_, own) = choose_thresholds(cells, probabilities, labels=2, gold=gold)
    assert abs(own - common) < 0.1


def test_tuning_sets_the_thresholds_and_reports_them(trained: Language) -> None:
    extractor = trained.get_pipe("aloi_relations")
    record = tune(trained, extractor, [sentence(number) for number in range(24, 36)])
    assert record["thresholds"] == extractor.settings.thresholds
    assert set(record["thresholds"]) == {"LIVES_IN", "MEETS"}
    assert record["coverage"] == {
        "gold": 18,
        "proposed": 18,
        "missed": {"end": 0, "distance": 0, "type": 0},
    }
    assert record["reliability"]["error"] < 0.2


def test_missed_gold_relations_are_counted_by_reason(trained: Language) -> None:
    text = "Ana vit à Rome" + " ." * 80 + " Bob"
    entities = (
        Entity(id="a", start=0, end=3, label="PER"),
        Entity(id="b", start=10, end=14, label="LOC"),
        Entity(id="c", start=len(text) - 3, end=len(text), label="PER"),
    )
    relations = (
        Relation(head="a", tail="b", label="LIVES_IN"),
        Relation(head="a", tail="c", label="MEETS"),  # too far apart
        Relation(head="b", tail="a", label="LIVES_IN"),  # the head must be a PER
    )
    document = Document("d", text, entities, relations)
    counts = coverage(trained.get_pipe("aloi_relations"), [example(trained, document)])
    assert counts == {"gold": 3, "proposed": 1, "missed": {"end": 0, "distance": 1, "type": 1}}
