"""The log of a training: spaCy's table, the note on its columns, progress on a terminal."""

import io
from pathlib import Path

import pytest
import toy
from light_configs import light_configs
from thinc.api import Config

from aloi.corpus import document_files
from aloi.models.training.job import COMPONENT_KINDS, SCORE_NOTE, TrainingJob
from aloi.models.training.settings import shipped_config


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


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


def test_the_log_says_which_language_is_assumed(tmp_path: Path) -> None:
    data = [tmp_path / "train.jsonl", tmp_path / "dev.jsonl"]
    for number, file in enumerate(data):
        document_files.write([toy.sentence(number)], file)
    log = io.StringIO()
    steps = {"training.max_steps": 1}
    config = shipped_config("blank-ner")
    TrainingJob("ner", *data, tmp_path / "model", config=config, overrides=steps).run(log=log)
    assert log.getvalue().startswith("note: 2 of 2 documents are treated as French")


@pytest.mark.parametrize(("log", "shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_terminal_shows_the_progress_of_a_training(
    log: io.StringIO, shown: bool, tmp_path: Path
) -> None:
    data = [tmp_path / "train.jsonl", tmp_path / "dev.jsonl"]
    document_files.write([toy.sentence(number) for number in range(8)], data[0])
    document_files.write([toy.sentence(number) for number in range(8, 10)], data[1])
    config = light_configs(tmp_path)["ner"]
    TrainingJob("ner", *data, tmp_path / "model", config=config).run(log=log)
    assert ("Last Eval Epoch" in log.getvalue()) == shown
