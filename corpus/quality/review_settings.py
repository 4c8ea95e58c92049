"""What a corpus is reviewed by: `review.toml`, beside its `corpus.toml`.

The rules of `aloi.corpus.quality.rules` name no label. This file configures them for a corpus:
patterns, thresholds, and what its keepers looked at and found right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema

FILE = "review.toml"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rule`: what the pattern matches in a text stands inside a mention of one of these labels."""

    rule: str
    labels: tuple[str, ...]
    pattern: str
    fix: str


class Forbidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rule`: no mention of these labels (of any, if none is named) matches the pattern."""

    rule: str
    pattern: str
    fix: str
    labels: tuple[str, ...] = ()


class AcceptedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding judged right: every one of this rule on this surface in this document."""

    rule: str
    document: str
    surface: str
    why: str


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `review.toml`; a corpus without one has these.

    A surface is sought where it is bare if it has `least_length` characters or more, is labelled
    `least_count` times or more, and is so in `least_share` of its occurrences or more. Mentions of
    one `ref` may bear different labels if all of them stand in one group of `same_ref`.
    """

    least_length: int = 4
    least_count: int = 3
    least_share: float = 0.8
    same_ref: tuple[frozenset[str], ...] = ()
    expected: tuple[Expected, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    right: tuple[AcceptedFinding, ...] = ()


def load_settings(folder: Path, schema: Schema) -> Settings:
    """Read a corpus folder's `review.toml`; raises `DataError` with everything wrong in it."""
    path = folder / FILE
    if not path.exists():
        return Settings()
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        fix = f"Correct the file; the keys are those of aloi's own corpus/{FILE}"
        raise DataError([Problem("bad-review", str(error), fix, file=str(path))]) from error
    problems = [problem.at(file=str(path)) for problem in _problems(settings, schema)]
    if problems:
        raise DataError(problems)
    return settings


def _problems(settings: Settings, schema: Schema) -> Iterator[Problem]:
    """Patterns that are none, and labels that the schema does not have."""
    entries: tuple[Expected | Forbidden, ...] = (*settings.expected, *settings.forbidden)
    for entry in entries:
        try:
            re.compile(entry.pattern)
        except re.error as error:
            fix = "Write a regular expression of Python's re"
            yield Problem("bad-review", f"broken pattern: {error}", fix, item=entry.rule)
    named = {label for group in settings.same_ref for label in group}
    named.update(label for entry in entries for label in entry.labels)
    for label in sorted(named - schema.entities.keys()):
        fix = f"Schema {schema} has {', '.join(schema.entities)}"
        yield Problem("bad-review", f"unknown entity label {label}", fix)
