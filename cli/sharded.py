"""`aloi predict` over shards, with Ray."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aloi.cli.shared.console import fail, progress

if TYPE_CHECKING:
    from aloi.corpus.problems import Problem
    from aloi.corpus.scale.input_summary import InputSummary
    from aloi.corpus.scale.shards import ShardSummary
    from aloi.models.prediction.sharded import Output, Run, Work


class Engine(StrEnum):
    """What shares out the work."""

    LOCAL = "local"
    RAY = "ray"


class Written(StrEnum):
    """In which formats shards are written."""

    NATIVE = "native"
    PARQUET = "parquet"


def predict_shards(
    model: str,
    source: str,
    target: str,
    *,
    gold_entities: bool,
    workers: int | None,
    address: str | None,
    format_: str,
) -> None:
    """Annotate a collection into a folder; ends with status 1 if documents were set aside."""
    from aloi.corpus.locks import locked
    from aloi.corpus.scale import cluster
    from aloi.models.prediction import pipelines as prediction
    from aloi.models.prediction.sharded import Output, annotator

    _no_streams(source, target)
    output = Output(Path(target).absolute(), format_)
    with locked(output.folder), cluster.connect(address, workers) as count:
        nlp = prediction.load(model)
        run = _prepared(
            source, output, partial(prediction.origin, nlp, gold_entities=gold_entities), count
        )
        known = _everywhere(model), run.origin.model
        make = partial(annotator, *known, output, gold_entities=gold_entities)
        _carry_out(run, make, count, target)


def _everywhere(path: str) -> str:
    """A path as a worker finds it, which runs in another folder; a package's name as it is."""
    return str(Path(path).absolute()) if Path(path).exists() else path


def _prepared(
    source: str, output: Output, made_from: Callable[[InputSummary], dict[str, str]], workers: int
) -> Run:
    """The run, after a look through all of the input."""
    from aloi.models.prediction.sharded import Origin, Run

    looks, found = _looked_through(source, workers)
    origin = Origin(
        **made_from(found), format=output.format, documents=found.documents, shards=len(looks)
    )
    run = Run.over(looks, output, origin)
    if run.changes:
        print(
            f"{output.folder}: {' and '.join(run.changes)} changed, starting anew", file=sys.stderr
        )
    elif run.done:
        print(f"{output.folder}: {run.done} of {len(looks)} shards are done", file=sys.stderr)
    return run


def _looked_through(path: str, workers: int) -> tuple[list[ShardSummary], InputSummary]:
    """What each shard holds, and all of them; raises `DataError` with everything wrong."""
    from aloi.corpus.scale import cluster, shards

    parts = shards.plan_shards(path)
    found = cluster.map_unordered(lambda: shards.summarize_shard, parts, workers=workers)
    looks = cluster.results_in_order(progress(found, "looking through", total=len(parts)))
    return looks, shards.merge_summaries(path, looks)


def _carry_out(run: Run, make: Callable[[], Work], workers: int, target: str) -> None:
    """Do the run; ends with status 1 and the list if something was set aside."""
    from aloi.corpus.problems import DataError

    entries = progress(run.go(make, workers=workers), "predicting", total=len(run.tasks))
    written = 0
    lost: list[Problem] = []
    try:
        for entry in entries:
            if isinstance(entry, DataError):
                lost += entry.problems
            else:
                written += entry.documents
    except (KeyboardInterrupt, DataError):
        print(f"Stopped; the same call goes on with {target}", file=sys.stderr)
        raise
    print(f"{written} documents written to {target}", file=sys.stderr)
    if written < run.origin.documents:
        fail(chain(lost, run.output.failures()))


def _no_streams(*paths: str) -> None:
    """End with status 2 if a path is a stream, which workers cannot open."""
    from aloi.corpus.streams import is_stream

    if any(map(is_stream, paths)):
        raise typer.BadParameter("--engine ray reads and writes files, no streams")
