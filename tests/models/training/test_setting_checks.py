"""Settings of a training: numbers that would train without an end or fail later are refused."""

import errno
from pathlib import Path
from typing import Any

import pytest
from light_configs import light_configs
from toy import sentence

from aloi.corpus import document_files
from aloi.corpus.problems import DataError
from aloi.models.training.job import COMPONENT_KINDS, TrainingJob
from aloi.models.training.setting_checks import number_problems

LIMITS = ("training.max_steps", "training.patience", "training.max_epochs")
QUICK = {"training.max_steps": 2, "training.eval_frequency": 1}


@pytest.fixture
def job(tmp_path: Path) -> Any:
    """A function that returns the job of a quick training with some overrides."""
    document_files.write([sentence(n) for n in range(6)], tmp_path / "train.jsonl")
    document_files.write([sentence(n) for n in range(6, 8)], tmp_path / "dev.jsonl")
    configs = light_configs(tmp_path / "configs")

    def make(kind: str = "ner", **overrides: object) -> TrainingJob:
        return TrainingJob(
            kind,
            tmp_path / "train.jsonl",
            tmp_path / "dev.jsonl",
            tmp_path / "out",
            config=configs[kind],
            overrides=QUICK | overrides,
        )

    return make


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.max_steps", -1),
        ("training.patience", -1),
        ("training.eval_frequency", 0),
        ("training.accumulate_gradient", 0),
        ("training.dropout", 1.5),
        ("training.dropout", float("nan")),
        ("training.optimizer.learn_rate", float("inf")),
        ("training.optimizer.learn_rate", -0.1),
        ("training.batcher.size", 0),
        ("nlp.batch_size", 0),
        ("nlp.batch_size", 10**20),
        ("system.seed", 2**32),
    ],
)
def test_a_number_out_of_range_is_refused_before_the_training(
    job: Any, tmp_path: Path, key: str, value: float
) -> None:
    with pytest.raises(DataError, match=f"the setting {key} is .*; it must be"):
        job(**{key: value}).run()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", COMPONENT_KINDS)
def test_no_number_of_our_configs_is_refused(job: Any, kind: str) -> None:
    assert list(number_problems(job(kind)._settings().interpolate())) == []


@pytest.mark.parametrize("epochs", [0, -1])
def test_a_training_without_an_end_is_refused(job: Any, tmp_path: Path, epochs: int) -> None:
    limits = {"training.max_steps": 0, "training.patience": 0, "training.max_epochs": epochs}
    with pytest.raises(DataError, match="the training never ends"):
        job(**limits).run()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("limit", [*LIMITS])
def test_each_limit_ends_a_training(job: Any, limit: str) -> None:
    job(**{name: int(name == limit) for name in LIMITS}).check()


def test_a_dropout_of_0_is_a_rate(job: Any) -> None:
    job(**{"training.dropout": 0}).run()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.optimizer.L2", "NaN"),
        ("training.optimizer.learn_rate", []),
        ("components.ner.model.tok2vec.encode.width", 0),
        ("components.ner.factory", "missing"),
        ("components.ner.model.@architectures", "missing"),
        ("training.score_weights", 1),
    ],
)
def test_settings_that_do_not_fit_are_a_problem_of_the_config(
    job: Any, tmp_path: Path, key: str, value: object
) -> None:
    with pytest.raises(DataError) as caught:
        job(**{key: value}).run()
    assert {problem.kind for problem in caught.value.problems} <= {"bad-config", "bad-path"}
    assert not (tmp_path / "out").exists()


def test_an_error_with_our_own_settings_is_not_blamed_on_them(
    job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aloi.models.training.job.fit", _fail)
    with pytest.raises(KeyError):
        TrainingJob("ner", job().train, job().dev, job().out).run()


def test_a_missing_file_is_named(job: Any) -> None:
    with pytest.raises(FileNotFoundError, match="'missing'"):
        job(**{"paths.train": "missing"}).run()


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
        PermissionError(errno.EACCES, "Permission denied", "/tmp/x"),
        MemoryError(),
    ],
)
def test_an_error_of_the_system_is_not_blamed_on_a_setting(
    job: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("aloi.models.training.job.fit", fail)
    with pytest.raises(type(error)) as caught:
        job().run()
    assert caught.value is error


@pytest.mark.parametrize("key", ["initialize.vectors", "initialize.after_init"])
def test_a_missing_base_model_is_named(job: Any, key: str) -> None:
    value = "xx_missing_md"
    if key == "initialize.after_init":
        value = {"@callbacks": "aloi.CopyTok2Vec.v1", "source": value}
    with pytest.raises(DataError, match=r"xx_missing_md is neither an installed .*Install"):
        job(**{key: value}).run()


@pytest.mark.parametrize("content", [b"[training\n", b"\xff"])
def test_a_config_that_cannot_be_read_is_a_problem_of_the_config(job: Any, content: bytes) -> None:
    job().config.write_bytes(content)
    with pytest.raises(DataError, match=r"light-ner.cfg.* \[bad-config\]"):
        job().run()


def _fail(*_: object, **__: object) -> None:
    raise KeyError("x")
