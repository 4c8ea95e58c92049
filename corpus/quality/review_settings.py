"""Settings of a corpus's review, from `review.toml` beside `corpus.toml`.

The rules in `aloi.corpus.quality.rules` do not depend on particular labels. This file contains
what is specific to a corpus: thresholds, patterns, and findings that were accepted as correct.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema
from aloi.corpus.toml_files import load_toml

REVIEW_FILE = "review.toml"
"""Name of the file in the corpus folder."""


class ExpectedPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern that may only match inside mentions with one of these labels."""

    rule: str
    labels: tuple[str, ...]
    pattern: str
    fix: str


class ForbiddenPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern that no mention with one of these labels may match; no labels means all."""

    rule: str
    pattern: str
    fix: str
    labels: tuple[str, ...] = ()


class AcceptedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Findings accepted as correct: all of one rule for one surface in one document."""

    rule: str
    document: str
    surface: str
    why: str


class ReviewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `review.toml`; the defaults apply to a corpus without that file.

    The rule "bare-surface" finds unlabelled occurrences of a surface that has at least
    `least_length` characters and at least `least_count` mentions, if mentions are at least the
    share `least_share` of all occurrences. Mentions with the same `ref` may have different labels
    if one group of `same_ref` contains all of them. `right` lists the accepted findings.
    """

    least_length: int = 4
    least_count: int = 3
    least_share: float = 0.8
    same_ref: tuple[frozenset[str], ...] = ()
    expected: tuple[ExpectedPattern, ...] = ()
    forbidden: tuple[ForbiddenPattern, ...] = ()
    right: tuple[AcceptedFinding, ...] = ()


def load_review_settings(folder: Path, schema: Schema) -> ReviewSettings:
    """Read `review.toml` in a corpus folder; raise `DataError` with all its problems."""
    path = folder / REVIEW_FILE
    if not path.exists():
        return ReviewSettings()
    fix = f"Correct the file; corpus/{REVIEW_FILE} of aloi is an example"
    settings = load_toml(path, ReviewSettings, fix=fix)
    problems = [problem.at(file=str(path)) for problem in _problems(settings, schema)]
    if problems:
        raise DataError(problems)
    return settings


def _problems(settings: ReviewSettings, schema: Schema) -> Iterator[Problem]:
    """Yield invalid patterns, and labels that are not in the schema."""
    entries: tuple[ExpectedPattern | ForbiddenPattern, ...]
    entries = (*settings.expected, *settings.forbidden)
    for entry in entries:
        try:
            re.compile(entry.pattern)
        except re.error as error:
            fix = "Write a valid regular expression for Python's re module"
            yield Problem("bad-review", f"broken pattern: {error}", fix, item=entry.rule)
    labels = {label for group in settings.same_ref for label in group}
    labels.update(label for entry in entries for label in entry.labels)
    for label in sorted(labels - schema.entities.keys()):
        fix = f"Use one of the labels of schema {schema}: {', '.join(schema.entities)}"
        yield Problem("bad-review", f"unknown entity label {label}", fix)
