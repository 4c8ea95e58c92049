"""Why a relation was missed: in an end-to-end run, most misses begin with a mention.

The first of these that holds is the cause of a gold relation that was not found:

1. *both ends missed*, *head missed*, *tail missed*: no prediction on that very stretch;
2. *wrong type*: an end is there under another label only;
3. *wrong label*: the two ends are related, under other labels only;
4. *not proposed*: the two ends are not related.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from aloi.eval.items import relations
from aloi.eval.pairing import Pair, Side
from aloi.eval.scores import among, distinct

CAUSES = (
    "both ends missed",
    "head missed",
    "tail missed",
    "wrong type",
    "wrong label",
    "not proposed",
)

Stretch = tuple[int, int, int]


def causes(pair: Pair, *, symmetric: frozenset[str]) -> dict[str, Counter[str]]:
    """By relation label, how many of gold's relations were missed for each cause."""
    gold, pred = relations(pair, typed=True, symmetric=symmetric)
    missed = set(gold.key[~among(gold.key, distinct(pred).key)].tolist())
    types = _types(pair.pred)
    related = _related(pair.pred)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    arcs = pair.gold.relations
    stretches = _stretches(pair.gold)
    for row, (key, head, tail) in enumerate(
        zip(gold.key.tolist(), arcs.head.tolist(), arcs.tail.tolist(), strict=True)
    ):
        if key in missed:
            missed.remove(key)  # a duplicate is missed once
            ends = (stretches[head], stretches[tail])
            labels = (pair.gold.mentions.label[head], pair.gold.mentions.label[tail])
            cause = _cause(ends, labels, types, related)
            found[pair.relation_labels[arcs.label[row]]][cause] += 1
    return dict(sorted(found.items()))


def _cause(
    ends: tuple[Stretch, Stretch],
    labels: tuple[int, int],
    types: dict[Stretch, set[int]],
    related: set[frozenset[Stretch]],
) -> str:
    there = [end in types for end in ends]
    if not all(there):
        return CAUSES[0] if not any(there) else CAUSES[1] if not there[0] else CAUSES[2]
    if any(label not in types[end] for end, label in zip(ends, labels, strict=True)):
        return CAUSES[3]
    return CAUSES[4] if frozenset(ends) in related else CAUSES[5]


def _types(side: Side) -> dict[Stretch, set[int]]:
    types: dict[Stretch, set[int]] = defaultdict(set)
    for stretch, label in zip(_stretches(side), side.mentions.label.tolist(), strict=True):
        types[stretch].add(label)
    return types


def _related(side: Side) -> set[frozenset[Stretch]]:
    """The pairs of stretches that some relation joins, either way."""
    stretches, arcs = _stretches(side), side.relations
    return {
        frozenset((stretches[head], stretches[tail]))
        for head, tail in zip(arcs.head.tolist(), arcs.tail.tolist(), strict=True)
    }


def _stretches(side: Side) -> list[Stretch]:
    m = side.mentions
    return list(zip(m.document.tolist(), m.start.tolist(), m.end.tolist(), strict=True))
