"""Voting: the findings of several passes over a text, with the share of passes as score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from aloi.corpus.document import Entity, Relation
from aloi.models.llm.windows import Findings

MIN_SHARE = 0.5
"""The share of the passes in which a mention or relation must have been found."""

MentionKey = tuple[int, int, str]
"""The start, end and label of a mention."""

Item = TypeVar("Item", Entity, Relation)


def vote(passes: Sequence[Findings], symmetric: frozenset[str]) -> Findings:
    """Return what at least half of the passes found, each with the share of passes as score.

    The ref and the attributes of a mention or relation are those that most of its passes gave.
    """
    mentions: dict[MentionKey, list[Entity]] = {}
    relations: dict[tuple[MentionKey, MentionKey, str], list[Relation]] = {}
    for found in passes:
        keys = {entity.id: (entity.start, entity.end, entity.label) for entity in found.entities}
        for entity in found.entities:
            mentions.setdefault(keys[entity.id], []).append(entity)
        for relation in found.relations:
            head, tail = keys[relation.head], keys[relation.tail]
            if relation.label in symmetric and tail < head:
                head, tail = tail, head
            relations.setdefault((head, tail, relation.label), []).append(relation)
    needed = MIN_SHARE * len(passes)
    kept = [key for key in sorted(mentions) if len(mentions[key]) >= needed]
    ids = {key: f"e{number}" for number, key in enumerate(kept, start=1)}
    return Findings(
        tuple(_voted_entity(ids[key], mentions[key], len(passes)) for key in kept),
        tuple(
            Relation(
                head=ids[head],
                tail=ids[tail],
                label=label,
                attributes=_most_common(listed),
                score=len(listed) / len(passes),
            )
            for (head, tail, label), listed in relations.items()
            if len(listed) >= needed and head in ids and tail in ids
        ),
    )


def _voted_entity(id_: str, votes: Sequence[Entity], passes: int) -> Entity:
    first = votes[0]
    refs = Counter(entity.ref for entity in votes)
    return Entity(
        id=id_,
        start=first.start,
        end=first.end,
        label=first.label,
        ref=refs.most_common(1)[0][0],
        attributes=_most_common(votes),
        score=len(votes) / passes,
    )


def _most_common(items: Iterable[Item]) -> dict[str, str]:
    """Return the attributes that most of the items have."""
    counts = Counter(tuple(sorted(item.attributes.items())) for item in items)
    return dict(counts.most_common(1)[0][0])
