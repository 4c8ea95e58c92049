"""Changes of model scores, read from the JSON files of `aloi eval` and `aloi compare`.

A score is worse if it is lower and the difference is significant at the level `ALPHA`:

- In a comparison (`aloi compare --json`), every system is tested against the baseline: micro F1 by
  its p-value, F1 by type by the p-value with Holm's correction. Types with fewer than `MIN_SUPPORT`
  gold items are not tested.
- Two reports (`aloi eval --json`, or eval.json of `aloi experiment`) contain no paired test. Micro
  F1 is tested by the two confidence intervals, as if the reports were independent:
  z = (new − old) / √(s₁² + s₂²), where s is the width of a 95 % interval divided by 2 · 1.96.
  The scores of two models on the same documents vary together, so this test is conservative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.build.figures import CardRatios, EvaluationReport, EvaluationRun
from aloi.corpus.text_files import JSON_ERRORS

ALPHA = 0.05
"""The level of significance."""

MIN_SUPPORT = 30
"""Minimum number of gold items of a type that is tested, as in `aloi compare`."""

_Z = 1.96
"""Half the width of a 95 % interval, in standard errors; also the threshold for z."""


class _Difference(msgspec.Struct, frozen=True):
    difference: float | None
    p: float | None = None
    p_holm: float | None = None


class _Differences(msgspec.Struct, frozen=True):
    f1: _Difference | None = None
    support: int = 0


class _Contrast(msgspec.Struct, frozen=True):
    system: str
    task: str
    scheme: str
    micro: _Differences
    types: dict[str, _Differences] = {}


class _ComparisonFile(msgspec.Struct, frozen=True):
    baseline: str
    contrasts: tuple[_Contrast, ...]


class _ReportFile(EvaluationReport, frozen=True):
    """A report of `aloi eval`, or several reports (`runs`) of `aloi experiment`."""

    runs: tuple[EvaluationRun, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The change of one score; `is_worse` is None if there is no valid test of the change."""

    name: str
    difference: float | None
    is_worse: bool | None

    def __str__(self) -> str:
        if self.difference is None or self.is_worse is None:
            return f"{self.name}: not tested"
        note = ", significantly worse" if self.is_worse else ""
        return f"{self.name}: {self.difference:+.3f}{note}"


def compared_scores(file: Path) -> tuple[ScoreChange, ...]:
    """Return the changes from the baseline to each system in a file of `aloi compare`.

    Raises `DataError` if the file cannot be used.
    """
    content = _read(file, _ComparisonFile, "Give a file written by `aloi compare --json`")
    return tuple(
        change for contrast in content.contrasts for change in _contrast_changes(contrast, content)
    )


def changed_scores(old: Path, new: Path) -> tuple[ScoreChange, ...]:
    """Return the changes of all scores that are in two files of `aloi eval` or `aloi experiment`.

    Raises `DataError` if a file cannot be used, or if the two files have no score in common.
    """
    before, after = _scores(old), _scores(new)
    if not before.keys() & after.keys():
        what = f"the file has no score in common with {old}"
        fix = "Give two files with scores of the same system, split, task and scheme"
        raise DataError([Problem("no-common-scores", what, fix, file=str(new))])
    return tuple(_change(name, before[name], after.get(name)) for name in before)


def worse_score_problems(file: Path, changes: tuple[ScoreChange, ...]) -> Iterator[Problem]:
    """Yield a problem for each score that is significantly worse."""
    for change in changes:
        if change.is_worse:
            fix = "Find the cause in the error analysis of `aloi eval --html`"
            yield Problem("worse-score", str(change), fix, file=str(file))


def _contrast_changes(contrast: _Contrast, file: _ComparisonFile) -> Iterator[ScoreChange]:
    name = f"{contrast.system} − {file.baseline}, {contrast.task}, {contrast.scheme}"
    if (micro := contrast.micro.f1) is not None:
        yield ScoreChange(f"{name}, micro F1", micro.difference, _is_worse(micro, micro.p))
    for label, each in contrast.types.items():
        if each.f1 is not None and each.support >= MIN_SUPPORT:
            is_worse = _is_worse(each.f1, each.f1.p_holm)
            yield ScoreChange(f"{name}, F1 of {label}", each.f1.difference, is_worse)


def _is_worse(difference: _Difference, p: float | None) -> bool | None:
    if difference.difference is None or p is None:
        return None
    return difference.difference < 0 and p < ALPHA


def _scores(file: Path) -> dict[str, CardRatios]:
    """Return the micro averages in a file, by a name that is the same in other files.

    Raises `DataError` if the file contains no scores, or scores without intervals.
    """
    fix = "Give a file written by `aloi eval --bootstrap 1000 --json` or `aloi experiment`"
    content = _read(file, _ReportFile, fix)
    scores = dict(_micro_averages("", content))
    for run in content.runs:
        scores.update(_micro_averages(f"{run.split}, {run.system}, {run.task}, ", run.report))
    if not scores:
        raise DataError([Problem("no-scores", "the file contains no scores", fix, file=str(file))])
    if not any(None not in ratios.ci.get("f1", (None,)) for ratios in scores.values()):
        what = "the scores have no confidence intervals"
        raise DataError([Problem("no-intervals", what, fix, file=str(file))])
    return scores


def _micro_averages(prefix: str, report: EvaluationReport) -> Iterator[tuple[str, CardRatios]]:
    for kind, schemes in (("entities", report.entities), ("relations", report.relations)):
        for scheme, scores in schemes.items():
            yield f"{prefix}{kind}, {scheme}, micro F1", scores.micro


def _change(name: str, old: CardRatios, new: CardRatios | None) -> ScoreChange:
    if new is None or old.f1 is None or new.f1 is None:
        return ScoreChange(name, None, None)
    difference, errors = new.f1 - old.f1, [_standard_error(old), _standard_error(new)]
    if None in errors:
        return ScoreChange(name, difference, None)
    error = sum(each**2 for each in errors if each is not None) ** 0.5
    return ScoreChange(name, difference, difference < -_Z * error)


def _standard_error(ratios: CardRatios) -> float | None:
    low, high = ratios.ci.get("f1", (None, None))
    return None if low is None or high is None else (high - low) / (2 * _Z)


_File = TypeVar("_File")


def _read(file: Path, type_: type[_File], fix: str) -> _File:
    try:
        return msgspec.json.decode(file.read_bytes(), type=type_)
    except JSON_ERRORS as error:
        raise DataError([Problem("bad-scores", str(error), fix, file=str(file))]) from error
