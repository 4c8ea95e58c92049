"""A first pass over a large collection: Ray workers summarise its shards in parallel."""

from __future__ import annotations

from aloi.corpus.scale import cluster, shards
from aloi.corpus.scale.input_summary import InputSummary
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.scale.shards import ShardSummary


def summarize_shards(
    path: str, *, workers: int, progress: ProgressBar = no_progress
) -> tuple[list[ShardSummary], InputSummary]:
    """Return the summaries of all shards, in order, and the summary of the collection.

    Raises `DataError` with every problem in the collection. Call this function inside
    `cluster.connect`.
    """
    planned = shards.plan_shards(path)
    done = cluster.map_unordered(lambda: shards.summarize_shard, planned, workers=workers)
    summaries = cluster.results_in_order(progress(done, "checking input", total=len(planned)))
    return summaries, shards.merge_summaries(path, summaries)
