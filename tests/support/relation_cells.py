"""Cells (pair, label) of relation candidates, with random logits."""

import numpy as np

from aloi.models.relations.calibration import ScoredCells


def random_cells(size: int = 20_000, *, factor: float = 1.0, seed: int = 0) -> ScoredCells:
    """Return cells with logits of (true logit + 1) * factor."""
    rng = np.random.default_rng(seed)
    true_logit = rng.normal(scale=2, size=size)
    truth = rng.random(size) < 1 / (1 + np.exp(-true_logit))
    logit = ((true_logit + 1) * factor).astype(np.float32)
    documents = np.arange(size) // 20
    return ScoredCells(documents, np.arange(size) % 2, logit, truth.astype(np.float32))
