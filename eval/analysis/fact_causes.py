"""Causes of missed facts: relations between things that no predicted relation states.

Several gold relations may state a fact. Each of these statements has the first cause in this list
that applies, and the fact has the last one of its statements, which is the nearest to success:

1. *mention not found*: no predicted mention has the span of the head or of the tail;
2. *wrong type*: both ends were predicted, but at least one end without its gold label;
3. *relation not found*: both ends were predicted, but no relation between them;
4. *wrong label*: the relation was predicted with a different label or in the opposite direction;
5. *wrong ref*: the relation was predicted, but the ref of an end is that of another thing. Unless
   refs are compared by name, the mentions of a correct relation always refer to its things, so
   that this cause needs two things with a mention at the same place.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum

from aloi.eval.analysis.causes import Cause, find_cause, labels_by_span, related_spans
from aloi.eval.facts import Fact, extract_facts
from aloi.eval.items import relation_items
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.scores import is_member


class FactCause(StrEnum):
    """The cause of a missed fact; later causes are nearer to success."""

    MENTION_NOT_FOUND = "mention not found"
    WRONG_TYPE = "wrong type"
    RELATION_NOT_FOUND = "relation not found"
    WRONG_LABEL = "wrong label"
    WRONG_REF = "wrong ref"


_ORDER = {cause: number for number, cause in enumerate(FactCause)}

_OF_RELATION = {
    Cause.BOTH_ENDS_MISSED: FactCause.MENTION_NOT_FOUND,
    Cause.HEAD_MISSED: FactCause.MENTION_NOT_FOUND,
    Cause.TAIL_MISSED: FactCause.MENTION_NOT_FOUND,
    Cause.WRONG_TYPE: FactCause.WRONG_TYPE,
    Cause.WRONG_LABEL: FactCause.WRONG_LABEL,
    Cause.NOT_PROPOSED: FactCause.RELATION_NOT_FOUND,
}


def find_fact_causes(
    pair: PairedAnnotations, *, symmetric: frozenset[str], shared_refs: bool = False
) -> dict[str, Counter[str]]:
    """Return the number of missed facts by relation label and cause.

    shared_refs: predicted refs are compared with gold's refs by name. The result is {} if gold has
    no refs: facts are then the same as relations.
    """
    causes: dict[str, Counter[str]] = defaultdict(Counter)
    for fact, cause in explain_missed_facts(
        pair, symmetric=symmetric, shared_refs=shared_refs
    ).items():
        causes[fact.label][cause] += 1
    return dict(sorted(causes.items()))


def explain_missed_facts(
    pair: PairedAnnotations, *, symmetric: frozenset[str], shared_refs: bool = False
) -> dict[Fact, FactCause]:
    """Return the cause of each missed fact."""
    if not len(pair.gold.relations) or not any(pair.gold.mentions.ref.tolist()):
        return {}
    facts = extract_facts(pair, symmetric=symmetric, shared_refs=shared_refs, with_names=False)
    found = set(facts.pred)
    statements = _statement_causes(pair, symmetric)
    causes: dict[Fact, FactCause] = {}
    for fact, cause in zip(facts.gold, statements, strict=True):
        if fact not in found:
            causes[fact] = max(cause, causes.get(fact, cause), key=_ORDER.__getitem__)
    return causes


def _statement_causes(pair: PairedAnnotations, symmetric: frozenset[str]) -> list[FactCause]:
    """Return the cause of each gold relation, as if its fact were missed."""
    types, related = labels_by_span(pair.pred), related_spans(pair.pred)
    relations, mentions = pair.gold.relations, pair.gold.mentions
    spans, labels = mentions.spans(), mentions.label.tolist()
    gold, pred = relation_items(pair, typed=True, symmetric=symmetric)
    ends = zip(relations.head.tolist(), relations.tail.tolist(), strict=True)
    return [
        FactCause.WRONG_REF
        if is_predicted
        else _OF_RELATION[
            find_cause((spans[head], spans[tail]), (labels[head], labels[tail]), types, related)
        ]
        for (head, tail), is_predicted in zip(ends, is_member(gold.key, pred.key), strict=True)
    ]
