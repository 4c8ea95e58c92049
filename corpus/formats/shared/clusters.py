"""Clusters for the formats whose relations hold between them: the mentions of one ref and label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem


class Arc(NamedTuple):
    """A relation between two clusters, given by their positions."""

    head: int
    tail: int
    label: str
    attributes: dict[str, str]


def clusters(entities: Iterable[Entity]) -> dict[str, int]:
    """The cluster of each mention, by id, numbered from 0 in the order of their first mentions.

    Mentions with one ref and one label are a cluster; a mention without ref is one by itself.
    """
    numbers: dict[tuple[str, ...], int] = {}
    return {entity.id: numbers.setdefault(_key(entity), len(numbers)) for entity in entities}


def _key(entity: Entity) -> tuple[str, ...]:
    return (entity.id,) if entity.ref is None else (entity.ref, entity.label)


def first_mentions(entities: Iterable[Entity], cluster: Mapping[str, int]) -> dict[int, str]:
    """The id of each cluster's first mention; the mentions come in text order."""
    first: dict[int, str] = {}
    for entity in entities:
        first.setdefault(cluster[entity.id], entity.id)
    return first


def ref_of(given: str | msgspec.UnsetType | None, document: str, cluster: int) -> str | None:
    """The ref a file gives, which may be none, else one of document and cluster."""
    return f"{document}#{cluster}" if isinstance(given, msgspec.UnsetType) else given


def joined(
    id_: str,
    text: str,
    found: Sequence[Sequence[Entity]],
    arcs: Iterable[Arc],
    *,
    place: str,
    notes: Notes,
) -> Document:
    """A document of clusters, each arc a relation between their first mentions in the text.

    Clusters without mentions are left out with their arcs, and noted. Raises `DataError` for arcs
    to clusters that do not exist.
    """
    cluster = {entity.id: number for number, group in enumerate(found) for entity in group}
    bare = Document(id_, text, tuple(entity for group in found for entity in group))
    first = first_mentions(bare.entities, cluster)
    notes.add("clusters without mentions left out", place, sum(not group for group in found))
    relations = []
    problems = []
    for arc in arcs:
        if not (0 <= arc.head < len(found) and 0 <= arc.tail < len(found)):
            fix = "Point it at clusters of this document, or remove it"
            what = "a cluster that the relation names does not exist"
            problems.append(Problem("dangling-relation", what, fix, id_, arc.label))
        elif arc.head in first and arc.tail in first:
            ends = first[arc.head], first[arc.tail]
            relations.append(Relation(*ends, arc.label, attributes=arc.attributes))
        else:
            notes.add("relations of clusters without mentions left out", place)
    if problems:
        raise DataError(problems)
    return Document(id_, text, bare.entities, tuple(relations))
