"""Gold relations of training examples, matched to the mentions of the predicted docs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from spacy.tokens import Span
from spacy.training import Example

from aloi.corpus.formats.shared.spacy_docs import get_relations, mentions
from aloi.models.examples import is_silver
from aloi.models.relations.candidates import token_distances
from aloi.models.relations.doc_arrays import MentionArrays
from aloi.models.relations.label_inventory import Inventory


class GoldRelation(NamedTuple):
    """A gold relation between two clusters of mentions.

    head, tail: the clusters, as in `MentionArrays`. column: the index of the relation label.
    probability: 1, or the score of the relation in a silver example.
    """

    head: int
    tail: int
    column: int
    probability: float = 1.0


def gold_relations(
    example: Example, spans: list[Span], arrays: MentionArrays, inventory: Inventory
) -> list[GoldRelation]:
    """Return the relations of the reference doc, with their mentions matched to `spans`.

    A gold mention matches the span with the same offsets, label and id. Without such a span, the
    first span with the same offsets and label matches. Relations with unmatched mentions or unknown
    labels are dropped. The head of a symmetric relation is the mention that comes first in the
    text. arrays: the arrays of `spans`.
    """
    column = {label: number for number, label in enumerate(inventory.labels)}
    row_by_key = {_key(span): row for row, span in enumerate(spans)}
    row_by_place = {_key(span)[:3]: row for row, span in reversed(list(enumerate(spans)))}
    rank, silver = arrays.rank, is_silver(example)
    relations = []
    for head, tail, label, score, _ in get_relations(example.reference):
        keys = [_key(head), _key(tail)]
        rows = [row_by_key.get(key, row_by_place.get(key[:3], -1)) for key in keys]
        if label in column and min(rows) >= 0:
            clusters = arrays.cluster[rows].tolist()
            if label in inventory.symmetric:
                clusters.sort(key=rank.__getitem__)
            probability = score if silver and score is not None else 1.0
            relation = GoldRelation(clusters[0], clusters[1], column[label], probability)
            relations.append(relation)
    return relations


def cluster_distance(arrays: MentionArrays, head: int, tail: int) -> int:
    """Return the number of tokens between the nearest mentions of two clusters."""
    sides = (np.flatnonzero(arrays.cluster == cluster) for cluster in (head, tail))
    return int(token_distances(arrays, *np.ix_(*sides)).min())


def joins_clusters(examples: Iterable[Example]) -> bool:
    """Return whether the gold relations hold between clusters rather than between mentions.

    This is assumed if two conditions are met: some cluster has several mentions, and every relation
    is between the first mentions of clusters.
    """
    several = False
    for example in examples:
        spans = mentions(example.reference)
        arrays = MentionArrays.from_spans(spans, by_ref=True)
        first = {_key(spans[row]) for row in arrays.cluster.tolist()}
        several |= len(first) < len(spans)
        relations = get_relations(example.reference)
        ends = (_key(end) for relation in relations for end in relation[:2])
        if not first.issuperset(ends):
            return False
    return several


def _key(span: Span) -> tuple[int, int, str, str]:
    return span.start, span.end, span.label_, span.id_
