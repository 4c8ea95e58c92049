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
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from aloi.eval.columns import Bools, Ints, MentionColumns
from aloi.eval.items import mention_items, pack_keys
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.reports.sheets import Sheet, format_ratio

ALL_LABELS = "all"
"""The name of the values over all labels."""


@dataclass(frozen=True, slots=True)
class RefAgreement:
    """The number of compared mentions, and the measures; an undefined measure is None."""

    mentions: int
    same_ref: float | None
    b_cubed_f1: float | None
    link_f1: float | None

    def to_json(self) -> dict[str, float | int | None]:
        """Return the agreement as JSON values."""
        return asdict(self)


def measure_ref_agreement(pair: PairedAnnotations) -> dict[str, RefAgreement]:
    """Return the agreement on refs over all mentions (key `all`) and by label.

    Labels without compared mentions are omitted. The result does not depend on which annotator is
    taken as gold.
    """
    gold, pred = mention_items(pair)
    _, gold_rows, pred_rows = np.intersect1d(gold.key, pred.key, return_indices=True)
    one, other = pair.gold.mentions.take(gold_rows), pair.pred.mentions.take(pred_rows)
    named = np.flatnonzero(one.ref.astype(bool) | other.ref.astype(bool))
    one, other = one.take(named), other.take(named)
    clusters, other_clusters = _clusters(one), _clusters(other)
    same = one.ref == other.ref
    measured = {ALL_LABELS: _measure(clusters, other_clusters, same)}
    for number, label in enumerate(pair.labels):
        rows = one.label == number
        if rows.any():
            measured[label] = _measure(clusters[rows], other_clusters[rows], same[rows])
    return measured


def ref_sheet(title: str, refs: Mapping[str, RefAgreement]) -> Sheet:
    """Return the agreement on refs as a table."""
    rows = tuple(
        (
            label,
            str(each.mentions),
            *map(format_ratio, (each.same_ref, each.b_cubed_f1, each.link_f1)),
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


def _measure(one: Ints, other: Ints, same: Bools) -> RefAgreement:
    """Return the measures for the cluster numbers of both passes.

    Shapes: (mentions,) for all arguments. `same` says whether the refs are equal.
    """
    if not len(one):
        return RefAgreement(0, None, None, None)
    both = pack_keys([one, other], [one[:0], other[:0]])[0]
    sizes, other_sizes, shared = (_cluster_sizes(each) for each in (one, other, both))
    precision, recall = float((shared / sizes).mean()), float((shared / other_sizes).mean())
    # a cluster of n mentions has n (n - 1) / 2 pairs, which is half the sum of n - 1 over them
    links, other_links, common = (int((each - 1).sum()) for each in (sizes, other_sizes, shared))
    return RefAgreement(
        len(one),
        float(same.mean()),
        2 * precision * recall / (precision + recall),
        2 * common / (links + other_links) if links + other_links else None,
    )


def _cluster_sizes(clusters: Ints) -> Ints:
    """Return, for each mention, the number of mentions in its cluster."""
    _, inverse, counts = np.unique(clusters, return_inverse=True, return_counts=True)
    sizes: Ints = counts[inverse]
    return sizes
