"""Probabilities are calibrated, thresholds chosen label by label, gold that is lost is counted."""

import numpy as np
import pytest
from spacy.language import Language
from toy import example, sentence

from aloi.corpus.document import Document, Entity, Relation
from aloi.models.relations.calibration import (
    Cells,
    calibrated,
    coverage,
    crossed,
    platt,
    reliability,
    thresholds,
    tune,
)


def cells(size: int = 20_000, *, sharp: float = 1.0, seed: int = 0) -> Cells:
    """Cells whose true logits are the given ones divided by `sharp`, less one."""
    rng = np.random.default_rng(seed)
    true = rng.normal(scale=2, size=size)
    truth = rng.random(size) < 1 / (1 + np.exp(-true))
    logit = ((true + 1) * sharp).astype(np.float32)
    documents = np.arange(size) // 20
    return Cells(documents, np.arange(size) % 2, logit, truth.astype(np.float32))


def test_a_line_through_the_logits_makes_probabilities_true() -> None:
    found = cells(sharp=3)
    scale, shift = platt(found)
    assert (scale, shift) == (pytest.approx(1 / 3, rel=0.1), pytest.approx(-1, rel=0.1))
    before = reliability(found, calibrated(found, (1, 0)))["error"]
    after = reliability(found, crossed(found))["error"]
    assert before > 0.15
    assert after < 0.02


def test_the_table_of_reliability_is_right() -> None:
    # Three cells at 0.25, one of them right; two at 0.75, both right; one at 0.001 is left out.
    probability = np.array([0.25, 0.25, 0.25, 0.75, 0.75, 0.001], dtype=np.float32)
    truth = np.array([1, 0, 0, 1, 1, 0], dtype=np.float32)
    zeros = np.zeros(6, dtype=np.int64)
    table = reliability(Cells(zeros, zeros, probability, truth), probability)
    assert [row["cells"] for row in table["bins"]] == [3, 2]
    assert [row["right"] for row in table["bins"]] == [pytest.approx(1 / 3, abs=1e-4), 1]
    assert table["error"] == pytest.approx((3 * (1 / 3 - 0.25) + 2 * 0.25) / 5, abs=1e-4)


def test_a_label_whose_probabilities_are_too_high_gets_a_higher_threshold() -> None:
    found = cells()
    probability = calibrated(found, platt(found))
    probability = np.where(found.label == 1, np.sqrt(probability), probability)
    _, (plain, raised) = thresholds(found, probability, labels=2, gold=int(found.truth.sum()))
    assert raised > plain + 0.1


def test_a_rare_label_stays_near_the_common_threshold() -> None:
    found = cells()
    rare = found._replace(label=np.where(np.arange(20_000) < 8, 1, 0))
    probability = calibrated(rare, platt(rare))
    common, (_, own) = thresholds(rare, probability, labels=2, gold=int(rare.truth.sum()))
    assert abs(own - common) < 0.1


def test_what_is_chosen_is_stored_and_told(trained: Language) -> None:
    component = trained.get_pipe("aloi_relations")
    told = tune(trained, component, [sentence(number) for number in range(24, 36)])
    assert told["thresholds"] == component.settings.thresholds
    assert set(told["thresholds"]) == {"LIVES_IN", "MEETS"}
    assert told["coverage"] == {
        "gold": 18,
        "proposed": 18,
        "missed": {"end": 0, "distance": 0, "type": 0},
    }
    assert told["reliability"]["error"] < 0.2


def test_gold_that_no_pair_proposes_is_counted_by_reason(trained: Language) -> None:
    text = "Ana vit à Rome" + " ." * 80 + " Bob"
    entities = (
        Entity("a", 0, 3, "PER"),
        Entity("b", 10, 14, "LOC"),
        Entity("c", len(text) - 3, len(text), "PER"),
    )
    relations = (
        Relation("a", "b", "LIVES_IN"),
        Relation("a", "c", "MEETS"),  # too far apart
        Relation("b", "a", "LIVES_IN"),  # no place lives anywhere
    )
    told = coverage(
        trained.get_pipe("aloi_relations"),
        [example(trained, Document("d", text, entities, relations))],
    )
    assert told == {"gold": 3, "proposed": 1, "missed": {"end": 0, "distance": 1, "type": 1}}
