"""Agreement of two annotators on refs: which mentions mean the same thing, and what it is called.

The compared mentions are those that both annotators have marked with the same span and label, and
to which at least one of them gave a ref. Three measures are computed over all these mentions, and
over those of each label:

- `same_ref`: the share of the mentions with the same ref.
- B³ F1 (Bagga and Baldwin 1998) of the clusters of mentions with the same ref in a document. The
  names of the refs do not matter. The precision of a mention is the share of its cluster in one
  pass that is also its cluster in the other pass, recall the reverse; both are means over mentions.
  A mention without ref is a cluster of its own.
- `link_f1`: the F1 of the pairs of mentions with the same ref in a document. Unlike B³, it gives no
  credit for mentions that are alone in their cluster in both passes.

Intervals are bootstrap intervals over documents (see `aloi.eval.statistics.intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aloi.eval.columns import Bools, Floats, Ints, MentionColumns
from aloi.eval.items import mention_items, pack_keys
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.reports.sheets import Sheet, format_ratio
from aloi.eval.scoring_choices import IntervalMethod
from aloi.eval.statistics.intervals import (
    Interval,
    quantile_interval,
    resample,
    tail_probability,
)

ALL_LABELS = "all"
"""The name of the values over all labels."""

MEASURES = ("same_ref", "b_cubed_f1", "link_f1")
"""The names of the measures, in the order of the last axis of an array of measures."""


@dataclass(frozen=True, slots=True)
class RefAgreement:
    """The number of compared mentions, and the measures; an undefined measure is None.

    `intervals` contains an interval by measure if a bootstrap was requested.
    """

    mentions: int
    same_ref: float | None
    b_cubed_f1: float | None
    link_f1: float | None
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    def values(self) -> dict[str, float | None]:
        """Return the measures by name."""
        return dict(zip(MEASURES, (self.same_ref, self.b_cubed_f1, self.link_f1), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the agreement as JSON values."""
        bounds = {name: [each.low, each.high] for name, each in self.intervals.items()}
        return {"mentions": self.mentions, **self.values(), **({"ci": bounds} if bounds else {})}


def measure_ref_agreement(
    pair: PairedAnnotations, *, bootstrap: int = 0, seed: int = 0
) -> dict[str, RefAgreement]:
    """Return the agreement on refs over all mentions (key `all`) and by label.

    Labels without compared mentions are omitted. The result does not depend on which annotator is
    taken as gold. `bootstrap` is the number of replicates for intervals (0: no intervals).
    """
    gold, pred = mention_items(pair)
    _, gold_rows, pred_rows = np.intersect1d(gold.key, pred.key, return_indices=True)
    one, other = pair.gold.mentions.take(gold_rows), pair.pred.mentions.take(pred_rows)
    named = np.flatnonzero(one.ref.astype(bool) | other.ref.astype(bool))
    one, other = one.take(named), other.take(named)
    clusters, other_clusters = _clusters(one), _clusters(other)
    same = one.ref == other.ref
    selected = {ALL_LABELS: np.ones(len(one), dtype=np.bool_)}
    selected |= {label: one.label == number for number, label in enumerate(pair.labels)}
    return {
        label: _measure(
            _count(
                clusters[rows], other_clusters[rows], same[rows], (one.document[rows], len(pair))
            ),
            bootstrap,
            seed,
        )
        for label, rows in selected.items()
        if label == ALL_LABELS or rows.any()
    }


def ref_sheet(title: str, refs: Mapping[str, RefAgreement]) -> Sheet:
    """Return the agreement on refs as a table."""
    rows = tuple(
        (
            label,
            str(each.mentions),
            *(
                format_ratio(value, each.intervals.get(name))
                for name, value in each.values().items()
            ),
        )
        for label, each in refs.items()
    )
    return Sheet(title, rows, ("", "mentions", "same ref", "B³ F1", "link F1"))


def _clusters(mentions: MentionColumns) -> Ints:
    """Return the cluster number of each mention; a mention without ref has a number of its own."""
    numbers: dict[tuple[int, object], int] = {}
    keys = zip(mentions.document.tolist(), mentions.ref.tolist(), strict=True)
    return np.array(
        [
            numbers.setdefault((document, ref or row), len(numbers))
            for row, (document, ref) in enumerate(keys)
        ],
        dtype=np.int64,
    )


def _count(one: Ints, other: Ints, same: Bools, documents: tuple[Ints, int]) -> Floats:
    """Return the numbers from which `_ratios` computes the measures; shape: (documents, 6).

    `one` and `other` are the cluster numbers of both passes, and `same` says whether the refs are
    equal; shapes: (mentions,). `documents` contains the document number of each mention, and the
    number of documents.
    """
    document, size = documents
    both = pack_keys([one, other], [one[:0], other[:0]])[0]
    sizes, other_sizes, shared = (_cluster_sizes(each) for each in (one, other, both))
    columns = (
        np.ones(len(one)),
        same,
        shared / sizes,
        shared / other_sizes,
        # a cluster of n mentions has n (n - 1) / 2 pairs: half the sum of n - 1 over its mentions
        2 * (shared - 1),
        sizes + other_sizes - 2,
    )
    return np.stack([np.bincount(document, each, minlength=size) for each in columns], axis=-1)


def _ratios(numbers: Floats) -> Floats:
    """Return the measures for numbers as in `_count`; shape: (…, 6) to (…, 3)."""
    mentions, same, precision, recall, common, links = np.moveaxis(numbers, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        b_cubed = 2 * precision * recall / (precision + recall) / mentions
        return np.stack([same / mentions, b_cubed, common / links], axis=-1)


def _measure(counts: Floats, bootstrap: int, seed: int) -> RefAgreement:
    """Return the measures, given the counts of each document."""
    total = counts.sum(axis=0)
    same_ref, b_cubed_f1, link_f1 = (
        None if np.isnan(value) else float(value) for value in _ratios(total)
    )
    intervals = {}
    if bootstrap:
        tail = tail_probability(len(counts), IntervalMethod.EXPANDED)
        drawn = _ratios(resample(counts, bootstrap, seed))
        intervals = {
            name: quantile_interval(drawn[:, number], tail) for number, name in enumerate(MEASURES)
        }
    return RefAgreement(round(float(total[0])), same_ref, b_cubed_f1, link_f1, intervals)


def _cluster_sizes(clusters: Ints) -> Ints:
    """Return, for each mention, the number of mentions in its cluster."""
    _, inverse, counts = np.unique(clusters, return_inverse=True, return_counts=True)
    sizes: Ints = counts[inverse]
    return sizes
