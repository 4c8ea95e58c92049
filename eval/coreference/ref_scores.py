"""Scores of refs by scheme: clusters of mentions, and names of refs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, cast

import numpy as np

from aloi.eval.columns import Ints, MentionColumns
from aloi.eval.coreference import measures
from aloi.eval.coreference.clusters import ClusterOverlap, overlap_clusters
from aloi.eval.items import Items, number_values, pack_keys
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.schemes import EntityScheme
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, score_items

ALL_CLUSTERS = "clusters"
"""The only type of the cluster schemes: the mentions of a cluster may have several labels."""


class _ClusterScheme(NamedTuple):
    """A measure, the kind of its counts, and whether singletons are included."""

    measure: measures.Measure
    counts: type[measures.ClusterCounts]
    singletons: bool = True


_FRACTIONS, _BLANC, _CONLL = (
    measures.ClusterCounts,
    measures.BlancCounts,
    measures.ConllCounts,
)

CLUSTER_SCHEMES = {
    EntityScheme.MUC: _ClusterScheme(measures.muc, _FRACTIONS),
    EntityScheme.B_CUBED: _ClusterScheme(measures.b_cubed, _FRACTIONS),
    EntityScheme.CEAF_E: _ClusterScheme(measures.ceaf_e, _FRACTIONS),
    EntityScheme.LEA: _ClusterScheme(measures.lea, _FRACTIONS),
    EntityScheme.BLANC: _ClusterScheme(measures.blanc, _BLANC),
    EntityScheme.CONLL: _ClusterScheme(measures.conll, _CONLL),
    EntityScheme.B_CUBED_NO_SINGLETONS: _ClusterScheme(measures.b_cubed, _FRACTIONS, False),
    EntityScheme.CEAF_E_NO_SINGLETONS: _ClusterScheme(measures.ceaf_e, _FRACTIONS, False),
    EntityScheme.LEA_NO_SINGLETONS: _ClusterScheme(measures.lea, _FRACTIONS, False),
    EntityScheme.BLANC_NO_SINGLETONS: _ClusterScheme(measures.blanc, _BLANC, False),
    EntityScheme.CONLL_NO_SINGLETONS: _ClusterScheme(measures.conll, _CONLL, False),
}
"""The schemes over clusters, in the order of a report."""


def score_clusters(
    pair: PairedAnnotations, schemes: Collection[str]
) -> Iterator[tuple[EntityScheme, Scores[Any]]]:
    """Yield each of the schemes over clusters with its scores."""
    overlap = overlap_clusters(pair)
    linked = overlap.without_singletons()
    for name, scheme in CLUSTER_SCHEMES.items():
        if name in schemes:
            yield name, _score(scheme, overlap if scheme.singletons else linked)


def _score(scheme: _ClusterScheme, overlap: ClusterOverlap) -> Scores[Any]:
    # most measures sum fractions of counts; `Scores` declares integers, but accepts both
    numbers = cast(Ints, scheme.measure(overlap)[:, None])
    return Scores.without_empty_types(scheme.counts, (ALL_CLUSTERS,), numbers, overlap.duplicates)


def score_ref_names(pair: PairedAnnotations) -> Scores[Counts]:
    """Return the scores of mentions with refs: span, label and the name of the ref must be equal.

    Mentions without ref are not counted, nor documents in which gold has no refs.
    """
    annotated = np.zeros(len(pair), dtype=np.bool_)
    annotated[_with_ref(pair.gold.mentions).document] = True
    sides = [_with_ref(side.mentions) for side in (pair.gold, pair.pred)]
    sides = [each.take(np.flatnonzero(annotated[each.document])) for each in sides]
    numbers = number_values([each.ref.tolist() for each in sides])
    keys = pack_keys(
        *([m.document, m.start, m.end, m.label, ref] for m, ref in zip(sides, numbers, strict=True))
    )
    gold, pred = (Items(m.document, m.label, key) for m, key in zip(sides, keys, strict=True))
    return score_items(gold, pred, documents=len(pair), labels=pair.labels)


def _with_ref(mentions: MentionColumns) -> MentionColumns:
    return mentions.take(np.flatnonzero(mentions.ref.astype(np.bool_)))
