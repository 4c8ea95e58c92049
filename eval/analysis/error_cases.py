"""Errors with their context, and the most frequent errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from aloi.eval.analysis.errors import ERROR_KINDS, RIGHT, ClassifiedErrors
from aloi.eval.columns import MentionColumns

ERROR_CONTEXT_LENGTH = 40
"""Code points of context on either side of an error."""

LabelledSpan = tuple[str, int, int]
"""Label, start, end (code points, end exclusive)."""


class ErrorCase(NamedTuple):
    """One error: the gold mention, the predicted mention, and the surrounding text.

    `gold` is None if the error concerns only a predicted mention, such as a spurious mention.
    `pred` is None if the error concerns only a gold mention, such as a missed mention. If the
    document is restricted and `withheld` is true, `surface` contains offsets instead of text, and
    `before` and `after` are empty.
    """

    kind: str
    document: str
    gold: LabelledSpan | None
    pred: LabelledSpan | None
    before: str
    surface: str
    after: str
    withheld: bool = False

    @property
    def context(self) -> str:
        """The text around the error on one line, with the mention between » and «."""
        if self.withheld:
            return self.surface
        return " ".join(f"{self.before}»{self.surface}«{self.after}".split())

    def without_text(self) -> ErrorCase:
        """Return the error with offsets instead of text."""
        span = self.gold or self.pred
        assert span is not None
        _, start, end = span
        surface = f"characters {start} to {end}"
        return self._replace(before="", surface=surface, after="", withheld=True)

    def to_json(self) -> dict[str, Any]:
        """Return the error as JSON values."""
        return {
            "kind": self.kind,
            "document": self.document,
            "gold": self.gold,
            "pred": self.pred,
            "surface": self.surface,
            "context": self.context,
            "withheld": self.withheld,
        }


class FrequentError(NamedTuple):
    """An error that occurs `frequency` times, with one occurrence as an example."""

    frequency: int
    example: ErrorCase


def list_cases(errors: ClassifiedErrors) -> Iterator[ErrorCase]:
    """Yield every error once, in text order.

    If two aligned mentions have the same kind of error, the two mentions form one error.
    """
    paired = errors.alignment.paired
    aligned = dict(zip(paired.gold.tolist(), paired.pred.tolist(), strict=True))
    wrong_gold = np.flatnonzero(errors.gold != RIGHT).tolist()
    partners = {
        row: aligned[row]
        for row in wrong_gold
        if row in aligned and errors.pred[aligned[row]] == errors.gold[row]
    }
    wrong_pred = set(np.flatnonzero(errors.pred != RIGHT).tolist()) - {*partners.values()}
    cases = [
        *(_case(errors, int(errors.gold[row]), row, partners.get(row)) for row in wrong_gold),
        *(_case(errors, int(errors.pred[row]), None, row) for row in wrong_pred),
    ]
    return (case for *_, case in sorted(cases, key=lambda each: each[:2]))


def most_frequent(
    cases: Iterable[ErrorCase], *, limit: int, withheld: Collection[str] = ()
) -> list[FrequentError]:
    """Return the most frequent errors, each with an example; each occurs at least twice.

    Errors are counted together if they have the same kind, labels and surface; letter case is
    ignored. The example is from a document that is not in `withheld`. If all these errors are from
    documents in `withheld`, the example contains offsets instead of text.
    """
    groups: dict[tuple[str, str, str, str], list[ErrorCase]] = defaultdict(list)
    for case in cases:
        labels = [side[0] if side else "" for side in (case.gold, case.pred)]
        groups[case.kind, labels[0], labels[1], case.surface.casefold()].append(case)
    repeated = [group for group in groups.values() if len(group) > 1]
    ranked = sorted(repeated, key=len, reverse=True)
    return [FrequentError(len(group), _example(group, withheld)) for group in ranked[:limit]]


def _example(group: list[ErrorCase], withheld: Collection[str]) -> ErrorCase:
    public = (case for case in group if case.document not in withheld)
    return next(public, None) or group[0].without_text()


def _case(
    errors: ClassifiedErrors, kind: int, gold: int | None, pred: int | None
) -> tuple[int, int, ErrorCase]:
    """Return the document number, the start offset and the error.

    `gold` and `pred` are row numbers of mentions. At most one of the two is None.
    """
    sides = ((errors.alignment.gold, gold), (errors.alignment.pred, pred))
    mentions, row = sides[0] if gold is not None else sides[1]
    assert row is not None
    document, start, end = (
        int(column[row]) for column in (mentions.document, mentions.start, mentions.end)
    )
    text = errors.pair.texts[document]
    gold_span, pred_span = (
        None if at is None else _labelled_span(errors.pair.labels, side, at) for side, at in sides
    )
    case = ErrorCase(
        ERROR_KINDS[kind],
        errors.pair.ids[document],
        gold_span,
        pred_span,
        text[max(start - ERROR_CONTEXT_LENGTH, 0) : start],
        text[start:end],
        text[end : end + ERROR_CONTEXT_LENGTH],
    )
    return document, start, case


def _labelled_span(labels: tuple[str, ...], mentions: MentionColumns, row: int) -> LabelledSpan:
    return labels[mentions.label[row]], int(mentions.start[row]), int(mentions.end[row])
