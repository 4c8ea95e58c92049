"""Evaluation of large collections by shards, in worker processes or one shard after the other.

A worker scores the predictions for the documents of one gold shard. The worker returns counts by
document and label, but no documents. The merged counts, and therefore the ratios, intervals and
signature, are the same as in a single process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np

from aloi.corpus.document import Draft
from aloi.corpus.problems import DataError
from aloi.corpus.scale import cluster
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.scale.sharded_summary import summarize_shards
from aloi.corpus.scale.shards import (
    IdHashes,
    Shard,
    ShardSummary,
    hash_id,
    merge_summaries,
    plan_shards,
    scan_shard,
    summarize_shard,
)
from aloi.eval.columns import DIGEST_MODULUS
from aloi.eval.reading import FAST_READING_ERRORS, check_drafts
from aloi.eval.reports.report import Report, build_report
from aloi.eval.reports.scoring import SchemeScores, ScoringOptions, score_annotations
from aloi.eval.schemes import ALL_SCHEMES
from aloi.eval.scores import Scores, is_member
from aloi.eval.scoring_choices import EvaluationOptions

Item = TypeVar("Item")
Result = TypeVar("Result")


class ShardTask(NamedTuple):
    """A gold shard and the shards that contain its predictions.

    `extra` contains the hashed ids of predicted documents that are in no gold shard. Only the first
    task contains such ids, and its worker reports the extra documents.
    """

    gold: Shard
    pred: tuple[Shard, ...]
    extra: frozenset[int] = frozenset()


def evaluate_shards(
    gold: str,
    pred: str,
    options: EvaluationOptions,
    *,
    address: str | None = None,
    progress: ProgressBar = no_progress,
) -> Report:
    """Score predictions on a Ray cluster, and return a report without error analysis.

    `gold` and `pred` are paths that all workers can read. `address` is the address of the Ray
    cluster (default: start Ray on this machine). Raises `DataError` that lists the problems of all
    shards.
    """
    make = partial(make_worker, ScoringOptions.of(options), **_worker_options(options))
    with cluster.connect(address, None) as workers:
        summaries = [
            summarize_shards(path, workers=workers, progress=progress)[0] for path in (gold, pred)
        ]
        tasks = plan_tasks(*summaries)
        done = cluster.map_unordered(make, tasks, workers=workers)
        parts = cluster.results_in_order(progress(done, "scoring", total=len(tasks)))
    return build_report(merge_scores(parts), options)


def evaluate_in_parts(
    gold: str,
    pred: str,
    options: EvaluationOptions,
    *,
    progress: ProgressBar = no_progress,
) -> Report:
    """Score predictions shard by shard in this process, which bounds the memory.

    Numbers, report and options are those of `evaluate_shards`; Ray is not used. The first attempt
    reads only the ids before it scores. If it fails, all documents are checked, so that the error
    lists all problems.
    """
    try:
        return _score_parts(gold, pred, options, scan_shard, progress)
    except (DataError, *FAST_READING_ERRORS):
        return _score_parts(gold, pred, options, summarize_shard, progress)


def _score_parts(
    gold: str,
    pred: str,
    options: EvaluationOptions,
    summarize: Callable[[Shard], ShardSummary],
    progress: ProgressBar,
) -> Report:
    work = make_worker(ScoringOptions.of(options), **_worker_options(options))
    summaries = [_summarize(path, summarize, progress) for path in (gold, pred)]
    tasks = plan_tasks(*summaries)
    done = _map_here(work, tasks)
    parts = cluster.results_in_order(progress(done, "scoring", total=len(tasks)))
    return build_report(merge_scores(parts), options)


def _worker_options(options: EvaluationOptions) -> dict[str, bool]:
    return {"allow_missing": options.allow_missing, "by_document": options.bootstrap > 0}


def _summarize(
    path: str, summarize: Callable[[Shard], ShardSummary], progress: ProgressBar
) -> list[ShardSummary]:
    """Return the summaries of all shards; raise `DataError` with every problem in the input."""
    planned = plan_shards(path)
    done = _map_here(summarize, planned)
    summaries = cluster.results_in_order(progress(done, "checking input", total=len(planned)))
    merge_summaries(path, summaries)
    return summaries


def _map_here(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[int, Result | DataError]]:
    """Apply a function to items one after the other; the counterpart of `cluster.map_unordered`."""
    for number, item in enumerate(items):
        try:
            yield number, function(item)
        except DataError as error:
            yield number, error


def plan_tasks(gold: Sequence[ShardSummary], pred: Sequence[ShardSummary]) -> list[ShardTask]:
    """Return a task for each gold shard, with the shards that contain its predictions.

    A prediction shard is read once for each gold shard that contains some of the same documents. If
    the documents of gold and predictions are in the same order, each prediction shard is usually
    read once or twice.
    """
    ids, owners = _ids_and_owners(pred)
    order = np.argsort(ids)
    tasks = []
    for summary in gold:
        predicted = summary.ids[is_member(summary.ids, ids[order])]
        needed = owners[order[np.searchsorted(ids[order], predicted)]].tolist()
        tasks.append(ShardTask(summary.shard, tuple(pred[i].shard for i in sorted(set(needed)))))
    extra = ~is_member(ids, np.sort(_ids_and_owners(gold)[0]))
    extra_shards = [pred[i].shard for i in sorted(set(owners[extra].tolist()))]
    all_shards = dict.fromkeys((*tasks[0].pred, *extra_shards))
    first = ShardTask(tasks[0].gold, tuple(all_shards), frozenset(ids[extra].tolist()))
    return [first, *tasks[1:]]


def _ids_and_owners(summaries: Sequence[ShardSummary]) -> tuple[IdHashes, IdHashes]:
    """Return the hashed document ids of all shards, and the shard number of each id."""
    ids = np.concatenate([summary.ids for summary in summaries])
    return ids, np.repeat(np.arange(len(summaries)), [len(each.ids) for each in summaries])


def make_worker(
    scoring: ScoringOptions, *, allow_missing: bool, by_document: bool
) -> Callable[[ShardTask], SchemeScores]:
    """Return a function that scores one task.

    If `by_document` is false, the function sums the counts over the documents of the gold shard.
    """
    return partial(_score_task, scoring, allow_missing=allow_missing, by_document=by_document)


def _score_task(
    scoring: ScoringOptions, task: ShardTask, *, allow_missing: bool, by_document: bool
) -> SchemeScores:
    gold = check_drafts(task.gold.drafts())
    pred = check_drafts(_predictions(task, frozenset(gold.ids)))
    scores = score_annotations(gold, pred, scoring, allow_missing=allow_missing)
    reduce = _smallest_type if by_document else _sum_documents
    entities, relations = (
        {name: replace(each, by_document=reduce(each.by_document)) for name, each in side.items()}
        for side in (scores.entities, scores.relations)
    )
    ids = scores.ids if by_document else ()
    return replace(scores, ids=ids, entities=entities, relations=relations)


def _predictions(task: ShardTask, ids: frozenset[str]) -> Iterator[Draft]:
    """Yield the predicted documents with the given ids, and the extra documents of the task."""
    for shard in task.pred:
        for document in shard.drafts():
            if document.id in ids or (task.extra and hash_id(document.id) in task.extra):
                yield document


def _smallest_type(counts: Any) -> Any:  # noqa: ANN401 - an array of integers or fractions
    """Return integer counts in the smallest type that can represent every count."""
    if counts.dtype.kind == "f":
        return counts
    return counts.astype(np.min_scalar_type(counts.max(initial=0)))


def _sum_documents(counts: Any) -> Any:  # noqa: ANN401 - an array of integers or fractions
    return counts.sum(axis=0, keepdims=True)


def merge_scores(parts: Sequence[SchemeScores]) -> SchemeScores:
    """Return the scores of a collection, given the scores of its parts; sort documents by id."""
    ids = [id_ for part in parts for id_ in part.ids]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    rows = [_row_count(part) for part in parts]
    entities, relations = (
        {name: _concatenate([each.get(name) for each in sides], rows, order) for name in names}
        for sides in ([part.entities for part in parts], [part.relations for part in parts])
        for names in [[name for name in ALL_SCHEMES if any(name in each for each in sides)]]
    )
    return SchemeScores(
        sum(part.documents for part in parts),
        tuple(ids[i] for i in order),
        sum(part.gold_hash for part in parts) % DIGEST_MODULUS,
        entities,
        relations,
        frozenset[str]().union(*(part.predicted_labels for part in parts)),
    )


def _row_count(part: SchemeScores) -> int:
    """Return the number of rows of a part's counts: its documents, or 1 if they are summed."""
    scores = (*part.entities.values(), *part.relations.values())
    return max((len(each.by_document) for each in scores), default=len(part.ids))


def _concatenate(
    parts: Sequence[Scores[Any] | None], rows: Sequence[int], order: Sequence[int]
) -> Scores[Any]:
    """Return scores that contain the documents and labels of all parts.

    A part is None if its scheme does not apply, such as refs to documents without refs; its counts
    are 0. `rows` has the number of rows of each part. `order` contains the document numbers in the
    order of the result; it is empty if the counts are summed over the documents.
    """
    scored = [part for part in parts if part is not None]
    labels = sorted({label for part in scored for label in part.labels})
    column = {label: number for number, label in enumerate(labels)}
    dtype = np.result_type(*(part.by_document.dtype for part in scored))
    counts = np.zeros((sum(rows), len(labels), scored[0].by_document.shape[2]), dtype=dtype)
    end = 0
    for part, size in zip(parts, rows, strict=True):
        start, end = end, end + size
        if part is not None:
            counts[start:end, [column[label] for label in part.labels]] = part.by_document
    counts = counts[order] if order else counts
    duplicates = {side: sum(part.duplicates[side] for part in scored) for side in ("gold", "pred")}
    return Scores(scored[0].kind, tuple(labels), counts, duplicates)
