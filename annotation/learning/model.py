"""The model of a round: trained in a folder of its own, so that a killed training can resume."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aloi.annotation.progress import Progress
from aloi.corpus.atomic_files import replacement_folder
from aloi.corpus.document import Document
from aloi.corpus.rights import Rights
from aloi.models.training.job import (
    COMPONENT_KINDS,
    TrainingJob,
    pipeline_kinds,
    prepare_job,
    share_overrides,
)
from aloi.models.training.pipeline_folder import read_record
from aloi.models.training.pipeline_training import assemble_pipeline

PIPELINE = "pipeline"
"""The name of the folder of the trained pipeline in the folder of a round."""


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a training.

    configs: training config by kind ("ner", "relations"; default: the config of aloi). overrides:
    config values by dotted key.
    """

    configs: Mapping[str, Path | None] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RoundModel:
    """The model of a round in `folder`, trained on the train documents.

    `schema` is a schema file, `rights` are the rights of documents that do not state their own.
    Without relations in train, the pipeline contains only the entity component.
    """

    folder: Path
    train: Sequence[Document]
    dev: Sequence[Document]
    schema: Path
    rights: Rights
    settings: TrainingSettings

    @property
    def pipeline(self) -> Path:
        """The folder of the pipeline."""
        return self.folder / PIPELINE

    def jobs(self) -> list[TrainingJob]:
        """Write the data and return the jobs that train the components."""
        kinds: tuple[str, ...] = ("ner",)
        if any(each.relations for each in self.train):
            own_configs = any(self.settings.configs.values())
            kinds = COMPONENT_KINDS if own_configs else pipeline_kinds(self.train)
        return share_overrides([self._job(kind) for kind in kinds], self.settings.overrides)

    def _job(self, kind: str) -> TrainingJob:
        folder = self.folder / kind
        job = prepare_job(kind, folder, self.train, self.dev, schema=self.schema)
        return replace(job, config=self.settings.configs.get(kind), rights=self.rights)

    def fit(self, progress: Progress) -> str:
        """Train the components that are not up to date, and return a hash of the training.

        A repeated call after an interruption trains only what is missing.
        """
        jobs = self.jobs()
        for job in jobs:
            progress(f"training {job.kind} on {len(self.train)} documents")
            job.resume(log=io.StringIO())
        fingerprints = [job.fingerprint for job in jobs]
        if _fingerprints(self.pipeline) != fingerprints:
            self._assemble(jobs)
        return "".join(each[:8] for each in fingerprints)

    def _assemble(self, jobs: Sequence[TrainingJob]) -> None:
        if len(jobs) > 1:
            assemble_pipeline({job.kind: job.out for job in jobs}, out=self.pipeline)
            return
        with replacement_folder(self.pipeline) as folder:
            shutil.copytree(jobs[0].out, folder, dirs_exist_ok=True)


def _fingerprints(pipeline: Path) -> list[str]:
    """Return the fingerprints of a pipeline's components."""
    record = read_record(pipeline)
    parts = [record] if "fingerprint" in record else list(record.values())
    return [str(part.get("fingerprint")) for part in parts if isinstance(part, dict)]
