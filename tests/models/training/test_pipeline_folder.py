"""The output folder of a training: only a pipeline is replaced, which is known before training."""

import errno
import re
from functools import partial
from pathlib import Path

import pytest
import spacy
from light_configs import light_configs
from toy import sentence

from aloi.corpus import document_files
from aloi.corpus.problems import DataError
from aloi.models.training import job
from aloi.models.training.pipeline_folder import check_replaceable, write_pipeline
from aloi.models.training.pipeline_training import train_component, train_pipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """The folder of a pipeline with a component and a licence."""
    nlp = spacy.blank("fr")
    nlp.add_pipe("sentencizer")
    write_pipeline(nlp, tmp_path / "out")
    (tmp_path / "out" / "LICENSE.2").touch()
    return tmp_path / "out"


def test_a_pipeline_is_replaced(pipeline: Path) -> None:
    check_replaceable(pipeline)
    write_pipeline(spacy.blank("fr"), pipeline)
    assert not (pipeline / "sentencizer.json").exists()
    assert [path.name for path in pipeline.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["notes.txt", ".git/config", "runs/1/log"])
def test_a_pipeline_with_other_files_is_not_replaced(pipeline: Path, name: str) -> None:
    (pipeline / name).parent.mkdir(parents=True, exist_ok=True)
    (pipeline / name).touch()
    with pytest.raises(
        DataError, match=rf"files of another origin: {re.escape(Path(name).parts[0])} \["
    ):
        write_pipeline(spacy.blank("fr"), pipeline)
    assert (pipeline / name).exists()
    assert (pipeline / "sentencizer.json").exists()


@pytest.mark.parametrize("name", ["out", "out-ner", "out-relations"])
def test_every_folder_is_tried_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    documents(tmp_path)
    (tmp_path / name).mkdir()
    (tmp_path / name / "notes.txt").touch()
    monkeypatch.setattr(job, "fit", _must_not_train)
    with pytest.raises(DataError, match="not a pipeline folder"):
        train_pipeline(tmp_path / "train.jsonl", tmp_path / "dev.jsonl", tmp_path / "out")


def test_the_current_folder_is_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents(tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setattr(job, "fit", _must_not_train)
    data = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    for train in (train_pipeline, partial(train_component, "ner")):
        with pytest.raises(DataError, match=r"the current folder.* Name a new folder inside it"):
            train(*data, Path())


def test_a_parent_that_cannot_be_written_is_an_error_before_the_training() -> None:
    with pytest.raises(OSError, match="/proc"):
        check_replaceable(Path("/proc/aloi/out"))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space"), OSError("9 requested and 0")])
def test_a_full_disk_is_not_reported_as_a_problem_of_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    documents(tmp_path)
    monkeypatch.setattr(job, "fit", fail)
    data = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    config = light_configs(tmp_path)["ner"]
    training = job.TrainingJob("ner", *data, tmp_path / "out", config=config)
    with pytest.raises(DataError) as caught:
        training.run()
    (problem,) = caught.value.problems
    assert problem.kind == "disk-full"
    assert "TMPDIR selects another temporary folder" in problem.fix


def test_an_interrupted_training_leaves_the_earlier_pipeline_whole(
    pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    folder = pipeline.parent
    documents(folder)
    config = light_configs(folder)["ner"]
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    monkeypatch.setattr(job, "fit", interrupt)
    data = folder / "train.jsonl", folder / "dev.jsonl"
    with pytest.raises(KeyboardInterrupt):
        job.TrainingJob("ner", *data, pipeline, config=config).run()
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def documents(folder: Path) -> None:
    document_files.write([sentence(n) for n in range(6)], folder / "train.jsonl")
    document_files.write([sentence(n) for n in range(6, 8)], folder / "dev.jsonl")


def _must_not_train(*_: object, **__: object) -> None:
    raise AssertionError("the training started")
