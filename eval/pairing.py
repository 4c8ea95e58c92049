"""Gold and predictions brought together: the same documents, with the same texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import is_restricted
from aloi.eval.columns import Annotations, Ints, MentionColumns, RelationColumns

SHOWN = 20


@dataclass(frozen=True)
class Side:
    """Gold, or predictions: mentions and relations, numbered as the pair numbers them."""

    mentions: MentionColumns = field(repr=False)
    relations: RelationColumns = field(repr=False)


@dataclass(frozen=True)
class Pair:
    """Gold and predictions of the same documents, their labels numbered alike.

    `restricted`: ids of the documents whose text must not be redistributed. Reports leave out the
    text of those in `withheld`: the same ones, unless the text was asked for.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...] = field(repr=False)
    metas: tuple[dict[str, object], ...] = field(repr=False)
    labels: tuple[str, ...]
    relation_labels: tuple[str, ...]
    gold: Side
    pred: Side
    restricted: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def width(self) -> int:
        """One more than the longest text: `document * width + offset` never meets another."""
        return max(map(len, self.texts), default=0) + 1


def pair(
    gold: Annotations,
    pred: Annotations,
    *,
    allow_missing: bool = False,
    restricted: Collection[str] = (),
    restricted_text: bool = False,
) -> Pair:
    """Each gold document with its prediction, in gold's order.

    Raises `DataError` naming every document that lacks its other half or whose texts differ.
    `allow_missing`: a gold document without prediction is paired with an empty one, so that all
    it holds counts as missed. `restricted`: ids of restricted documents beside those that say so
    in their metadata, gold's or the prediction's. `restricted_text`: whether reports have their
    text.
    """
    problems = [*_twice(gold.ids, "gold"), *_twice(pred.ids, "the predictions")]
    place = {id_: number for number, id_ in enumerate(gold.ids)}
    given = dict(zip(pred.ids, pred.texts, strict=True))
    problems += _text_problems(gold, given)
    if not allow_missing:
        fix = "Predict it, or pass --allow-missing to count its gold as missed"
        what = "in gold but not in the predictions"
        problems += [Problem("missing-document", what, fix, id_) for id_ in place.keys() - given]
    fix = "Predict gold's documents only"
    what = "in the predictions but not in gold"
    problems += [Problem("extra-document", what, fix, id_) for id_ in given.keys() - place]
    if problems:
        raise DataError(sorted(problems, key=lambda problem: (problem.kind, problem.document)))
    joined = _joined(gold, pred, np.array([place[id_] for id_ in pred.ids], dtype=np.int64))
    found = place.keys() & {*restricted, *_restricted(gold), *_restricted(pred)}
    withheld = frozenset() if restricted_text else frozenset(found)
    return replace(joined, restricted=frozenset(found), withheld=withheld)


def _restricted(side: Annotations) -> Iterator[str]:
    """Yield the ids of the documents whose metadata forbids redistribution."""
    return (id_ for id_, meta in zip(side.ids, side.metas, strict=True) if is_restricted(meta))


def _joined(gold: Annotations, pred: Annotations, place: Ints) -> Pair:
    """The two under one numbering; `place[i]` is the gold document of prediction i."""
    labels = sorted({*gold.labels, *pred.labels})
    relation_labels = sorted({*gold.relation_labels, *pred.relation_labels})
    numbers = [
        {label: number for number, label in enumerate(known)} for known in (labels, relation_labels)
    ]
    return Pair(
        gold.ids,
        gold.texts,
        gold.metas,
        tuple(labels),
        tuple(relation_labels),
        Side(*gold.renumbered(np.arange(len(gold.ids)), *numbers)),
        Side(*pred.renumbered(place, *numbers)),
    )


def _twice(ids: tuple[str, ...], side: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            what, fix = f"document id twice in {side}", "Give each document its own id"
            yield Problem("document-id-twice", what, fix, id_)
        seen.add(id_)


def _text_problems(gold: Annotations, given: dict[str, str]) -> Iterator[Problem]:
    for id_, text in zip(gold.ids, gold.texts, strict=True):
        other = given.get(id_)
        if other is not None and other != text:
            position = _first_difference(text, other)
            one, two = (each[position : position + SHOWN] for each in (text, other))
            what = f"texts differ from character {position}: gold has {one!r}, prediction {two!r}"
            fix = "Predict on gold's own text; offsets mean nothing on another"
            yield Problem("different-text", what, fix, id_)


def _first_difference(one: str, two: str) -> int:
    for position, (a, b) in enumerate(zip(one, two, strict=False)):
        if a != b:
            return position
    return min(len(one), len(two))
