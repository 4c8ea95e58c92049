"""The training of a pipeline: settings of each component, and errors before the first training."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import spacy
from attributes import statement
from light_configs import light_configs
from thinc.api import Config
from toy import sentence

from aloi.corpus import document_files
from aloi.corpus.problems import DataError
from aloi.models.attributes.component import AttributePredictor
from aloi.models.training import job as jobs
from aloi.models.training.job import ATTRIBUTES, COMPONENT_KINDS, TrainingJob, share_overrides
from aloi.models.training.pipeline_training import (
    assemble_pipeline,
    train_component,
    train_pipeline,
)

QUICK = {"training.max_steps": 2, "training.eval_frequency": 2}


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """The files of the train documents and the dev documents."""
    files = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    document_files.write([sentence(n) for n in range(6)], files[0])
    document_files.write([sentence(n) for n in range(6, 8)], files[1])
    return files


@pytest.fixture
def shared(tmp_path: Path, data: tuple[Path, Path]) -> Callable[..., dict[str, Any]]:
    """A function that shares settings; it returns the overrides by kind of component."""
    configs = light_configs(tmp_path / "configs")

    def share(overrides: dict[str, Any]) -> dict[str, Any]:
        kinds = (*COMPONENT_KINDS, ATTRIBUTES)
        unset = [TrainingJob(kind, *data, tmp_path / "out", config=configs[kind]) for kind in kinds]
        return {job.kind: job.overrides for job in share_overrides(unset, overrides)}

    return share


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("system.seed", ("ner", "relations", "attributes")),
        ("training.dropout", ("ner", "relations")),
        ("paths.schema", ("relations", "attributes")),
        ("components.ner.model.hidden_width", ("ner",)),
        ("components.aloi_relations.threshold", ("relations",)),
        ("components.aloi_attributes.x", ("attributes",)),
    ],
)
def test_a_setting_applies_to_the_components_that_have_it(
    shared: Callable[..., dict[str, Any]], key: str, kinds: tuple[str, ...]
) -> None:
    expected = {kind: {key: 1} if kind in kinds else {} for kind in (*COMPONENT_KINDS, ATTRIBUTES)}
    assert shared({key: 1}) == expected


@pytest.mark.parametrize("key", ["training.x", "components.nre.model.width", "x", "training.x.y"])
def test_a_setting_of_no_component_is_an_error(
    shared: Callable[..., dict[str, Any]], key: str
) -> None:
    with pytest.raises(DataError, match=f"unknown setting {key} .*ner.cfg or .*relations.cfg"):
        shared({"system.seed": 1, key: 1})


def test_a_pipeline_is_trained_with_settings_of_one_component(
    tmp_path: Path, data: tuple[Path, Path]
) -> None:
    configs: dict[str, Path | None] = {**light_configs(tmp_path / "configs")}
    widths = {"components.ner.model.hidden_width": 16, "components.aloi_relations.model.hidden": 8}
    train_pipeline(*data, tmp_path / "out", configs=configs, overrides=QUICK | widths)
    config = spacy.load(tmp_path / "out").config["components"]
    assert config["ner"]["model"]["hidden_width"] == 16
    assert config["aloi_relations"]["model"]["hidden"] == 8


def test_the_config_of_each_component_is_checked_before_the_first_training(
    tmp_path: Path, data: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    configs: dict[str, Path | None] = {**light_configs(tmp_path / "configs")}
    file = configs["relations"]
    assert file is not None
    config = Config().from_disk(file, interpolate=False)
    config["training"]["dropout"] = 2.0
    config.to_disk(file)
    monkeypatch.setattr(jobs, "fit", _must_not_train)
    with pytest.raises(DataError, match=r"light-relations.cfg: the setting training.dropout"):
        train_pipeline(*data, tmp_path / "out", configs=configs)


@pytest.mark.parametrize("kind", ["relations", "attributes"])
def test_a_component_without_anything_to_learn_is_refused(
    tmp_path: Path, data: tuple[Path, Path], kind: str
) -> None:
    without_relations(data)
    with pytest.raises(DataError, match=rf"no document contains {kind}.* \[no-data\]"):
        train_component(kind, *data, tmp_path / "out")


def test_a_pipeline_without_relations_has_only_the_entity_component(
    tmp_path: Path, data: tuple[Path, Path]
) -> None:
    without_relations(data)
    configs: dict[str, Path | None] = {**light_configs(tmp_path / "configs")}
    log = io.StringIO()
    train_pipeline(*data, tmp_path / "out", configs=configs, overrides=QUICK, log=log)
    nlp = spacy.load(tmp_path / "out")
    assert nlp.pipe_names == ["ner"]
    assert [*nlp.meta["aloi"]] == ["ner"]
    assert "the training documents contain no relations" in log.getvalue()
    assert not (tmp_path / "out-relations").exists()


def test_a_pipeline_has_attributes_of_entities_without_relations(
    tmp_path: Path, data: tuple[Path, Path]
) -> None:
    for file, numbers in zip(data, (range(8), range(8, 12)), strict=True):
        documents = (
            msgspec.structs.replace(each, text=f"{each.text} {each.id}")
            for each in map(statement, numbers)
        )
        document_files.write(documents, file)
    without_relations(data)
    configs = light_configs(tmp_path / "configs")
    folders = {kind: tmp_path / kind for kind in ("ner", ATTRIBUTES)}
    for kind, folder in folders.items():
        overrides = QUICK if kind == "ner" else {}
        TrainingJob(kind, *data, folder, config=configs[kind], overrides=overrides).run()
    assemble_pipeline(folders, out=tmp_path / "out")
    nlp = spacy.load(tmp_path / "out")
    assert nlp.pipe_names == ["ner", "aloi_attributes"]
    attributes = nlp.get_pipe("aloi_attributes")
    assert isinstance(attributes, AttributePredictor)
    assert [model.attribute.name for model in attributes.models] == ["metonymy"]
    assert nlp("Paris soutient Ana.").text


def without_relations(files: tuple[Path, Path]) -> None:
    """Remove the relations from the documents in files."""
    for file in files:
        documents = document_files.read(file)
        document_files.write((msgspec.structs.replace(d, relations=()) for d in documents), file)


def _must_not_train(*_: object, **__: object) -> None:
    raise AssertionError("the training started")
