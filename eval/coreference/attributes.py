"""Scores of the attributes of mentions and relations; a type is an attribute with its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aloi.eval.columns import Ints, MentionColumns, RelationColumns
from aloi.eval.items import Items, mention_items, number_values, pack_keys, relation_items
from aloi.eval.pairing import PairedAnnotations
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, score_items

RESTRICTED_VALUE = "(restricted)"
"""The type of the attributes of restricted documents: their values may quote the text."""


class _Values(NamedTuple):
    """The values of one side: the row of the item, and the attribute as `name=value`."""

    rows: Ints
    values: list[str]


def has_attributes(table: MentionColumns | RelationColumns) -> bool:
    """Return whether any mention or relation has an attribute."""
    return any(table.attributes.tolist())


def score_attributes(pair: PairedAnnotations) -> Scores[Counts]:
    """Return the scores of the attributes of mentions.

    Span and label of the mention, attribute and value must be equal. The attributes of restricted
    documents have the type `RESTRICTED_VALUE`.
    """
    values = [_values(side.mentions, frozenset()) for side in (pair.gold, pair.pred)]
    return _score(pair, mention_items(pair), values)


def score_relation_attributes(
    pair: PairedAnnotations, *, symmetric: frozenset[str], defaults: frozenset[str]
) -> Scores[Counts]:
    """Return the scores of the attributes of relations.

    The relation must be equal as under the scheme `strict`, and attribute and value too. Values in
    `defaults`, such as `assertion=asserted`, are not counted. Restricted documents: see
    `score_attributes`.
    """
    values = [_values(side.relations, defaults) for side in (pair.gold, pair.pred)]
    return _score(pair, relation_items(pair, typed=True, symmetric=symmetric), values)


def _values(table: MentionColumns | RelationColumns, defaults: frozenset[str]) -> _Values:
    found = [
        (row, value)
        for row, attributes in enumerate(table.attributes.tolist())
        for value in (f"{name}={value}" for name, value in (attributes or {}).items())
        if value not in defaults
    ]
    return _Values(np.array([row for row, _ in found], dtype=np.int64), [each for _, each in found])


def _score(
    pair: PairedAnnotations, owners: Sequence[Items], values: Sequence[_Values]
) -> Scores[Counts]:
    """Return the scores of values; `owners` are the mentions or relations of both sides."""
    restricted = np.array([id_ in pair.restricted for id_ in pair.ids], dtype=np.bool_)
    numbers = number_values([side.values for side in values])
    columns = [
        [items.key[side.rows], number]
        for items, side, number in zip(owners, values, numbers, strict=True)
    ]
    documents = [items.document[side.rows] for items, side in zip(owners, values, strict=True)]
    types = [
        np.where(restricted[document], RESTRICTED_VALUE, np.array(side.values, dtype=np.object_))
        for document, side in zip(documents, values, strict=True)
    ]
    labels = tuple(sorted({*types[0].tolist(), *types[1].tolist()}))
    gold, pred = (
        Items(document, _positions(type_.tolist(), labels), key)
        for document, type_, key in zip(documents, types, pack_keys(*columns), strict=True)
    )
    return score_items(gold, pred, documents=len(pair), labels=labels)


def _positions(values: list[str], labels: tuple[str, ...]) -> Ints:
    """Return the position of each value in `labels`."""
    numbers = {label: number for number, label in enumerate(labels)}
    return np.array([numbers[value] for value in values], dtype=np.int64)
