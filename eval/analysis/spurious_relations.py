"""Causes of spurious relations: predicted relations that gold does not contain.

The ends of a relation are its head and tail. The cause of a spurious relation is the first cause in
this list that applies:

1. *both ends spurious*, *head spurious*, *tail spurious*: no gold mention has the span of the
   end or ends;
2. *wrong type*: gold contains this relation between the two spans, but at least one end has a
   different label in gold;
3. *reversed*: gold contains the relation with the same label in the opposite direction;
4. *wrong label*: gold contains a relation between the two spans, with a different label;
5. *other mentions*: gold contains this relation between other mentions of the same two entities
   (gold mentions with one `ref` are mentions of one entity);
6. *unrelated*: gold contains no relation between the two ends.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from aloi.eval.columns import DocumentSpan
from aloi.eval.items import distinct_rows, relation_items
from aloi.eval.pairing import PairedAnnotations, Side
from aloi.eval.scores import deduplicate, is_member

Arc = tuple[DocumentSpan, DocumentSpan, int]
"""The span of the head, the span of the tail, and the label number of a relation."""

EntityArc = tuple[int, str, str, int]
"""Document number, ref of the head, ref of the tail, and label number of a relation."""


class SpuriousCause(StrEnum):
    """The cause of a spurious relation."""

    BOTH_ENDS_SPURIOUS = "both ends spurious"
    HEAD_SPURIOUS = "head spurious"
    TAIL_SPURIOUS = "tail spurious"
    WRONG_TYPE = "wrong type"
    REVERSED = "reversed"
    WRONG_LABEL = "wrong label"
    OTHER_MENTIONS = "other mentions"
    UNRELATED = "unrelated"


class GoldRelations(NamedTuple):
    """Gold as sets in which a predicted relation is looked up.

    `refs` contains the refs of the gold mentions of each span. `related` contains the pairs of
    spans that a relation connects in either direction.
    """

    refs: dict[DocumentSpan, set[str]]
    arcs: set[Arc]
    related: set[frozenset[DocumentSpan]]
    entity_arcs: set[EntityArc]

    @classmethod
    def of(cls, gold: Side, undirected: frozenset[int]) -> GoldRelations:
        """Return the sets of gold; relations with a label in `undirected` count both ways."""
        refs: dict[DocumentSpan, set[str]] = defaultdict(set)
        for span, ref in zip(gold.mentions.spans(), gold.mentions.ref.tolist(), strict=True):
            refs[span].update([ref] if ref else [])
        arcs = set(_arcs(gold))
        arcs |= {(tail, head, label) for head, tail, label in arcs if label in undirected}
        entity_arcs = {each for arc in arcs for each in _entity_arcs(arc, refs)}
        return cls(dict(refs), arcs, {frozenset(arc[:2]) for arc in arcs}, entity_arcs)

    def cause(self, arc: Arc) -> SpuriousCause:
        """Return the cause of a spurious relation."""
        head, tail, label = arc
        if head not in self.refs or tail not in self.refs:
            return _spurious_end(head_in_gold=head in self.refs, tail_in_gold=tail in self.refs)
        if arc in self.arcs:
            return SpuriousCause.WRONG_TYPE
        if (tail, head, label) in self.arcs:
            return SpuriousCause.REVERSED
        if frozenset((head, tail)) in self.related:
            return SpuriousCause.WRONG_LABEL
        if not self.entity_arcs.isdisjoint(_entity_arcs(arc, self.refs)):
            return SpuriousCause.OTHER_MENTIONS
        return SpuriousCause.UNRELATED


def _spurious_end(*, head_in_gold: bool, tail_in_gold: bool) -> SpuriousCause:
    if head_in_gold or tail_in_gold:
        return SpuriousCause.TAIL_SPURIOUS if head_in_gold else SpuriousCause.HEAD_SPURIOUS
    return SpuriousCause.BOTH_ENDS_SPURIOUS


def explain_spurious(
    pair: PairedAnnotations, *, symmetric: frozenset[str]
) -> dict[int, SpuriousCause]:
    """Return the cause of each spurious relation by its row number; duplicates are skipped."""
    undirected = frozenset(n for n, each in enumerate(pair.relation_labels) if each in symmetric)
    gold = GoldRelations.of(pair.gold, undirected)
    items, pred = relation_items(pair, typed=True, symmetric=symmetric)
    spurious = ~is_member(pred.key, deduplicate(items).key)
    arcs = _arcs(pair.pred)
    return {row: gold.cause(arcs[row]) for row in distinct_rows(pred, spurious)}


def count_spurious(
    pair: PairedAnnotations, explained: Mapping[int, SpuriousCause]
) -> dict[str, Counter[str]]:
    """Return the number of spurious relations by relation label and cause.

    `explained` contains the cause of each spurious relation by its row number.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row, cause in explained.items():
        counts[pair.relation_labels[pair.pred.relations.label[row]]][cause] += 1
    return dict(sorted(counts.items()))


def _arcs(side: Side) -> list[Arc]:
    spans, relations = side.mentions.spans(), side.relations
    columns = (relations.head.tolist(), relations.tail.tolist(), relations.label.tolist())
    return [(spans[head], spans[tail], label) for head, tail, label in zip(*columns, strict=True)]


def _entity_arcs(arc: Arc, refs: dict[DocumentSpan, set[str]]) -> Iterator[EntityArc]:
    """Yield the relation between the entities of its two ends."""
    head, tail, label = arc
    for one in refs[head]:
        for other in refs[tail]:
            yield head[0], one, other, label
