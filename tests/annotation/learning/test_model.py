"""The pipeline of a training round."""

import shutil
from pathlib import Path

import pytest
from toy import SCHEMA, sentence

from aloi.annotation.learning.model import RoundModel, TrainingSettings
from aloi.annotation.progress import ignore_progress
from aloi.corpus.document import Document
from aloi.corpus.rights import Rights
from aloi.models.training.job import TrainingJob


def test_an_incomplete_copy_of_a_component_is_not_a_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without relations, the pipeline is a copy of the entity component."""

    def train(job: TrainingJob, **_: object) -> None:
        job.out.mkdir(parents=True)
        (job.out / "meta.json").touch()
        (job.out / "vectors").symlink_to("missing")

    monkeypatch.setattr(TrainingJob, "run", train)
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    documents = [Document(d.id, d.text, d.entities) for d in map(sentence, range(2))]
    model = RoundModel(
        tmp_path / "round",
        documents[:1],
        documents[1:],
        tmp_path / "schema.toml",
        Rights(),
        TrainingSettings(),
    )
    with pytest.raises(shutil.Error, match="vectors"):
        model.fit(ignore_progress)
    assert not model.pipeline.exists()
