"""`aloi predict` and `aloi eval` over shards, with Ray."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aloi.cli.console import fail, progress

if TYPE_CHECKING:
    from aloi.corpus.problems import Problem
    from aloi.corpus.shards import Look, Shard
    from aloi.corpus.survey import Survey
    from aloi.models.archive import Output, Run, Work


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
    from aloi.corpus import cluster
    from aloi.models import prediction
    from aloi.models.archive import Output, annotator

    if "-" in (source, target):
        raise typer.BadParameter("--engine ray reads files and writes a folder, no streams")
    output = Output(Path(target).absolute(), format_)
    with cluster.connected(address, workers) as count:
        nlp = prediction.load(model)
        run = _prepared(
            source, output, partial(prediction.origin, nlp, gold_entities=gold_entities), count
        )
        make = partial(annotator, _everywhere(model), output, gold_entities=gold_entities)
        _carry_out(run, make, count, target)


def _everywhere(path: str) -> str:
    """A path as a worker finds it, which runs in another folder; a package's name as it is."""
    return str(Path(path).absolute()) if Path(path).exists() else path


def _prepared(
    source: str, output: Output, made_from: Callable[[Survey], dict[str, str]], workers: int
) -> Run:
    """The run, after a look through all of the input."""
    from aloi.corpus import shards
    from aloi.models.archive import Origin, Run

    parts = shards.plan(source)
    looks = looked_through(parts, workers=workers)
    found = shards.gathered(source, parts, looks)
    origin = Origin(
        **made_from(found), format=output.format, documents=found.documents, shards=len(parts)
    )
    inputs = zip(parts, (look.sha256 for look in looks), strict=True)
    run = Run.over(inputs, output, origin)
    if run.changes:
        print(
            f"{output.folder}: {' and '.join(run.changes)} changed, starting anew", file=sys.stderr
        )
    elif run.done:
        print(f"{output.folder}: {run.done} of {len(parts)} shards are done", file=sys.stderr)
    return run


def looked_through(parts: Sequence[Shard], *, workers: int) -> list[Look]:
    """What a look finds in each shard."""
    from aloi.corpus import cluster
    from aloi.corpus.shards import look

    found = cluster.spread(lambda: look, parts, workers=workers)
    return cluster.in_order(progress(found, "looking through", total=len(parts)))


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
