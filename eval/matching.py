"""What counts as the same item: the keys of entities and relations, scheme by scheme."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from aloi.corpus.document import Document, Entity, outermost


class Item(NamedTuple):
    """One thing to be right or wrong about: its type, and all that must agree."""

    label: str
    key: Hashable


Scheme = Callable[[Document], Iterator[Item]]


def exact(document: Document) -> Iterator[Item]:
    """Every mention: the same start, end and label."""
    return _spans(document.entities)


def outermost_only(document: Document) -> Iterator[Item]:
    """The mentions that no other contains, compared as in `exact`."""
    return _spans(outermost(document.entities))


def _spans(entities: tuple[Entity, ...]) -> Iterator[Item]:
    return (Item(e.label, (e.start, e.end)) for e in entities)


def relations(*, typed: bool, symmetric: frozenset[str]) -> Scheme:
    """Every relation: the same label between the same stretches of text.

    `typed`: the labels of both ends must agree as well. A relation whose label is in `symmetric`
    is the same whichever way it is written.
    """

    def items(document: Document) -> Iterator[Item]:
        entities = document.by_id()
        for relation in document.relations:
            ends = [_end(entities[id_], typed=typed) for id_ in (relation.head, relation.tail)]
            if relation.label in symmetric:
                ends.sort()
            yield Item(relation.label, tuple(ends))

    return items


def _end(entity: Entity, *, typed: bool) -> tuple[int, int, str]:
    return entity.start, entity.end, entity.label if typed else ""


ENTITY_SCHEMES: dict[str, Scheme] = {"exact": exact, "outermost": outermost_only}


def relation_schemes(symmetric: frozenset[str]) -> dict[str, Scheme]:
    """The schemes for relations by name."""
    return {
        "strict": relations(typed=True, symmetric=symmetric),
        "boundaries": relations(typed=False, symmetric=symmetric),
    }
