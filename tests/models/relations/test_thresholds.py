"""The choice of thresholds for each label."""

import numpy as np
from relation_cells import random_cells

from aloi.models.relations.calibration import calibrate, fit_calibration
from aloi.models.relations.thresholds import choose_thresholds


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
