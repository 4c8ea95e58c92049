"""Scores and agreement for the card of a release, measured elsewhere and handed in as files.

A file is JSON with `runs`, `pairs` or both; other keys are passed over, for they may quote texts:

    {"runs": [{"split": "test", "system": "ner", "task": "entities",
               "report": {"entities": {"exact": {"micro": {"precision": 0.9, "recall": 0.8,
                                                           "f1": 0.85, "ci": {"f1": [0.8, 0.9]}}}},
                          "relations": {"strict": {"micro": {…}}}}}],
     "pairs": [{"annotators": ["a", "b"], "documents": 40,
                "f1": {"entities, exact": {"micro": {"tp": 90, "fp": 5, "fn": 5, "f1": 0.95}}},
                "kappa": {"all": {"value": 0.98, "items": 1200}}}]}

`runs` is what `aloi experiment` writes to reports/eval.json, `pairs` what
`aloi annotate agree --json` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

import msgspec

from aloi.corpus.problems import DataError, Problem

SHOWN = {"entities": ("exact", "outermost"), "relations": ("strict",)}
"""The schemes that a card shows of each kind."""


class Ratios(msgspec.Struct, frozen=True):
    """Precision, recall and F1, None where undefined; `ci` has their intervals."""

    f1: float | None
    precision: float | None = None
    recall: float | None = None
    ci: dict[str, tuple[float | None, float | None]] = {}
    tp: int = 0
    fp: int = 0
    fn: int = 0


class _Scores(msgspec.Struct, frozen=True):
    micro: Ratios


class _Report(msgspec.Struct, frozen=True):
    entities: dict[str, _Scores] = {}
    relations: dict[str, _Scores] = {}


class _Run(msgspec.Struct, frozen=True):
    split: str
    system: str
    task: str
    report: _Report


class _Coefficient(msgspec.Struct, frozen=True):
    value: float | None
    items: int


class _Pair(msgspec.Struct, frozen=True):
    annotators: tuple[str, str]
    documents: int
    f1: dict[str, _Scores]
    kappa: dict[str, _Coefficient] = {}


class _File(msgspec.Struct, frozen=True):
    runs: tuple[_Run, ...] = ()
    pairs: tuple[_Pair, ...] = ()


class Score(msgspec.Struct, frozen=True):
    """What a system reached on a split by a scheme."""

    split: str
    system: str
    task: str
    scheme: str
    ratios: Ratios


class Agreement(msgspec.Struct, frozen=True):
    """How far two annotators agree: F1 by scheme, Cohen's kappa by set of items."""

    annotators: tuple[str, str]
    documents: int
    f1: dict[str, Ratios]
    kappa: dict[str, tuple[float | None, int]]


class Figures(msgspec.Struct, frozen=True):
    """What a card can show beyond the documents themselves."""

    scores: tuple[Score, ...] = ()
    agreement: tuple[Agreement, ...] = ()


def read_figures(files: Iterable[Path]) -> Figures:
    """The figures of all files; raises `DataError` with every file that has none."""
    scores: list[Score] = []
    agreement: list[Agreement] = []
    problems: list[Problem] = []
    for file in files:
        try:
            found = msgspec.json.decode(file.read_bytes(), type=_File)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            fix = "Give what aloi experiment or aloi annotate agree --json wrote"
            problems.append(Problem("bad-figures", str(error), fix, file=str(file)))
            continue
        if not found.runs and not found.pairs:
            what, fix = "neither runs nor pairs in it", "Give reports/eval.json, or agreement"
            problems.append(Problem("no-figures", what, fix, file=str(file)))
        scores += (score for run in found.runs for score in _scores(run))
        agreement += map(_agreement, found.pairs)
    if problems:
        raise DataError(problems)
    return Figures(tuple(scores), tuple(agreement))


def _scores(run: _Run) -> Iterator[Score]:
    kind = "relations" if run.task.startswith("relations") else "entities"
    found: dict[str, _Scores] = getattr(run.report, kind)
    for scheme in SHOWN[kind]:
        if scheme in found:
            yield Score(run.split, run.system, run.task, scheme, found[scheme].micro)


def _agreement(pair: _Pair) -> Agreement:
    """The pair, its annotators by the names of their folders."""
    one, other = (PurePath(name).name for name in pair.annotators)
    f1 = {scheme: scores.micro for scheme, scores in pair.f1.items()}
    kappa = {name: (each.value, each.items) for name, each in pair.kappa.items()}
    return Agreement((one, other), pair.documents, f1, kappa)
