"""Settings for the review of a corpus, read from `review.toml` in the corpus folder.

The rules in `aloi.corpus.quality.rules` do not depend on particular labels. `review.toml` contains
the settings of one corpus: thresholds, patterns, and findings that were accepted as correct.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from aloi.corpus.corpus_folder import REVIEW_FILE
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.quality.findings import Finding
from aloi.corpus.schema import Schema
from aloi.corpus.toml_files import load_toml


class ExpectedPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern; each of its matches must be inside a mention with one of `labels`."""

    rule: str
    labels: tuple[str, ...]
    pattern: str
    fix: str


class ForbiddenPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern that must not occur in mentions with one of `labels`.

    If `labels` is empty, the pattern must not occur in any mention.
    """

    rule: str
    pattern: str
    fix: str
    labels: tuple[str, ...] = ()


class AcceptedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The findings of one rule in one document, accepted as correct.

    They are either those for one surface, which remain accepted when offsets change, or those at
    one offset (`start`), for corpora that are stored without their texts.
    """

    rule: str
    document: str
    why: str
    surface: str | None = None
    start: int | None = None

    def __str__(self) -> str:
        place = f"offset {self.start}" if self.surface is None else f"«{self.surface}»"
        return f"{self.rule}, document {self.document}: {place}"

    def accepts(self, finding: Finding) -> bool:
        """Return whether a finding is one of the accepted findings."""
        return (self.rule, self.document) == (finding.rule, finding.document) and (
            self.start == finding.start if self.surface is None else self.surface == finding.surface
        )


class ReviewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `review.toml`; the defaults apply to a corpus without this file.

    The rule "bare-surface" finds unlabelled occurrences of surfaces that are usually mentions. Such
    a surface has at least `least_length` characters and `least_count` mentions, and its proportion
    of labelled occurrences is at least `least_share`. Mentions with the same `ref` may have
    different labels if one group in `same_ref` contains all these labels. `right` lists the
    accepted findings.
    """

    least_length: int = 4
    least_count: int = 3
    least_share: float = 0.8
    same_ref: tuple[frozenset[str], ...] = ()
    expected: tuple[ExpectedPattern, ...] = ()
    forbidden: tuple[ForbiddenPattern, ...] = ()
    right: tuple[AcceptedFinding, ...] = ()


def load_review_settings(folder: Path, schema: Schema) -> ReviewSettings:
    """Read `review.toml` in a corpus folder; raise `DataError` if it is invalid."""
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
    """Yield a problem for each invalid pattern and each label that is not in the schema."""
    entries: tuple[ExpectedPattern | ForbiddenPattern, ...]
    entries = (*settings.expected, *settings.forbidden)
    for entry in entries:
        try:
            re.compile(entry.pattern)
        except re.error as error:
            fix = "Correct the pattern; it must be valid for Python's re module"
            what = f"the pattern is not a valid regular expression: {error}"
            yield Problem("bad-review", what, fix, item=entry.rule)
    for accepted in settings.right:
        if (accepted.surface is None) == (accepted.start is None):
            fix = "Name the finding by its surface or by its start"
            what = "the accepted finding has both surface and start, or neither"
            yield Problem("bad-review", what, fix, accepted.document, item=accepted.rule)
    labels = {label for group in settings.same_ref for label in group}
    labels.update(label for entry in entries for label in entry.labels)
    for label in sorted(labels - schema.entities.keys()):
        what = f"the schema does not contain the entity label {label}"
        fix = f"Use one of the entity labels of schema {schema}: {', '.join(schema.entities)}"
        yield Problem("bad-review", what, fix)
