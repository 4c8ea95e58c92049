"""Clusters of mentions, for formats whose relations connect clusters instead of mentions.

A cluster contains all mentions in a document with the same `ref` and the same label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem


class ClusterRelation(NamedTuple):
    """A relation between two clusters; `head` and `tail` are cluster numbers, from 0."""

    head: int
    tail: int
    label: str
    attributes: dict[str, str]


def number_clusters(entities: Iterable[Entity]) -> dict[str, int]:
    """Return a dictionary from mention id to cluster number.

    Clusters are numbered from 0, in the order of their first mentions. A mention without a ref
    forms a cluster of its own.
    """
    numbers: dict[tuple[str, ...], int] = {}
    return {
        entity.id: numbers.setdefault(_cluster_key(entity), len(numbers)) for entity in entities
    }


def _cluster_key(entity: Entity) -> tuple[str, ...]:
    return (entity.id,) if entity.ref is None else (entity.ref, entity.label)


def first_mentions(entities: Iterable[Entity], cluster: Mapping[str, int]) -> dict[int, str]:
    """Return the id of the first mention of each cluster; `entities` must be in text order."""
    first: dict[int, str] = {}
    for entity in entities:
        first.setdefault(cluster[entity.id], entity.id)
    return first


def cluster_ref(
    file_ref: str | msgspec.UnsetType | None, document: str, cluster: int
) -> str | None:
    """Return the ref in the file, or `document#cluster` if the cluster has no key `ref`."""
    return f"{document}#{cluster}" if isinstance(file_ref, msgspec.UnsetType) else file_ref


def document_from_clusters(
    id_: str,
    text: str,
    groups: Sequence[Sequence[Entity]],
    relations: Iterable[ClusterRelation],
    *,
    place: str,
    notes: Notes,
) -> Document:
    """Return a document with the mentions and relations of all clusters.

    `groups` contains the mentions of each cluster. A relation between clusters becomes a relation
    between their first mentions. Empty clusters and their relations are dropped and counted in
    `notes`. Raises `DataError` if a relation refers to a cluster that does not exist.
    """
    cluster = {entity.id: number for number, group in enumerate(groups) for entity in group}
    mentions = Document(id_, text, tuple(entity for group in groups for entity in group)).entities
    first = first_mentions(mentions, cluster)
    notes.add("empty clusters left out", place, sum(not group for group in groups))
    kept = []
    problems = []
    for relation in relations:
        if not (0 <= relation.head < len(groups) and 0 <= relation.tail < len(groups)):
            fix = "Use clusters of this document as head and tail, or remove the relation"
            what = "the head or tail of the relation is not a cluster of the document"
            problems.append(Problem("dangling-relation", what, fix, id_, relation.label))
        elif relation.head in first and relation.tail in first:
            head, tail = first[relation.head], first[relation.tail]
            kept.append(
                Relation(head=head, tail=tail, label=relation.label, attributes=relation.attributes)
            )
        else:
            notes.add("relations of empty clusters left out", place)
    if problems:
        raise DataError(problems)
    return Document(id_, text, mentions, tuple(kept))
