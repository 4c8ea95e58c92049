"""Scores of two annotators, and intervals of the means of F1 over pairs of annotators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aloi.eval.agreement.coefficients import mean_interval
from aloi.eval.columns import Annotations, Floats
from aloi.eval.items import mention_items, outermost_items, relation_items
from aloi.eval.pairing import PairedAnnotations, Side, pair_annotations
from aloi.eval.score_counts import RATIOS, Counts
from aloi.eval.scores import Scores, score_items
from aloi.eval.statistics.intervals import Interval

SPANS_ONLY = "entities, spans only"
"""The scheme that ignores the labels of mentions."""


def pair_shared_documents(one: Annotations, other: Annotations) -> PairedAnnotations:
    """Return the annotations of the documents that both annotators have annotated."""
    shared = set(one.ids) & set(other.ids)
    return pair_annotations(one.select(shared), other.select(shared))


def score_pair(pair: PairedAnnotations, symmetric: frozenset[str]) -> dict[str, Scores[Counts]]:
    """Return the scores by scheme, with the first annotator of the pair as gold."""
    unlabelled = replace(pair, gold=_without_labels(pair.gold), pred=_without_labels(pair.pred))
    relations = relation_items(pair, typed=True, symmetric=symmetric)
    schemes = {
        "entities, exact": (mention_items(pair), pair.labels),
        "entities, outermost": (outermost_items(pair), pair.labels),
        SPANS_ONLY: (mention_items(unlabelled), ("span",)),
        "relations, strict": (relations, pair.relation_labels),
    }
    return {
        name: score_items(*items, documents=len(pair), labels=labels)
        for name, (items, labels) in schemes.items()
    }


def _without_labels(side: Side) -> Side:
    mentions = side.mentions
    return replace(side, mentions=replace(mentions, label=np.zeros_like(mentions.label)))


def f1_mean_intervals(
    pairs: Sequence[tuple[tuple[str, ...], dict[str, Scores[Counts]]]],
    ids: Sequence[str],
    *,
    bootstrap: int,
    seed: int,
) -> dict[str, Interval]:
    """Return the interval of the mean of micro F1 over the pairs, by scheme.

    `pairs` contains the ids of the documents of each pair, and its scores by scheme. `ids` are
    those of the documents of all pairs.
    """
    rows = {id_: row for row, id_ in enumerate(ids)}
    counts: dict[str, list[Floats]] = {}
    for own, scores in pairs:
        for scheme, each in scores.items():
            totals = np.zeros((len(ids), each.by_document.shape[2]))
            totals[[rows[id_] for id_ in own]] = each.by_document.sum(axis=1)
            counts.setdefault(scheme, []).append(totals)
    return {
        scheme: mean_interval(_f1, each, bootstrap=bootstrap, seed=seed)
        for scheme, each in counts.items()
    }


def _f1(counts: Floats) -> Floats:
    """Return F1 for (tp, fp, fn) on the last axis."""
    f1: Floats = Counts.compute_ratios(counts)[..., RATIOS.index("f1")]
    return f1
