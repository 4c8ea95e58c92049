"""The checkpoint that a training returns: the last step counts, whatever `eval_frequency` is."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from light_configs import light_configs
from spacy.language import Language
from thinc.api import Config
from toy import sentence

from aloi.corpus import document_files
from aloi.models.training import fit as fitting
from aloi.models.training.fit import fit
from aloi.models.training.settings import load_settings, shipped_config

SHIPPED = ("ner", "relations", "blank-ner", "blank-relations", "transformer-ner")
SHIPPED += ("transformer-relations", "blank-transformer-ner", "blank-transformer-relations")


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., tuple[Language, str]]:
    """A function that trains with some settings, and returns the pipeline and the log."""
    data = {"paths.train": tmp_path / "train.jsonl", "paths.dev": tmp_path / "dev.jsonl"}
    document_files.write([sentence(n) for n in range(8)], data["paths.train"])
    document_files.write([sentence(n) for n in range(8, 12)], data["paths.dev"])
    config = light_configs(tmp_path)["ner"]

    def run(**training: int) -> tuple[Language, str]:
        overrides = {f"training.{name}": value for name, value in training.items()}
        paths = {name: str(file) for name, file in data.items()}
        log = io.StringIO()
        return fit(load_settings(config, paths, overrides), log=log), log.getvalue()

    return run


@pytest.mark.parametrize(
    "settings",
    [
        {"max_steps": 20, "eval_frequency": 200},
        {"max_steps": 0, "max_epochs": 20, "eval_frequency": 200},
        {"max_steps": 0, "patience": 20, "eval_frequency": 200},
    ],
)
def test_a_training_shorter_than_eval_frequency_is_not_lost(
    train: Callable[..., tuple[Language, str]], settings: dict[str, int]
) -> None:
    nlp, log = train(**settings)
    doc = nlp("Ana vit à Rome et rencontre Eva.")
    assert {span.text: span.label_ for span in doc.spans["entities"]}["Rome"] == "LOC"
    assert "last step: score" in log


def test_a_last_step_that_spacy_evaluates_is_not_evaluated_again(
    train: Callable[..., tuple[Language, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "_dev_score", None)
    _, log = train(max_steps=2, eval_frequency=2)
    assert "last step" not in log


def test_the_best_checkpoint_is_kept_if_the_last_step_is_worse(
    train: Callable[..., tuple[Language, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.5, 0.4])
    monkeypatch.setattr(fitting, "_dev_score", lambda _: next(scores))
    kept, log = train(max_steps=3, eval_frequency=2)
    second, _ = train(max_steps=2, eval_frequency=2)
    assert kept.get_pipe("ner").to_bytes() == second.get_pipe("ner").to_bytes()
    assert "last step: score 0.40; best of the table: 0.50" in log


@pytest.mark.parametrize("name", SHIPPED)
def test_spacy_evaluates_the_last_step_of_our_configs(name: str) -> None:
    training = Config().from_disk(shipped_config(name), interpolate=False)["training"]
    assert fitting._evaluates_last_step(training)
