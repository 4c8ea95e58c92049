"""Scores by slice: groups of mentions or relations with a property in common.

A slice assigns each gold or predicted item to one group by its length, nesting, surface or
document. A correct prediction counts in the group of the matching gold item. Slices by attribute
use the attributes of gold mentions only, so they have recall but no precision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from aloi.corpus.segmentation import sentence_starts
from aloi.eval.columns import Annotations, Bools, Ints, MentionColumns, RelationColumns
from aloi.eval.items import ItemPair, Items, is_outermost, mention_items, relation_items
from aloi.eval.pairing import PairedAnnotations, Side
from aloi.eval.score_counts import Counts
from aloi.eval.scores import deduplicate, is_member

Groups = list[str | None]
"""The group of each row; None for a row without a group."""

GroupRule = Callable[[MentionColumns], Groups]
"""Assigns mentions to groups."""

WITHHELD = "withheld"
"""The group name that replaces long values of a restricted document."""

MIN_WITHHELD_LENGTH = 25
"""The length in code points from which a value of a restricted document is withheld."""

METADATA_KEYS = ("year", "source", "rights", "form", "theme")
"""The metadata by which items are sliced."""

PUBLIC_METADATA = ("year", "source", "rights")
"""Metadata that a release also publishes for restricted documents."""

SEEN_SLICE = "surface in training"
"""The name of the slice by whether the training documents contain the surface of a mention."""

UNSEEN = "unseen"
"""The group of mentions with a surface that is not in the training documents."""

LONGEST_LENGTH = 5
"""Mentions of this many words or more form one group."""


class Slice(NamedTuple):
    """A grouping of the items, and the counts of each group, sorted by group name.

    If `recall_only` is true, the groups contain gold items only, so precision and F1 are undefined.
    """

    name: str
    groups: dict[str, Counts]
    recall_only: bool = False

    def ratios(self, group: str) -> dict[str, float | None]:
        """Return the ratios of a group; an undefined ratio is None."""
        ratios = self.groups[group].ratios
        return {**ratios, "precision": None, "f1": None} if self.recall_only else ratios


def entity_slices(pair: PairedAnnotations, *, train: Annotations | None = None) -> Iterator[Slice]:
    """Yield slices by length, nesting, metadata, surface in training, and attributes."""
    items = mention_items(pair)
    rules: dict[str, GroupRule] = {
        "length in words": lambda mentions: [_length(s) for s in _surfaces(pair, mentions)],
        "nesting": lambda mentions: _nesting(is_outermost(mentions, pair.width)),
        **{key: _metadata_rule(pair, key) for key in METADATA_KEYS},
    }
    if train is not None:
        rules[SEEN_SLICE] = _seen_rule(pair, train)
    for name, rule in rules.items():
        yield from _slice(name, items, rule(pair.gold.mentions), rule(pair.pred.mentions))
    yield from _attribute_slices(items, pair)


def relation_slices(pair: PairedAnnotations, *, symmetric: frozenset[str]) -> Iterator[Slice]:
    """Yield a slice of relations within and across sentences, and slices by metadata."""
    items = relation_items(pair, typed=True, symmetric=symmetric)
    sentences = [np.array(sentence_starts(text)) for text in pair.texts]
    gold, pred = (_sentence_groups(side, sentences) for side in (pair.gold, pair.pred))
    yield from _slice("sentence", items, gold, pred)
    for key in METADATA_KEYS:
        rule = _metadata_rule(pair, key)
        gold, pred = (
            _groups_of_heads(rule(side.mentions), side.relations) for side in (pair.gold, pair.pred)
        )
        yield from _slice(key, items, gold, pred)


def _slice(name: str, items: ItemPair, gold: Groups, pred: Groups) -> Iterator[Slice]:
    """Yield the slice if it has at least two groups."""
    names = sorted({group for group in (*gold, *pred) if group is not None})
    if len(names) < 2:
        return
    numbers = {group: number for number, group in enumerate(names)}
    gold_items, pred_items = (
        deduplicate(_with_groups(side, groups, numbers))
        for side, groups in zip(items, (gold, pred), strict=True)
    )
    found = is_member(gold_items.key, pred_items.key)
    correct = is_member(pred_items.key, gold_items.key)
    counts = np.zeros((3, len(names)), dtype=np.int64)
    for row, groups in enumerate(
        (gold_items.label[found], pred_items.label[~correct], gold_items.label[~found])
    ):
        counts[row] = np.bincount(groups, minlength=len(names) + 1)[: len(names)]
    yield Slice(name, {group: Counts.of(counts[:, i].tolist()) for i, group in enumerate(names)})


def _with_groups(items: Items, groups: Groups, numbers: dict[str, int]) -> Items:
    """Return the items with group numbers as labels; `len(numbers)` means no group."""
    group = [len(numbers) if each is None else numbers[each] for each in groups]
    return items._replace(label=np.array(group, dtype=np.int64))


def _surfaces(pair: PairedAnnotations, mentions: MentionColumns) -> Iterator[str]:
    return (pair.texts[document][start:end] for document, start, end in mentions.spans())


def _length(surface: str) -> str:
    words = len(surface.split())
    return f"{LONGEST_LENGTH} or more" if words >= LONGEST_LENGTH else str(max(words, 1))


def _nesting(outermost: Bools) -> Groups:
    return ["outermost" if each else "inside another" for each in outermost.tolist()]


def _metadata_rule(pair: PairedAnnotations, key: str) -> GroupRule:
    values = [
        _withhold(_metadata_value(meta, key), id_ in pair.withheld and key not in PUBLIC_METADATA)
        for id_, meta in zip(pair.ids, pair.metas, strict=True)
    ]
    return lambda mentions: [values[document] for document in mentions.document.tolist()]


def _metadata_value(meta: dict[str, object], key: str) -> str | None:
    value = str(meta.get("date", ""))[:4] if key == "year" else meta.get(key)
    return None if value is None or value == "" else str(value)


def _withhold(value: str | None, restricted: bool) -> str | None:
    """Return the value, or `WITHHELD` if it is long and from a restricted document."""
    return WITHHELD if value and restricted and len(value) >= MIN_WITHHELD_LENGTH else value


def _seen_rule(pair: PairedAnnotations, train: Annotations) -> GroupRule:
    """Return the rule that groups mentions by whether `train` contains their surface and type.

    Letter case is ignored.
    """
    types_by_surface: dict[str, set[str]] = defaultdict(set)
    labels = train.mentions.label.tolist()
    for (document, start, end), label in zip(train.mentions.spans(), labels, strict=True):
        surface = train.texts[document][start:end].casefold()
        types_by_surface[surface].add(train.labels[label])

    def group(surface: str, label: str) -> str:
        types = types_by_surface.get(surface.casefold(), set())
        if label in types:
            return "seen"
        return "seen as another type" if types else UNSEEN

    return lambda mentions: [
        group(surface, pair.labels[label])
        for surface, label in zip(_surfaces(pair, mentions), mentions.label.tolist(), strict=True)
    ]


def _attribute_slices(items: ItemPair, pair: PairedAnnotations) -> Iterator[Slice]:
    """Yield a recall-only slice for each attribute of gold mentions."""
    gold = pair.gold.mentions
    withheld = [pair.ids[number] in pair.withheld for number in gold.document.tolist()]
    names = sorted({name for attributes in gold.attributes if attributes for name in attributes})
    for name in names:
        groups: Groups = [
            _withhold((attributes or {}).get(name, "without"), restricted)
            for attributes, restricted in zip(gold.attributes, withheld, strict=True)
        ]
        for each in _slice(name, items, groups, [None] * len(items[1].key)):
            yield Slice(name, each.groups, recall_only=True)


def _sentence_groups(side: Side, sentences: list[Ints]) -> Groups:
    """Return, for each relation, whether both ends start in the same sentence."""
    mentions, relations = side.mentions, side.relations
    groups: Groups = []
    for head, tail in zip(relations.head.tolist(), relations.tail.tolist(), strict=True):
        starts = sentences[int(mentions.document[head])]
        ends = np.searchsorted(starts, [mentions.start[head], mentions.start[tail]], side="right")
        groups.append("within" if ends[0] == ends[1] else "across")
    return groups


def _groups_of_heads(groups: Groups, relations: RelationColumns) -> Groups:
    return [groups[head] for head in relations.head.tolist()]
