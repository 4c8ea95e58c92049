"""The entity of each gold mention, and the gold entity that each predicted mention refers to.

The mentions of a document with the same `ref` are one entity. A mention without `ref` is a separate
entity. The refs of gold and predictions are independent names: the same ref on both sides does not
mean the same entity. Predicted mentions are therefore mapped to gold entities by their spans:

1. Each predicted ref corresponds to at most one gold entity: pairs of a predicted ref and a gold
   entity are chosen by descending overlap, which is the number of mentions in common divided by the
   number of mentions in the union. Mentions are compared by span and label, then by span alone.
2. A predicted mention on the span of a gold mention refers to the entity of that gold mention. If
   several gold entities have a mention there, the entity that corresponds to the predicted ref is
   preferred, then an entity with the same label.
3. A predicted mention on any other span refers to the gold entity that corresponds to its ref. If
   there is none, the mention refers to no gold entity.

If gold and predictions use one authority (`shared_refs`), such as Wikidata, a predicted ref is
compared with gold's refs by name. Predicted mentions without ref are mapped as above.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from aloi.eval.columns import DocumentSpan, MentionColumns
from aloi.eval.pairing import PairedAnnotations

EntityKey = str | DocumentSpan | tuple[str, str]
"""The key of an entity in its document.

A gold entity has its ref or, without a ref, the span of its only mention. A predicted entity that
corresponds to no gold entity has `UNMATCHED` and its ref, or the span of its mention.
"""

UNMATCHED = "unmatched"

PredictedRef = tuple[int, str]
"""Document number and ref of a predicted entity."""

GoldEntity = tuple[int, EntityKey]
"""Document number and key of a gold entity."""


class _Mention(NamedTuple):
    """A mention and the key of its entity: a ref or, without ref, a span."""

    span: DocumentSpan
    label: int
    key: EntityKey
    ref: str | None


def entity_keys(mentions: MentionColumns) -> list[EntityKey]:
    """Return the key of each mention's entity: its ref or, without ref, its span."""
    return [mention.key for mention in _mentions(mentions)]


def map_to_gold(pair: PairedAnnotations, *, shared_refs: bool = False) -> list[EntityKey]:
    """Return the key of the gold entity that each predicted mention refers to.

    A predicted mention that refers to no gold entity gets a key that no gold entity has.
    """
    gold, pred = (list(_mentions(side.mentions)) for side in (pair.gold, pair.pred))
    at_span: dict[DocumentSpan, list[_Mention]] = defaultdict(list)
    for mention in gold:
        at_span[mention.span].append(mention)
    matches = {} if shared_refs else _match_refs(gold, pred, at_span)
    return [_gold_key(mention, at_span, matches, shared_refs=shared_refs) for mention in pred]


def _mentions(mentions: MentionColumns) -> Iterator[_Mention]:
    columns = (mentions.spans(), mentions.label.tolist(), mentions.ref)
    for span, label, ref in zip(*columns, strict=True):
        yield _Mention(span, label, ref or span, ref or None)


def _gold_key(
    mention: _Mention,
    at_span: dict[DocumentSpan, list[_Mention]],
    matches: dict[PredictedRef, EntityKey],
    *,
    shared_refs: bool,
) -> EntityKey:
    if shared_refs and mention.ref is not None:
        return mention.ref
    match = None if mention.ref is None else matches.get((mention.span[0], mention.ref))
    candidates = at_span.get(mention.span, [])
    if candidates:
        return max(candidates, key=lambda g: (g.key == match, g.label == mention.label)).key
    if match is not None:
        return match
    return mention.span if mention.ref is None else (UNMATCHED, mention.ref)


def _match_refs(
    gold: list[_Mention], pred: list[_Mention], at_span: dict[DocumentSpan, list[_Mention]]
) -> dict[PredictedRef, EntityKey]:
    """Return the gold entity that corresponds to each predicted ref."""
    gold_mentions: dict[GoldEntity, set[tuple[DocumentSpan, int]]] = defaultdict(set)
    pred_mentions: dict[PredictedRef, set[tuple[DocumentSpan, int]]] = defaultdict(set)
    for mention in gold:
        gold_mentions[mention.span[0], mention.key].add((mention.span, mention.label))
    for mention in pred:
        if mention.ref is not None:
            pred_mentions[mention.span[0], mention.ref].add((mention.span, mention.label))
    pairs = {
        ((mention.span[0], mention.ref), other.key)
        for mention in pred
        if mention.ref is not None
        for other in at_span.get(mention.span, [])
    }
    ranked = sorted(
        pairs,
        key=lambda each: (
            *_overlap_rank(pred_mentions[each[0]], gold_mentions[each[0][0], each[1]]),
            each[0],
            str(each[1]),
        ),
    )
    matches: dict[PredictedRef, EntityKey] = {}
    used: set[GoldEntity] = set()
    for pred_ref, key in ranked:
        if pred_ref not in matches and (pred_ref[0], key) not in used:
            matches[pred_ref] = key
            used.add((pred_ref[0], key))
    return matches


def _overlap_rank(
    pred: set[tuple[DocumentSpan, int]], gold: set[tuple[DocumentSpan, int]]
) -> tuple[float, float]:
    """Return the negative overlap of two entities, with labels and without."""
    pred_spans, gold_spans = ({span for span, _ in side} for side in (pred, gold))
    return (
        -len(pred & gold) / len(pred | gold),
        -len(pred_spans & gold_spans) / len(pred_spans | gold_spans),
    )
