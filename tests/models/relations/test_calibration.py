"""Calibration of probabilities and the reliability table."""

import numpy as np
import pytest
from relation_cells import random_cells

from aloi.models.relations.calibration import (
    LinearCalibration,
    ScoredCells,
    calibrate,
    cross_calibrate,
    fit_calibration,
    reliability,
)

IDENTITY = LinearCalibration(1, 0)


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
