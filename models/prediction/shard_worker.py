"""Prediction in a Ray worker, which loads the pipeline once and predicts one shard at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.shards import Shard
from aloi.models.prediction.pipelines import (
    load_pipeline,
    model_version,
    pipeline_sha256,
    predict_documents,
    split_batches,
)
from aloi.models.prediction.shard_folder import (
    DocumentFailure,
    ShardEntry,
    ShardFolder,
    file_sha256,
)

PredictionTask = tuple[Shard, str, ShardEntry | None]
"""A shard, the SHA-256 of its input, and its entry.

The entry is None unless an earlier run finished the shard.
"""

ShardPredictor = Callable[[PredictionTask], ShardEntry]


def make_predictor(
    model: str, model_sha256: str, output: ShardFolder, *, gold_entities: bool
) -> ShardPredictor:
    """Load the pipeline in a worker process and return a function that predicts a shard.

    model_sha256: the SHA-256 of the driver's pipeline. Raises `DataError` if the worker's pipeline
    has a different SHA-256.
    """
    nlp = load_pipeline(model)
    if pipeline_sha256(nlp) != model_sha256:
        what = "the pipeline on this node differs from the pipeline of the driver"
        fix = "Copy the same pipeline to all nodes"
        raise DataError([Problem("bad-model", what, fix, file=model)])
    return partial(_predict_shard, nlp, output, gold_entities=gold_entities)


def _predict_shard(
    nlp: Language, output: ShardFolder, task: PredictionTask, *, gold_entities: bool
) -> ShardEntry:
    """Predict a shard, write its files and return its entry.

    If an earlier run wrote the files, the shard is not predicted again.
    """
    shard, input_sha256, entry = task
    file, errors = output.documents_file(shard.name), output.errors_file(shard.name)
    if entry is not None and entry.matches(file) and errors.exists() == bool(entry.failed):
        return entry
    predictions = FaultTolerantPrediction(nlp, shard.documents(), gold_entities=gold_entities)
    count = registry.write(predictions, str(file), format_=output.format)
    output.write_failures(shard.name, predictions.failures)
    return ShardEntry(
        shard.name,
        input=input_sha256,
        documents=count,
        failed=len(predictions.failures),
        entities=predictions.entities,
        relations=predictions.relations,
        bytes=file.stat().st_size,
        sha256=file_sha256(file),
    )


@dataclass
class FaultTolerantPrediction:
    """An iterable of predicted documents that skips documents if the model raises an error.

    The errors are recorded in `failures`. Counts and failures are complete after the iteration.
    """

    nlp: Language
    source: Iterable[Document]
    gold_entities: bool = field(kw_only=True)
    failures: list[DocumentFailure] = field(default_factory=list)
    entities: int = 0
    relations: int = 0

    def __iter__(self) -> Iterator[Document]:
        model = model_version(self.nlp)
        for batch in split_batches(self.source, self.nlp.batch_size):
            for document in self._predict(batch, model):
                self.entities += len(document.entities)
                self.relations += len(document.relations)
                yield document

    def _predict(self, batch: list[Document], model: str) -> list[Document]:
        """Return the predicted batch; if the model fails, predict its documents one at a time."""
        try:
            predict = partial(predict_documents, self.nlp, gold_entities=self.gold_entities)
            return list(predict(batch, model=model))
        except Exception as error:  # noqa: BLE001 - no error may stop the other documents
            if len(batch) > 1:
                return [each for document in batch for each in self._predict([document], model)]
            message = " ".join(f"{type(error).__name__}: {error}".split())
            self.failures.append(DocumentFailure(batch[0].id, message))
            return []
