"""Checks of labels and scores before an evaluation.

A label may contain any printable characters, but it must not be empty or contain line breaks or
other control characters, and it must not have the name of a total row. The score of a mention or
relation must be between 0 and 1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

import numpy as np

from aloi.corpus.problems import DataError, Problem
from aloi.eval.columns import Annotations, Floats, Ints

TOTALS = ("micro", "macro", "weighted", "document macro")
"""The names of the rows with averages over all labels."""

SCORE_TOLERANCE = 1e-6
"""Scores may exceed 0 or 1 by this much, because sums of probabilities are rounded."""

CONTROL_CATEGORIES = ("Cc", "Zl", "Zp")
"""The Unicode categories of control characters, including line breaks."""


def check_inputs(sides: Mapping[str, Annotations]) -> None:
    """Raise `DataError` with all invalid labels and scores; `sides` are keyed by a name."""
    problems = [
        problem
        for name, side in sides.items()
        for problem in (*_label_problems(name, side), *_score_problems(name, side))
    ]
    if problems:
        raise DataError(problems)


def _label_problems(name: str, side: Annotations) -> Iterator[Problem]:
    """Yield a problem for each invalid label, with the first document that contains the label."""
    mentions, relations = side.mentions, side.relations
    for labels, numbers, documents in (
        (side.labels, mentions.label, mentions.document),
        (side.relation_labels, relations.label, mentions.document[relations.head]),
    ):
        for number, label in enumerate(labels):
            if (what := _label_defect(label)) and (rows := np.flatnonzero(numbers == number)).size:
                fix = "Rename the label, for example with `aloi convert --labels MAP.toml`"
                yield Problem("bad-label", f"{name}: {what}", fix, _first_id(side, documents[rows]))


def _label_defect(label: str) -> str | None:
    if not label:
        return "a label is empty"
    if any(unicodedata.category(character) in CONTROL_CATEGORIES for character in label):
        return f"the label {label!r} contains a line break or another control character"
    if label in TOTALS:
        return f"the label {label!r} is the name of an average in reports"
    return None


def _score_problems(name: str, side: Annotations) -> Iterator[Problem]:
    """Yield a problem for the mentions, and for the relations, with a score outside [0, 1]."""
    mentions, relations = side.mentions, side.relations
    for items, scores, documents in (
        ("mentions", mentions.score, mentions.document),
        ("relations", relations.score, mentions.document[relations.head]),
    ):
        rows = _invalid_scores(scores)
        if len(rows):
            what = f"{name}: scores of {items} must be between 0 and 1, not {scores[rows[0]]:g}"
            fix = f"Write probabilities as scores, or remove the scores ({len(rows)} are invalid)"
            yield Problem("bad-score", what, fix, _first_id(side, documents[rows]))


def _invalid_scores(scores: Floats) -> Ints:
    """Return the rows with a score outside [0, 1]; NaN is a missing score."""
    return np.flatnonzero((scores < -SCORE_TOLERANCE) | (scores > 1 + SCORE_TOLERANCE))


def _first_id(side: Annotations, documents: Ints) -> str:
    return side.ids[int(documents[0])]
