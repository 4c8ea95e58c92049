"""Averages over documents, as in the HIPE evaluations ("macro doc").

Each document has its own precision, recall and F1 over all types. The average of a ratio is the
mean over the documents in which the ratio is defined; `sd` is the standard deviation over the same
documents (population, as in the HIPE scorer).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import Scores


@dataclass(frozen=True, slots=True)
class DocumentAverage:
    """The mean and the standard deviation of a ratio over documents.

    `documents` is the number of documents in which the ratio is defined. If there are none, the
    mean and the standard deviation are None.
    """

    mean: float | None
    sd: float | None
    documents: int

    def to_json(self) -> dict[str, float | int | None]:
        """Return the average as JSON values."""
        return {"mean": self.mean, "sd": self.sd, "documents": self.documents}

    def __str__(self) -> str:
        return "–" if self.mean is None else f"{self.mean:.3f} ± {self.sd:.3f}"


def average_documents(scores: Scores[Any]) -> dict[str, DocumentAverage]:
    """Return the average of each ratio over the documents; `scores` must contain each document."""
    ratios = scores.kind.compute_ratios(scores.by_document.sum(axis=1).astype(np.float64))
    averages = {}
    for number, name in enumerate(RATIOS):
        values = ratios[:, number]
        defined = values[~np.isnan(values)]
        mean, sd = (float(defined.mean()), float(defined.std())) if len(defined) else (None, None)
        averages[name] = DocumentAverage(mean, sd, len(defined))
    return averages
