"""Scores of groups of mentions or relations, such as mentions of the same length.

An item is a mention or a relation. A slice divides the items into groups by one property, such as
length, nesting or document metadata. A correct prediction counts in the group of the matching gold
item. Slices by attribute use only gold mentions, so only recall is defined for these slices; they
contain the labels that have the attribute somewhere in gold. Metadata values of fewer than
`MIN_SLICE_DOCUMENTS` documents form one group.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aloi.corpus.languages.language import language_of
from aloi.corpus.segmentation import sentence_starts
from aloi.eval.analysis.training_slices import SurfaceRule, TrainingSurfaces
from aloi.eval.columns import Annotations, Bools, Ints, MentionColumns
from aloi.eval.items import ItemPair, Items, is_outermost, mention_items, relation_items
from aloi.eval.pairing import PairedAnnotations, Side
from aloi.eval.score_counts import Counts
from aloi.eval.scores import deduplicate, is_member

Groups = list[str | None]
"""The group of each row; None if a row belongs to no group."""

GroupRule = Callable[[MentionColumns, Ints], Groups]
"""A function that returns the groups of the mentions in the given rows."""

WITHHELD = "withheld"
"""The group name that replaces a long value from a restricted document."""

MIN_WITHHELD_LENGTH = 25
"""Values of this length (in code points) or longer are withheld for restricted documents."""

METADATA_KEYS = ("year", "source", "rights", "form", "theme")
"""The metadata keys by which items are grouped."""

PUBLIC_METADATA = ("year", "source", "rights")
"""The metadata keys that a release publishes even for restricted documents."""

MIN_SLICE_DOCUMENTS = 3
"""Metadata values of fewer documents are joined in the group `OTHER`."""

OTHER = "other"
"""The group of all metadata values that are too rare for a group of their own."""

LONGEST_LENGTH = 5
"""Mentions of this many words or more form one group."""


class Slice(NamedTuple):
    """The counts of each group of a slice, sorted by group name.

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
    """Yield slices of mentions by length, nesting, metadata, attribute, and surface in `train`."""
    items = mention_items(pair)
    rules: dict[str, GroupRule] = {
        "length in words": lambda *rows: _lengths(list(_surfaces(pair, *rows))),
        "nesting": lambda mentions, rows: _nesting(is_outermost(mentions, pair.width)[rows]),
        **{key: rule for key in METADATA_KEYS if (rule := _metadata_rule(pair, key))},
    }
    if train is not None:
        by_surface = TrainingSurfaces.of(train).rules()
        rules |= {name: _surface_rule(pair, rule) for name, rule in by_surface.items()}
    gold, pred = pair.gold.mentions, pair.pred.mentions
    wrong = np.flatnonzero(~is_member(items[1].key, deduplicate(items[0]).key))
    for name, rule in rules.items():
        pred_groups: Groups = [None] * len(pred)  # correct predictions count in gold's group
        for row, group in zip(wrong.tolist(), rule(pred, wrong), strict=True):
            pred_groups[row] = group
        yield from _slice(name, items, rule(gold, np.arange(len(gold))), pred_groups)
    yield from _attribute_slices(items, pair)


def relation_slices(pair: PairedAnnotations, *, symmetric: frozenset[str]) -> Iterator[Slice]:
    """Yield slices of relations: within or across sentences, and by document metadata."""
    if not (len(pair.gold.relations) or len(pair.pred.relations)):
        return
    items = relation_items(pair, typed=True, symmetric=symmetric)
    starts = _sentence_starts(pair)
    gold, pred = (_sentence_groups(side, starts) for side in (pair.gold, pair.pred))
    yield from _slice("sentence", items, gold, pred)
    for key in METADATA_KEYS:
        if rule := _metadata_rule(pair, key):
            gold, pred = (
                rule(side.mentions, side.relations.head) for side in (pair.gold, pair.pred)
            )
            yield from _slice(key, items, gold, pred)


def _slice(name: str, items: ItemPair, gold: Groups, pred: Groups) -> Iterator[Slice]:
    """Yield the slice with this name, if it has at least two groups."""
    names = sorted({group for group in (*gold, *pred) if group is not None}, key=_group_order)
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


def _group_order(group: str) -> tuple[float, str]:
    """Return a sort key: groups that begin with a number are in the order of these numbers."""
    number = re.match(r"\d+", group)
    return (int(number[0]) if number else math.inf, group)


def _with_groups(items: Items, groups: Groups, numbers: dict[str, int]) -> Items:
    """Return the items with group numbers as labels; the label `len(numbers)` means no group."""
    group = [len(numbers) if each is None else numbers[each] for each in groups]
    return items._replace(label=np.array(group, dtype=np.int64))


def _surfaces(pair: PairedAnnotations, mentions: MentionColumns, rows: Ints) -> Iterator[str]:
    columns = (mentions.document, mentions.start, mentions.end)
    spans = zip(*(column[rows].tolist() for column in columns), strict=True)
    texts = pair.texts
    return (texts[document][start:end] for document, start, end in spans)


def _lengths(surfaces: list[str]) -> Groups:
    lengths = {surface: _length(surface) for surface in set(surfaces)}
    return [lengths[surface] for surface in surfaces]


def _length(surface: str) -> str:
    words = len(surface.split())
    return f"{LONGEST_LENGTH} or more" if words >= LONGEST_LENGTH else str(max(words, 1))


def _nesting(outermost: Bools) -> Groups:
    return ["outermost" if each else "inside another" for each in outermost.tolist()]


def _metadata_rule(pair: PairedAnnotations, key: str) -> GroupRule | None:
    """Return a rule that groups mentions by metadata, or None if there are no two groups."""
    values = [
        _withhold(_metadata_value(meta, key), id_ in pair.withheld and key not in PUBLIC_METADATA)
        for id_, meta in zip(pair.ids, pair.metas, strict=True)
    ]
    groups = _join_rare(values)
    if len({*groups} - {None}) < 2:
        return None
    return lambda mentions, rows: [groups[number] for number in mentions.document[rows].tolist()]


def _join_rare(values: Groups) -> Groups:
    """Return the values of documents, with `OTHER` for values that are too rare."""
    documents = Counter(values)
    return [
        OTHER if value is not None and documents[value] < MIN_SLICE_DOCUMENTS else value
        for value in values
    ]


def _metadata_value(meta: dict[str, object], key: str) -> str | None:
    value = str(meta.get("date", ""))[:4] if key == "year" else meta.get(key)
    return None if value is None or value == "" else str(value)


def _withhold(value: str | None, restricted: bool) -> str | None:
    """Return the value, or `WITHHELD` if the value is long and from a restricted document."""
    return WITHHELD if value and restricted and len(value) >= MIN_WITHHELD_LENGTH else value


def _surface_rule(pair: PairedAnnotations, rule: SurfaceRule) -> GroupRule:
    """Return a rule that groups mentions by their case-folded surface and their label."""
    return lambda mentions, rows: [
        rule(surface.casefold(), pair.labels[label])
        for surface, label in zip(
            _surfaces(pair, mentions, rows), mentions.label[rows].tolist(), strict=True
        )
    ]


def _attribute_slices(items: ItemPair, pair: PairedAnnotations) -> Iterator[Slice]:
    """Yield a slice for each attribute of gold mentions; only recall is defined."""
    gold = pair.gold.mentions
    names = sorted({name for attributes in gold.attributes if attributes for name in attributes})
    documents = gold.document.tolist() if names else []
    withheld = [pair.ids[number] in pair.withheld for number in documents]
    for name in names:
        labels = _labels_with(name, gold)
        groups: Groups = [
            _withhold((attributes or {}).get(name, "without"), restricted)
            if label in labels
            else None
            for attributes, restricted, label in zip(
                gold.attributes, withheld, gold.label.tolist(), strict=True
            )
        ]
        for each in _slice(name, items, groups, [None] * len(items[1].key)):
            yield Slice(name, each.groups, recall_only=True)


def _labels_with(attribute: str, mentions: MentionColumns) -> set[int]:
    """Return the labels of the mentions that have an attribute."""
    rows = zip(mentions.label.tolist(), mentions.attributes, strict=True)
    return {label for label, attributes in rows if attributes and attribute in attributes}


def _sentence_starts(pair: PairedAnnotations) -> dict[int, list[int]]:
    """Return the offset of each sentence, by number of a document with relations."""
    sides = (pair.gold, pair.pred)
    numbers = {n for each in sides for n in each.mentions.document[each.relations.head].tolist()}
    return {
        number: sentence_starts(pair.texts[number], language_of(pair.metas[number]))
        for number in numbers
    }


def _sentence_groups(side: Side, starts: Mapping[int, Sequence[int]]) -> Groups:
    """Return `within` for relations with both ends in one sentence, and `across` for all others.

    The start of a mention determines its sentence.
    """
    mentions, relations = side.mentions, side.relations
    documents = mentions.document[relations.head].tolist()
    ends = (mentions.start[rows].tolist() for rows in (relations.head, relations.tail))
    return [
        "within"
        if bisect_right(starts[document], head) == bisect_right(starts[document], tail)
        else "across"
        for document, head, tail in zip(documents, *ends, strict=True)
    ]
