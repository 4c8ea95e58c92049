"""Scores by slices: groups of mentions or relations that are easy or hard for a reason.

A slice puts each item into one group, gold's and predicted ones alike: by its own length, nesting,
surface and document, which are known on both sides; a right prediction is in the group of the gold
item it equals. Attributes are gold's alone, so they give recall and no false positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from aloi.corpus.segmentation import sentence_starts
from aloi.eval.columns import Annotations, Bools, Ints, MentionColumns, RelationColumns
from aloi.eval.counts import Counts
from aloi.eval.items import Both, Items, outermost, relations, spans
from aloi.eval.pairing import Pair, Side
from aloi.eval.scores import among, distinct

Groups = list[str | None]
"""The group of each row; None for a row that is in none."""

WITHHELD = "withheld"
"""The group of metadata and attributes of a restricted document that are long enough for text."""
LONG_VALUE = 25
"""Characters from which a value may be text of a document."""

METADATA = ("year", "source", "rights", "form", "theme")
SEEN = "surface in training"
LONG = 5
"""Words from which mentions are put together."""


class Slice(NamedTuple):
    """One way to divide the items, and the counts of each group, in sorted order.

    Where gold alone is divided, `recall_only`, precision and F1 mean nothing.
    """

    name: str
    groups: dict[str, Counts]
    recall_only: bool = False

    def ratios(self, group: str) -> dict[str, float | None]:
        """The ratios of a group that mean something; None for the others."""
        ratios = self.groups[group].ratios
        return {**ratios, "precision": None, "f1": None} if self.recall_only else ratios


def entity_slices(pair: Pair, *, train: Annotations | None = None) -> Iterator[Slice]:
    """Exact scores by length, nesting, metadata, attributes, and what training has seen."""
    both = spans(pair)
    sides = (pair.gold.mentions, pair.pred.mentions)
    rules: dict[str, Callable[[MentionColumns], Groups]] = {
        "length in words": lambda mentions: [_length(s) for s in _surfaces(pair, mentions)],
        "nesting": lambda mentions: _nesting(outermost(mentions, pair.width)),
        **{key: _metadata(pair, key) for key in METADATA},
    }
    if train is not None:
        rules[SEEN] = _seen(pair, train)
    for name, rule in rules.items():
        yield from _slice(name, both, rule(sides[0]), rule(sides[1]))
    yield from _attributes(both, pair)


def relation_slices(pair: Pair, *, symmetric: frozenset[str]) -> Iterator[Slice]:
    """Strict scores within a sentence and across, and by metadata."""
    both = relations(pair, typed=True, symmetric=symmetric)
    sentences = [np.array(sentence_starts(text)) for text in pair.texts]
    gold, pred = (_within(side, sentences) for side in (pair.gold, pair.pred))
    yield from _slice("sentence", both, gold, pred)
    for key in METADATA:
        rule = _metadata(pair, key)
        gold, pred = (_of_heads(rule(s.mentions), s.relations) for s in (pair.gold, pair.pred))
        yield from _slice(key, both, gold, pred)


def _slice(name: str, both: Both, gold: Groups, pred: Groups) -> Iterator[Slice]:
    """The slice, if it tells at least two groups apart."""
    found = sorted({group for group in (*gold, *pred) if group is not None})
    if len(found) < 2:
        return
    numbers = {group: number for number, group in enumerate(found)}
    counts = np.zeros((3, len(found)), dtype=np.int64)
    wanted, given = (
        distinct(_grouped(items, groups, numbers))
        for items, groups in zip(both, (gold, pred), strict=True)
    )
    hit, right = among(wanted.key, given.key), among(given.key, wanted.key)
    for row, labels in enumerate((wanted.label[hit], given.label[~right], wanted.label[~hit])):
        counts[row] = np.bincount(labels, minlength=len(found) + 1)[: len(found)]
    yield Slice(name, {group: Counts.of(counts[:, i].tolist()) for i, group in enumerate(found)})


def _grouped(items: Items, groups: Groups, numbers: dict[str, int]) -> Items:
    """The items with their group in the place of the label; those in none come last."""
    group = [len(numbers) if each is None else numbers[each] for each in groups]
    return items._replace(label=np.array(group, dtype=np.int64))


def _surfaces(pair: Pair, mentions: MentionColumns) -> Iterator[str]:
    columns = (mentions.document.tolist(), mentions.start.tolist(), mentions.end.tolist())
    for document, start, end in zip(*columns, strict=True):
        yield pair.texts[document][start:end]


def _length(surface: str) -> str:
    words = len(surface.split())
    return f"{LONG} or more" if words >= LONG else str(max(words, 1))


def _nesting(outer: Bools) -> Groups:
    return ["outermost" if each else "inside another" for each in outer.tolist()]


def _metadata(pair: Pair, key: str) -> Callable[[MentionColumns], Groups]:
    values = [
        _shown(_value(meta, key), id_ in pair.withheld and key not in _PUBLIC)
        for id_, meta in zip(pair.ids, pair.metas, strict=True)
    ]
    return lambda mentions: [values[document] for document in mentions.document.tolist()]


def _value(meta: dict[str, object], key: str) -> str | None:
    value = str(meta.get("date", ""))[:4] if key == "year" else meta.get(key)
    return None if value is None or value == "" else str(value)


_PUBLIC = ("year", "source", "rights")
"""Metadata that a release publishes for a restricted document too."""


def _shown(value: str | None, withheld: bool) -> str | None:
    """Return a value, or that it is withheld if it is long enough to be text."""
    return WITHHELD if value and withheld and len(value) >= LONG_VALUE else value


def _seen(pair: Pair, train: Annotations) -> Callable[[MentionColumns], Groups]:
    """Whether training has a mention of the same words, regardless of case, and of what type."""
    known: dict[str, set[str]] = defaultdict(set)
    columns = (train.mentions.document, train.mentions.start, train.mentions.end)
    for document, start, end, label in zip(
        *(column.tolist() for column in columns), train.mentions.label.tolist(), strict=True
    ):
        known[train.texts[document][start:end].casefold()].add(train.labels[label])

    def group(surface: str, label: str) -> str:
        labels = known.get(surface.casefold(), set())
        if label in labels:
            return "seen"
        return "seen as another type" if labels else "unseen"

    return lambda mentions: [
        group(surface, pair.labels[label])
        for surface, label in zip(_surfaces(pair, mentions), mentions.label.tolist(), strict=True)
    ]


def _attributes(both: Both, pair: Pair) -> Iterator[Slice]:
    """Recall by each attribute of gold's mentions; the predictions count for no group."""
    gold = pair.gold.mentions
    withheld = [pair.ids[number] in pair.withheld for number in gold.document.tolist()]
    names = sorted({name for attributes in gold.attributes if attributes for name in attributes})
    for name in names:
        groups: Groups = [
            _shown((attributes or {}).get(name, "without"), hidden)
            for attributes, hidden in zip(gold.attributes, withheld, strict=True)
        ]
        for found in _slice(name, both, groups, [None] * len(both[1].key)):
            yield Slice(name, found.groups, recall_only=True)


def _within(side: Side, sentences: list[Ints]) -> Groups:
    """Whether both ends of each relation begin in one sentence."""
    mentions, arcs = side.mentions, side.relations
    groups: Groups = []
    for head, tail in zip(arcs.head.tolist(), arcs.tail.tolist(), strict=True):
        starts = sentences[int(mentions.document[head])]
        ends = np.searchsorted(starts, [mentions.start[head], mentions.start[tail]], side="right")
        groups.append("within" if ends[0] == ends[1] else "across")
    return groups


def _of_heads(groups: Groups, arcs: RelationColumns) -> Groups:
    return [groups[head] for head in arcs.head.tolist()]
