"""Prediction on a collection in shards, with Ray, on one machine or a cluster.

A shard of an earlier run is kept if three conditions are met: the manifest lists it, its input has
not changed, and its output file matches the manifest. Otherwise, the shard is predicted again.
`shard_folder` describes the output folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import msgspec

from aloi.corpus.locks import locked
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale import cluster
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.scale.sharded_summary import summarize_shards
from aloi.corpus.scale.shards import ShardSummary
from aloi.models.prediction.pipelines import load_pipeline, prediction_origin
from aloi.models.prediction.resuming import Notify
from aloi.models.prediction.shard_folder import ShardEntry, ShardFolder, ShardOrigin
from aloi.models.prediction.shard_worker import PredictionTask, ShardPredictor, make_predictor


@dataclass(frozen=True)
class ShardedResult:
    """The outcome of a run.

    documents: the number of documents in the output. shard_problems: the problems of failed shards.
    """

    documents: int
    shard_problems: tuple[Problem, ...]
    run: ShardedRun

    @property
    def is_complete(self) -> bool:
        """Whether the output contains all documents of the input."""
        return self.documents >= self.run.origin.documents

    def problems(self) -> Iterator[Problem]:
        """Yield a problem for every shard and every document that could not be predicted."""
        return chain(self.shard_problems, self.run.output.failure_problems())


def predict_to_shards(
    model: str,
    source: str,
    target: str,
    *,
    gold_entities: bool = False,
    workers: int | None = None,
    address: str | None = None,
    shard_format: str = "native",
    progress: ProgressBar = no_progress,
    notify: Notify = lambda message: None,
) -> ShardedResult:
    """Annotate a collection with a pipeline and write it to a folder of shards.

    Shards that an earlier run finished are kept. model, source, target: as in `predict_to_file`,
    but streams are not supported; the paths must be the same on all nodes. workers: number of Ray
    actors (default: one per CPU). address: a Ray cluster (default: start Ray on this machine).
    shard_format: "native" or "parquet".

    The result lists documents on which the model raised an error. Raises `DataError` if another run
    is writing to the target. All problems of the input are raised together, before the prediction
    starts.
    """
    output = ShardFolder(Path(target).absolute(), shard_format)
    with locked(output.folder), cluster.connect(address, workers) as count:
        nlp = load_pipeline(model)
        summaries, whole_input = summarize_shards(source, workers=count, progress=progress)
        origin = ShardOrigin(
            **prediction_origin(nlp, whole_input, gold_entities=gold_entities),
            format=shard_format,
            documents=whole_input.documents,
            shards=len(summaries),
        )
        run = ShardedRun.plan(summaries, output, origin)
        run.notify_resumed(notify)
        make_worker = partial(
            make_predictor, _absolute(model), origin.model, output, gold_entities=gold_entities
        )
        try:
            return run.collect(
                progress(run.execute(make_worker, count), "predicting", total=len(run.tasks))
            )
        except (KeyboardInterrupt, DataError):
            notify(f"Stopped; run the same command again to resume {target}")
            raise


def _absolute(model: str) -> str:
    """Return the absolute path of a model folder; return the name of a package unchanged.

    The path must be absolute because workers may have a different working directory.
    """
    return str(Path(model).absolute()) if Path(model).exists() else model


@dataclass(frozen=True)
class ShardedRun:
    """The tasks of a run by shard name, including shards that an earlier run finished.

    changes: fields of the origin that differ from the earlier run. If there are any, no shard of
    the earlier run is kept.
    """

    output: ShardFolder
    origin: ShardOrigin
    tasks: dict[str, PredictionTask]
    changes: list[str]

    @classmethod
    def plan(
        cls, summaries: Iterable[ShardSummary], output: ShardFolder, origin: ShardOrigin
    ) -> ShardedRun:
        """Return the planned run.

        The files of shards that changed or are no longer in the input are removed. Raises
        `DataError` if the folder is not empty and was not written by a prediction in shards.
        """
        earlier, entries = output.read_manifest()
        changes = origin.changes(earlier) if earlier else []
        tasks: dict[str, PredictionTask] = {}
        for summary in summaries:
            entry = None if changes else entries.get(summary.shard.name)
            is_same = entry is not None and entry.input == summary.sha256
            tasks[summary.shard.name] = summary.shard, summary.sha256, entry if is_same else None
        kept = {name for name, (*_, entry) in tasks.items() if entry}
        earlier_format = earlier.format if earlier else output.format
        ShardFolder(output.folder, earlier_format).remove_shards(entries.keys() - kept)
        return cls(output, origin, tasks, changes)

    @property
    def done(self) -> int:
        """Number of shards that the manifest lists as finished."""
        return sum(entry is not None for *_, entry in self.tasks.values())

    def notify_resumed(self, notify: Notify) -> None:
        """Call `notify` with a message if an earlier run is resumed or discarded."""
        if self.changes:
            changed = " and ".join(self.changes)
            notify(f"{self.output.folder}: {changed} changed, starting over")
        elif self.done:
            notify(f"{self.output.folder}: {self.done} of {len(self.tasks)} shards are done")

    def execute(
        self, make_worker: Callable[[], ShardPredictor], workers: int
    ) -> Iterator[ShardEntry | DataError]:
        """Predict the unfinished shards; yield the entry of each shard, or an error if it failed.

        Entries are written to the manifest before they are yielded.
        """
        done = {name: entry for name, (*_, entry) in self.tasks.items() if entry}
        self.output.write_manifest(self.origin, done.values())
        tasks = list(self.tasks.values())
        with self.output.manifest.open("ab", buffering=0) as stream:
            for number, result in cluster.map_unordered(make_worker, tasks, workers=workers):
                shard, _, earlier = tasks[number]
                if isinstance(result, DataError):
                    done.pop(shard.name, None)
                    yield DataError(problem.at(file=shard.path) for problem in result.problems)
                    continue
                if result != earlier:
                    done[shard.name] = result
                    stream.write(msgspec.json.encode(result) + b"\n")
                yield result
        ordered = (done[name] for name in self.tasks if name in done)
        self.output.write_manifest(self.origin, ordered)

    def collect(self, results: Iterable[ShardEntry | DataError]) -> ShardedResult:
        """Return the outcome of a run, given the results that `execute` yields."""
        documents = 0
        problems: list[Problem] = []
        for result in results:
            if isinstance(result, DataError):
                problems += result.problems
            else:
                documents += result.documents
        return ShardedResult(documents, tuple(problems), self)
