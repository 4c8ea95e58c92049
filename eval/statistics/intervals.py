"""Document bootstrap: how far each ratio would move with other documents of the same kind.

Percentile intervals (Efron & Tibshirani 1993, ch. 13): documents are drawn with replacement,
the counts summed, the ratios taken; the interval holds the middle 95 % of the replicates.
A replicate in which a ratio is undefined drops out of that ratio's interval and is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aloi.eval.columns import Floats, Ints
from aloi.eval.counts import RATIOS
from aloi.eval.scores import Scores

LEVEL = 0.95
CELLS = 1 << 20
"""How many weights are held at once."""

EXACT = 1 << 24
"""Sums up to this are exact in single precision."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Low and high bounds, None if no replicate defined the ratio; `lost` replicates had none."""

    low: float | None
    high: float | None
    lost: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals by ratio name: for each type, for all together (micro), for the mean (macro)."""

    types: dict[str, dict[str, Interval]]
    micro: dict[str, Interval]
    macro: dict[str, Interval]


def intervals(scores: Scores[Any], *, replicates: int, seed: int) -> Intervals:
    """Draw the documents again `replicates` times and take 95 % percentile intervals.

    The same seed draws the same documents, whatever is scored.
    """
    counts = resampled(scores.by_document, replicates, seed)
    per_type = scores.kind.rates(counts)
    micro = scores.kind.rates(counts.sum(axis=1))
    width = per_type.shape[1]
    mean = np.nan_to_num(per_type).sum(axis=1) / width if width else np.full_like(micro, np.nan)
    types = {label: _named(per_type[:, i]) for i, label in enumerate(scores.labels)}
    return Intervals(types, _named(micro), _named(mean))


def resampled(by_document: Ints, replicates: int, seed: int) -> Floats:
    """The summed counts of each replicate: (replicates, types, counts)."""
    documents = len(by_document)
    flat = by_document.reshape(documents, int(np.prod(by_document.shape[1:])))
    exact = np.float32 if flat.sum() < EXACT else np.float64
    drawn = [
        weights @ flat.astype(exact) for weights in _weights(documents, replicates, seed, exact)
    ]
    summed = np.concatenate(drawn) if drawn else np.zeros((0, flat.shape[1]))
    return summed.reshape(len(summed), *by_document.shape[1:]).astype(np.float64)


def _weights(documents: int, replicates: int, seed: int, exact: type) -> Iterator[Floats]:
    """How often each replicate draws each document, some replicates at a time."""
    generator = np.random.default_rng(seed)
    most = max(CELLS // max(documents, 1), 1)
    for done in range(0, replicates, most):
        some = min(most, replicates - done)
        if not documents:
            yield np.zeros((some, 0), dtype=exact)
            continue
        draws = generator.integers(documents, size=(some, documents))
        draws += np.arange(some)[:, None] * documents
        drawn = np.bincount(draws.ravel(), minlength=some * documents)
        yield drawn.reshape(some, documents).astype(exact)


def _named(replicated: Floats) -> dict[str, Interval]:
    return {name: interval(replicated[:, i]) for i, name in enumerate(RATIOS)}


def interval(values: Floats) -> Interval:
    """The middle 95 % of the values that are not NaN, which are lost and counted."""
    defined = values[~np.isnan(values)]
    lost = len(values) - len(defined)
    if not len(defined):
        return Interval(None, None, lost)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(float(low), float(high), lost)
