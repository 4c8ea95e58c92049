"""`aloi eval` over shards, with Ray."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from aloi.cli.console import progress
from aloi.cli.options import refuse_streams

if TYPE_CHECKING:
    from aloi.corpus.schema import Schema
    from aloi.eval.columns import Annotations
    from aloi.eval.reports.report import Report


def evaluate_shards(
    gold: str,
    pred: str,
    *,
    address: str | None,
    schemes: Collection[str] | None,
    schema: Schema | None,
    train: Annotations | None,
    allow_missing: bool,
    bootstrap: int,
    **signed: Any,  # noqa: ANN401 - what the report says beside
) -> Report:
    """Count shards where they lie, then report as one process would; raises `DataError`."""
    from aloi.corpus.scale import cluster
    from aloi.corpus.scale.sharded_summary import summarize_shards
    from aloi.eval.reports import distributed as sharded
    from aloi.eval.reports.report import Scope, report

    refuse_streams(gold, pred)
    symmetric = schema.symmetric if schema else frozenset[str]()
    scope = Scope.of(schemes, symmetric, train)
    with cluster.connected(address, None) as workers:
        looks = [
            summarize_shards(path, workers=workers, progress=progress)[0] for path in (gold, pred)
        ]
        tasks = sharded.tasks(*looks)
        make = partial(
            sharded.counter, scope, allow_missing=allow_missing, by_document=bootstrap > 0
        )
        done = cluster.map_unordered(make, tasks, workers=workers)
        parts = cluster.in_order(progress(done, "counting", total=len(tasks)))
    return report(
        sharded.together(parts),
        schema=schema,
        allow_missing=allow_missing,
        bootstrap=bootstrap,
        **signed,
    )
