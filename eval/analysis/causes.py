"""Causes of missed relations; in end-to-end prediction, the usual cause is a missed mention.

The ends of a relation are its head and tail. The cause of a missed gold relation is the first cause
in this list that applies:

1. *both ends missed*, *head missed*, *tail missed*: no predicted mention has the span of the
   missed end or ends;
2. *wrong type*: both ends were predicted, but at least one end without its gold label;
3. *wrong label*: a relation between the two ends was predicted, but with a different label or in
   the opposite direction;
4. *not proposed*: both ends were predicted, but no relation between the two ends.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from enum import StrEnum

from aloi.eval.columns import DocumentSpan
from aloi.eval.items import distinct_rows, relation_items
from aloi.eval.pairing import PairedAnnotations, Side
from aloi.eval.scores import deduplicate, is_member


class Cause(StrEnum):
    """The cause of a missed relation."""

    BOTH_ENDS_MISSED = "both ends missed"
    HEAD_MISSED = "head missed"
    TAIL_MISSED = "tail missed"
    WRONG_TYPE = "wrong type"
    WRONG_LABEL = "wrong label"
    NOT_PROPOSED = "not proposed"


def find_causes(pair: PairedAnnotations, *, symmetric: frozenset[str]) -> dict[str, Counter[str]]:
    """Return the number of missed gold relations by relation label and cause."""
    causes: dict[str, Counter[str]] = defaultdict(Counter)
    for row, cause in explain_missed(pair, symmetric=symmetric):
        causes[pair.relation_labels[pair.gold.relations.label[row]]][cause] += 1
    return dict(sorted(causes.items()))


def explain_missed(
    pair: PairedAnnotations, *, symmetric: frozenset[str]
) -> Iterator[tuple[int, Cause]]:
    """Yield the row number and the cause of each missed gold relation; duplicates are skipped."""
    if not len(pair.gold.relations):
        return
    types = labels_by_span(pair.pred)
    related = related_spans(pair.pred)
    relations, spans = pair.gold.relations, pair.gold.mentions.spans()
    gold, pred = relation_items(pair, typed=True, symmetric=symmetric)
    missed = ~is_member(gold.key, deduplicate(pred).key)
    for row in distinct_rows(gold, missed):
        head, tail = int(relations.head[row]), int(relations.tail[row])
        labels = (pair.gold.mentions.label[head], pair.gold.mentions.label[tail])
        yield row, find_cause((spans[head], spans[tail]), labels, types, related)


def find_cause(
    ends: tuple[DocumentSpan, DocumentSpan],
    labels: tuple[int, int],
    types: dict[DocumentSpan, set[int]],
    related: set[frozenset[DocumentSpan]],
) -> Cause:
    """Return the cause of a missed relation.

    ends, labels: the spans and gold labels of head and tail. types, related: see `labels_by_span`
    and `related_spans`, of the predictions.
    """
    head, tail = (end in types for end in ends)
    if not (head or tail):
        return Cause.BOTH_ENDS_MISSED
    if not (head and tail):
        return Cause.TAIL_MISSED if head else Cause.HEAD_MISSED
    if any(label not in types[end] for end, label in zip(ends, labels, strict=True)):
        return Cause.WRONG_TYPE
    return Cause.WRONG_LABEL if frozenset(ends) in related else Cause.NOT_PROPOSED


def labels_by_span(side: Side) -> dict[DocumentSpan, set[int]]:
    """Return the labels of the mentions at each span."""
    labels: dict[DocumentSpan, set[int]] = defaultdict(set)
    for span, label in zip(side.mentions.spans(), side.mentions.label.tolist(), strict=True):
        labels[span].add(label)
    return labels


def related_spans(side: Side) -> set[frozenset[DocumentSpan]]:
    """Return the pairs of spans that a relation connects; the direction is ignored."""
    spans, relations = side.mentions.spans(), side.relations
    return {
        frozenset((spans[head], spans[tail]))
        for head, tail in zip(relations.head.tolist(), relations.tail.tolist(), strict=True)
    }
