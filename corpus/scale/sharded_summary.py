"""A summary of a collection in shards, made by several Ray workers."""

from __future__ import annotations

from aloi.corpus.scale import cluster, shards
from aloi.corpus.scale.input_summary import InputSummary
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.scale.shards import ShardSummary


def summarize_shards(
    path: str, *, workers: int, progress: ProgressBar = no_progress
) -> tuple[list[ShardSummary], InputSummary]:
    """Return a summary of each shard, in order, and one of the whole collection.

    Raises `DataError` with every problem in the collection. Call it inside `cluster.connected`.
    """
    planned = shards.plan_shards(path)
    done = cluster.map_unordered(lambda: shards.summarize_shard, planned, workers=workers)
    summaries = cluster.results_in_order(progress(done, "checking input", total=len(planned)))
    return summaries, shards.merge_summaries(path, summaries)
