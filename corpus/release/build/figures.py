"""Scores and agreement for the dataset card, read from JSON files of other commands.

A file contains the key `runs`, the key `pairs`, or both. Keys that do not occur in the following
example are ignored, because their values may quote texts:

    {"runs": [{"split": "test", "system": "ner", "task": "entities",
               "report": {"entities": {"exact": {"micro": {"precision": 0.9, "recall": 0.8,
                                                           "f1": 0.85, "ci": {"f1": [0.8, 0.9]}}}},
                          "relations": {"strict": {"micro": {…}}}}}],
     "pairs": [{"annotators": ["a", "b"], "documents": 40,
                "f1": {"entities, exact": {"micro": {"tp": 90, "fp": 5, "fn": 5, "f1": 0.95}}},
                "kappa": {"all": {"value": 0.98, "items": 1200}}}]}

`aloi experiment` writes `runs` to reports/eval.json, and `aloi annotate agree --json` writes
`pairs`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePath

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import JSON_ERRORS

_RELATION_TASKS = frozenset({"relations-gold-entities", "relations-end-to-end"})
"""Tasks with relation scores on the card; all other tasks have entity scores."""


class CardRatios(msgspec.Struct, frozen=True):
    """Precision, recall and F1 (None if undefined), their confidence intervals, and counts."""

    f1: float | None
    precision: float | None = None
    recall: float | None = None
    ci: dict[str, tuple[float | None, float | None]] = {}
    tp: int = 0
    fp: int = 0
    fn: int = 0


class SchemeScores(msgspec.Struct, frozen=True):
    """The scores under one match rule."""

    micro: CardRatios


class EvaluationReport(msgspec.Struct, frozen=True):
    """The scores of an evaluation by match rule, as `aloi eval` writes them."""

    entities: dict[str, SchemeScores] = {}
    relations: dict[str, SchemeScores] = {}


class EvaluationRun(msgspec.Struct, frozen=True):
    """The evaluation of one system on one split, as `aloi experiment` writes it."""

    split: str
    system: str
    task: str
    report: EvaluationReport


class _Coefficient(msgspec.Struct, frozen=True):
    value: float | None
    items: int


class _AnnotatorPair(msgspec.Struct, frozen=True):
    annotators: tuple[str, str]
    documents: int
    f1: dict[str, SchemeScores]
    kappa: dict[str, _Coefficient] = {}


class _FiguresFile(msgspec.Struct, frozen=True):
    runs: tuple[EvaluationRun, ...] = ()
    pairs: tuple[_AnnotatorPair, ...] = ()


class CardScore(msgspec.Struct, frozen=True):
    """The micro-averaged scores of a system on a split, under one match rule (`scheme`)."""

    split: str
    system: str
    task: str
    scheme: str
    ratios: CardRatios


class AgreementFigures(msgspec.Struct, frozen=True):
    """Agreement of two annotators: F1 by match rule, and Cohen's kappa by item set.

    A value of `kappa` is a pair: the coefficient (None if undefined) and the number of items.
    """

    annotators: tuple[str, str]
    documents: int
    f1: dict[str, CardRatios]
    kappa: dict[str, tuple[float | None, int]]


class Figures(msgspec.Struct, frozen=True):
    """Scores and agreement for the dataset card."""

    scores: tuple[CardScore, ...] = ()
    agreement: tuple[AgreementFigures, ...] = ()


def read_figures(files: Iterable[Path], *, schemes: Collection[str]) -> Figures:
    """Return the figures of all files, with the scores under the given match rules.

    Pairs of annotators with no document in common are left out. Raises a `DataError` that lists
    all unusable files.
    """
    scores: list[CardScore] = []
    agreement: list[AgreementFigures] = []
    problems: list[Problem] = []
    for file in files:
        try:
            content = _read_file(file)
        except DataError as error:
            problems += error.problems
        else:
            scores += (score for run in content.runs for score in _run_scores(run, schemes))
            agreement += (_agreement_figures(pair) for pair in content.pairs if pair.documents)
    if problems:
        raise DataError(problems)
    return Figures(tuple(scores), tuple(agreement))


def _read_file(file: Path) -> _FiguresFile:
    fix = "Give a JSON file written by `aloi experiment` or `aloi annotate agree --json`"
    try:
        content = msgspec.json.decode(file.read_bytes(), type=_FiguresFile)
    except JSON_ERRORS as error:
        raise DataError([Problem("bad-figures", str(error), fix, file=str(file))]) from error
    if not content.runs and not content.pairs:
        what = "the file contains neither `runs` nor `pairs`"
        raise DataError([Problem("no-figures", what, fix, file=str(file))])
    return content


def _run_scores(run: EvaluationRun, schemes: Collection[str]) -> Iterator[CardScore]:
    kind = "relations" if run.task in _RELATION_TASKS else "entities"
    by_scheme = run.report.relations if kind == "relations" else run.report.entities
    for scheme, scores in by_scheme.items():
        if scheme in schemes:
            yield CardScore(run.split, run.system, run.task, scheme, scores.micro)


def _agreement_figures(pair: _AnnotatorPair) -> AgreementFigures:
    """Return the agreement of two annotators; each annotator is named after a folder or file."""
    one, other = (PurePath(name).name for name in pair.annotators)
    f1 = {scheme: scores.micro for scheme, scores in pair.f1.items()}
    kappa = {name: (each.value, each.items) for name, each in pair.kappa.items()}
    return AgreementFigures((one, other), pair.documents, f1, kappa)
