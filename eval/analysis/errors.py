"""What kind each error is: a partition of every false positive and every false negative.

Exact matches are right. Among the other mentions,

- *split*: a gold mention with two or more predicted ones inside it that touch no other gold
  mention; *merge*: a predicted mention with two or more gold ones inside it, in the same way;
- *type*: paired (see `alignment`) on the same stretch under another label; *boundary*: paired on
  another stretch under the same label; *boundary and type*: paired, both wrong;
- *nested*: left over, and inside or around a mention that is right;
- *missed* and *spurious*: left over, without any of this.

Each error has one kind, so the columns of the table add up to the false negatives and false
positives of the exact scheme. Duplicates are in no column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aloi.eval.alignment import Alignment, overlaps
from aloi.eval.columns import Bools, Ints, MentionColumns
from aloi.eval.pairing import Pair

KINDS = (
    "right",
    "type",
    "boundary",
    "boundary and type",
    "split",
    "merge",
    "nested",
    "missed",
    "spurious",
)
RIGHT, TYPE, BOUNDARY, BOTH, SPLIT, MERGE, NESTED, MISSED, SPURIOUS = range(len(KINDS))


@dataclass(frozen=True)
class Errors:
    """The kind of each distinct mention, by number in `KINDS`.

    `gold` and `pred` are as long as the alignment's mentions.
    """

    pair: Pair = field(repr=False)
    alignment: Alignment = field(repr=False)
    gold: Ints = field(repr=False)
    pred: Ints = field(repr=False)

    def table(self) -> dict[str, dict[str, dict[str, int]]]:
        """By kind and type: `fn` of the gold mentions and `fp` of the predicted ones."""
        found = {
            "fn": _counts(self.gold, self.alignment.gold, len(self.pair.labels)),
            "fp": _counts(self.pred, self.alignment.pred, len(self.pair.labels)),
        }
        return {
            name: {
                label: {side: int(counts[kind, number]) for side, counts in found.items()}
                for number, label in enumerate(self.pair.labels)
                if any(counts[kind, number] for counts in found.values())
            }
            for kind, name in enumerate(KINDS)
            if kind != RIGHT
        }

    def confusion(self) -> Confusion:
        """How often each gold type was predicted as each other, on the same or another stretch."""
        none = len(self.pair.labels)
        gold, pred = self.alignment.gold.label, self.alignment.pred.label
        rows, columns = [], []
        free = [np.ones(len(side), dtype=np.bool_) for side in (gold, pred)]
        for pairs in (self.alignment.exact, self.alignment.paired):
            rows.append(gold[pairs.gold])
            columns.append(pred[pairs.pred])
            free[0][pairs.gold] = free[1][pairs.pred] = False
        left, made_up = gold[free[0]], pred[free[1]]
        rows += [left, np.full(len(made_up), none)]
        columns += [np.full(len(left), none), made_up]
        cells = np.concatenate(rows) * (none + 1) + np.concatenate(columns)
        counts = np.bincount(cells, minlength=(none + 1) ** 2)
        return Confusion(self.pair.labels, counts.reshape(none + 1, none + 1))


@dataclass(frozen=True)
class Confusion:
    """Gold types down and predicted ones across, as (types + 1, types + 1) counts.

    The last column is what was *missed*, the last row what is *spurious*; mentions are paired as
    the alignment pairs them.
    """

    labels: tuple[str, ...]
    matrix: Ints = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Rows by gold type, `spurious` last; columns by predicted type, `missed` last."""
        columns = (*self.labels, "missed")
        rows = zip((*self.labels, "spurious"), self.matrix.tolist(), strict=True)
        return {name: dict(zip(columns, row, strict=True)) for name, row in rows}


def errors(pair: Pair, alignment: Alignment) -> Errors:
    """The kind of every mention of an alignment of a pair."""
    gold = np.full(len(alignment.gold), MISSED)
    pred = np.full(len(alignment.pred), SPURIOUS)
    _mark_nested(alignment, gold, pred)
    _mark_splits(alignment, gold, pred)
    _mark_paired(alignment, gold, pred)
    gold[alignment.exact.gold] = RIGHT
    pred[alignment.exact.pred] = RIGHT
    return Errors(pair, alignment, gold, pred)


def _counts(kinds: Ints, mentions: MentionColumns, labels: int) -> Ints:
    cells = kinds * labels + mentions.label
    return np.bincount(cells, minlength=len(KINDS) * labels).reshape(len(KINDS), labels)


def _mark_nested(alignment: Alignment, gold: Ints, pred: Ints) -> None:
    """Mentions inside or around one that is right, whatever else they are."""
    right = np.sort(alignment.exact.gold)
    for mentions, kinds, exact in (
        (alignment.gold, gold, alignment.exact.gold),
        (alignment.pred, pred, alignment.exact.pred),
    ):
        others = np.setdiff1d(np.arange(len(mentions)), exact)
        touching = overlaps(alignment.gold, mentions, right, others, alignment.width)
        inside = _contains(alignment.gold, touching.gold, mentions, touching.pred)
        around = _contains(mentions, touching.pred, alignment.gold, touching.gold)
        kinds[touching.pred[inside | around]] = NESTED


def _mark_splits(alignment: Alignment, gold: Ints, pred: Ints) -> None:
    """Mentions cut up, or run together; not those that are on one stretch with another."""
    pairs = alignment.overlapping
    same = alignment.same_stretch(pairs)
    inside = _contains(alignment.gold, pairs.gold, alignment.pred, pairs.pred)
    around = _contains(alignment.pred, pairs.pred, alignment.gold, pairs.gold)
    degree = [np.bincount(side)[side] for side in pairs]
    for kind, contained, whole, alone in (
        (SPLIT, inside, pairs.gold, degree[1] == 1),
        (MERGE, around, pairs.pred, degree[0] == 1),
    ):
        parts = contained & alone & ~np.isin(whole, whole[same])
        several = np.isin(whole, np.flatnonzero(np.bincount(whole[parts]) > 1))
        gold[pairs.gold[parts & several]] = kind
        pred[pairs.pred[parts & several]] = kind


def _mark_paired(alignment: Alignment, gold: Ints, pred: Ints) -> None:
    """Pairs of which neither was cut up or run together."""
    pairs = alignment.paired
    stretch, label = alignment.same_stretch(pairs), alignment.same_label(pairs)
    kind = np.where(stretch, TYPE, np.where(label, BOUNDARY, BOTH))
    taken = np.isin(gold[pairs.gold], (SPLIT, MERGE)) | np.isin(pred[pairs.pred], (SPLIT, MERGE))
    gold[pairs.gold[~taken]] = kind[~taken]
    pred[pairs.pred[~taken]] = kind[~taken]


def _contains(outer: MentionColumns, some: Ints, inner: MentionColumns, others: Ints) -> Bools:
    found: Bools = (outer.start[some] <= inner.start[others]) & (
        inner.end[others] <= outer.end[some]
    )
    return found


class Case(NamedTuple):
    """One error as a person reads it: what gold has, what was predicted, and where it stands.

    `gold` and `pred` are (label, start, end), None where there is nothing; `context` is the text
    around, the mention between » and «. If the text is `withheld`, as that of a restricted document
    in a report, surface and context are offsets.
    """

    kind: str
    document: str
    gold: tuple[str, int, int] | None
    pred: tuple[str, int, int] | None
    surface: str
    context: str
    withheld: bool = False

    def without_text(self) -> Case:
        """Return the case with offsets in the place of its text."""
        place = self.gold or self.pred
        assert place is not None
        _, start, end = place
        surface = f"characters {start} to {end}"
        return self._replace(surface=surface, context=surface, withheld=True)


AROUND = 40
"""Characters of context on either side."""


def cases(errors: Errors) -> Iterator[Case]:
    """Every error once, in text order: a pair as one case, the rest one by one."""
    alignment = errors.alignment
    answer = dict(zip(alignment.paired.gold.tolist(), alignment.paired.pred.tolist(), strict=True))
    wrong = np.flatnonzero(errors.gold != RIGHT).tolist()
    answered = {
        row: answer[row]
        for row in wrong
        if row in answer and errors.pred[answer[row]] == errors.gold[row]
    }
    alone = set(np.flatnonzero(errors.pred != RIGHT).tolist()) - {*answered.values()}
    found = [
        *(_case(errors, int(errors.gold[row]), row, answered.get(row)) for row in wrong),
        *(_case(errors, int(errors.pred[row]), None, row) for row in alone),
    ]
    return (case for *_, case in sorted(found, key=lambda each: each[:2]))


def frequent(
    found: Iterable[Case], *, most: int, withheld: Collection[str] = ()
) -> list[tuple[int, Case]]:
    """Return the most frequent errors with the same words, kind and labels; an example of each.

    The example is from a document that is not `withheld`, or it is without its text.
    """
    groups: dict[tuple[str, str, str, str], list[Case]] = defaultdict(list)
    for case in found:
        labels = [side[0] if side else "" for side in (case.gold, case.pred)]
        groups[case.kind, labels[0], labels[1], case.surface.casefold()].append(case)
    ranked = sorted(groups.values(), key=len, reverse=True)
    return [(len(group), _example(group, withheld)) for group in ranked[:most]]


def _example(group: list[Case], withheld: Collection[str]) -> Case:
    shown = (case for case in group if case.document not in withheld)
    return next(shown, None) or group[0].without_text()


def _case(errors: Errors, kind: int, gold: int | None, pred: int | None) -> tuple[int, int, Case]:
    sides = ((errors.alignment.gold, gold), (errors.alignment.pred, pred))
    mentions, row = sides[0] if gold is not None else sides[1]
    assert row is not None
    document, start, end = (
        int(column[row]) for column in (mentions.document, mentions.start, mentions.end)
    )
    text = errors.pair.texts[document]
    spans = [None if at is None else _span(errors.pair.labels, side, at) for side, at in sides]
    before, after = text[max(start - AROUND, 0) : start], text[end : end + AROUND]
    surface = text[start:end]
    case = Case(
        KINDS[kind],
        errors.pair.ids[document],
        spans[0],
        spans[1],
        surface,
        " ".join(f"{before}»{surface}«{after}".split()),
    )
    return document, start, case


def _span(labels: tuple[str, ...], mentions: MentionColumns, row: int) -> tuple[str, int, int]:
    return labels[mentions.label[row]], int(mentions.start[row]), int(mentions.end[row])
