"""Scores of predictions too many for one process: counted shard by shard, then put together.

What a shard of gold counts with the predictions of its documents is a few small integers a
document and label; they travel, documents do not. Put together in gold's order they are the very
numbers that one process counts, so ratios, intervals and signature are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from aloi.corpus.document import Document
from aloi.corpus.scale.shards import IdHashes, Shard, ShardSummary, hash_id
from aloi.eval.columns import TOTALS, Annotations
from aloi.eval.reports.report import Counted, Scope, count
from aloi.eval.scores import Scores


class Task(NamedTuple):
    """A shard of gold, and the shards that have its predictions.

    `extra` are hashes of ids that no shard of gold has; one task tells of them all.
    """

    gold: Shard
    pred: tuple[Shard, ...]
    extra: frozenset[int] = frozenset()


def tasks(gold: Sequence[ShardSummary], pred: Sequence[ShardSummary]) -> list[Task]:
    """Which shards are counted together, going by the ids in them.

    Each shard of predictions is read for every shard of gold that shares a document with it: once
    or twice where both have one order, as predictions have.
    """
    ids, owner = _owned(pred)
    order = np.argsort(ids)
    extra = ~_among(ids, np.sort(_owned(gold)[0]))
    found = []
    for look in gold:
        there = look.ids[_among(look.ids, ids[order])]
        needed = owner[order[np.searchsorted(ids[order], there)]].tolist()
        found.append(Task(look.shard, tuple(pred[i].shard for i in sorted(set(needed)))))
    made_up = sorted(set(owner[extra].tolist()))
    more = dict.fromkeys((*found[0].pred, *(pred[i].shard for i in made_up)))
    return [Task(found[0].gold, tuple(more), frozenset(ids[extra].tolist())), *found[1:]]


def _owned(looks: Sequence[ShardSummary]) -> tuple[IdHashes, IdHashes]:
    """The ids of all shards, and the number of the shard that each is in."""
    ids = np.concatenate([look.ids for look in looks])
    return ids, np.repeat(np.arange(len(looks)), [len(look.ids) for look in looks])


def _among(ids: IdHashes, known: IdHashes) -> Any:  # noqa: ANN401 - an array of truth values
    place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return known[place] == ids if len(known) else np.zeros(len(ids), dtype=np.bool_)


def counter(scope: Scope, *, allow_missing: bool, by_document: bool) -> Callable[[Task], Counted]:
    """What a worker does with each task; without `by_document`, the counts of its sum alone."""
    return partial(_count, scope, allow_missing=allow_missing, by_document=by_document)


def _count(scope: Scope, task: Task, *, allow_missing: bool, by_document: bool) -> Counted:
    gold = Annotations.of(task.gold.documents())
    wanted = frozenset(gold.ids)
    pred = Annotations.of(_predictions(task, wanted))
    found = count(gold, pred, scope, allow_missing=allow_missing)
    lighten = _small if by_document else _summed
    entities, relations = (
        {name: replace(scores, by_document=lighten(scores.by_document)) for name, scores in side}
        for side in (found.entities.items(), found.relations.items())
    )
    return replace(found, entities=entities, relations=relations)


def _predictions(task: Task, wanted: frozenset[str]) -> Iterator[Document]:
    for shard in task.pred:
        for document in shard.documents():
            if document.id in wanted or (task.extra and hash_id(document.id) in task.extra):
                yield document


def _small(counts: Any) -> Any:  # noqa: ANN401 - an array of some integer type
    """The counts in as few bytes as they need."""
    return counts.astype(np.min_scalar_type(counts.max(initial=0)))


def _summed(counts: Any) -> Any:  # noqa: ANN401 - as above
    return counts.sum(axis=0, keepdims=True)


def together(parts: Sequence[Counted]) -> Counted:
    """What the parts of a comparison count together, in their order."""
    entities, relations = (
        {name: _joined([getattr(part, side)[name] for part in parts]) for name in names}
        for side, names in (("entities", parts[0].entities), ("relations", parts[0].relations))
    )
    return Counted(
        sum(part.documents for part in parts),
        sum(part.gold for part in parts) % TOTALS,
        entities,
        relations,
        frozenset[str]().union(*(part.predicted for part in parts)),
    )


def _joined(parts: Sequence[Scores[Any]]) -> Scores[Any]:
    """Scores of some documents after those of others, under all their labels."""
    labels = sorted({label for part in parts for label in part.labels})
    place = {label: number for number, label in enumerate(labels)}
    shape = (sum(len(part.by_document) for part in parts), len(labels))
    kinds = [part.by_document.dtype for part in parts]
    counts = np.zeros((*shape, parts[0].by_document.shape[2]), dtype=np.result_type(*kinds))
    end = 0
    for part in parts:
        start, end = end, end + len(part.by_document)
        counts[start:end, [place[label] for label in part.labels]] = part.by_document
    twice = {side: sum(part.duplicates[side] for part in parts) for side in ("gold", "pred")}
    return Scores(parts[0].kind, tuple(labels), counts, twice)
