"""The note on the columns of spaCy's training table agrees with the configs of aloi."""

import pytest
from thinc.api import Config

from aloi.models.training.job import COMPONENT_KINDS, SCORE_NOTE
from aloi.models.training.settings import shipped_config


@pytest.mark.parametrize("kind", COMPONENT_KINDS)
@pytest.mark.parametrize("prefix", ["", "blank-", "transformer-"])
def test_the_scores_are_f1_precision_and_recall(kind: str, prefix: str) -> None:
    config = Config().from_disk(shipped_config(f"{prefix}{kind}"), interpolate=False)
    weights = config["training"]["score_weights"]
    assert [name[-2:] for name, weight in weights.items() if weight is not None] == [
        "_f",
        "_p",
        "_r",
    ]
    assert "F1, precision and recall" in SCORE_NOTE
