"""The learning curve: how scores on dev grow with the number of training documents.

Test is never scored, so that it stays unseen while a corpus grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from spacy.language import Language

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.eval.columns import Floats
from aloi.eval.reports.report import Report, SchemeResult, evaluate
from aloi.eval.score_counts import RATIOS
from aloi.eval.statistics.intervals import CONFIDENCE_LEVEL, resample
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.studies.folds import FoldTraining, count_words, group_by_event, make_folds
from aloi.models.training.job import prepare_job

KIND_SCHEMES = {"ner": "outermost", "relations": "strict"}
"""The scheme that each kind is scored by; relations are predicted between gold entities."""

F1_COLUMN = RATIOS.index("f1")


@dataclass(frozen=True, slots=True)
class CurveSettings:
    """Settings of a learning curve or cross-validation.

    out: folder of pipelines and results. kind: "ner" or "relations". overrides: config values by
    dotted key. bootstrap: number of replicates. seed: that of the bootstrap.
    """

    corpus: Corpus
    out: Path
    kind: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: int = 1000
    seed: int = 0

    def usable_documents(self, *splits: str) -> list[Document]:
        """Return the documents of splits without the restricted ones, which are never used."""
        documents = [document for split in splits for document in self.corpus.split(split)]
        return [d for d in documents if d.id not in self.corpus.manifest.restricted]

    @property
    def schema(self) -> Path:
        """The path of the schema."""
        return self.corpus.folder / self.corpus.manifest.schema

    @property
    def scheme(self) -> str:
        """The scheme that the kind is scored by."""
        return KIND_SCHEMES[self.kind]

    def score(self, gold: Iterable[Document], pred: Iterable[Document]) -> Report:
        """Return the report on predictions by the kind's scheme."""
        return evaluate(
            gold,
            pred,
            schemes=[self.scheme],
            schema=self.corpus.schema,
            corpus=str(self.corpus),
            bootstrap=self.bootstrap,
            seed=self.seed,
        )

    def predict(self, nlp: Language, documents: Iterable[Document]) -> list[Document]:
        """Return the predictions of a pipeline of the kind."""
        return list(predict_documents(nlp, documents, gold_entities=self.kind == "relations"))

    def result(self, report: Report) -> SchemeResult:
        """Return the result of the kind's scheme in a report."""
        results = report.entities if self.kind == "ner" else report.relations
        return results[self.scheme]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The scores on dev after training on a share of train, in per cent of its documents."""

    share: int
    documents: int
    words: int
    report: Report
    result: SchemeResult

    @property
    def f1(self) -> float:
        """Micro-F1; 0 if it is undefined."""
        return self.result.scores.micro.ratios["f1"] or 0.0

    def f1_replicates(self, count: int, seed: int) -> Floats:
        """Return the micro-F1 of each bootstrap replicate; a seed draws the same documents."""
        scores = self.result.scores
        counts = resample(scores.by_document, count, seed).sum(axis=1)
        replicates: Floats = np.nan_to_num(scores.kind.compute_ratios(counts)[:, F1_COLUMN])
        return replicates

    def to_json(self) -> dict[str, Any]:
        """Return the point as plain values."""
        sizes = {"share": self.share, "documents": self.documents, "words": self.words}
        return {**sizes, "report": self.report.to_json()}


@dataclass(frozen=True, slots=True)
class DoublingGain:
    """The gain in F1 for each doubling of the training documents, with its interval."""

    slope: float
    low: float
    high: float

    def __str__(self) -> str:
        gain = f"Each doubling of the documents brought {self.slope:+.3f} F1 on dev"
        interval = f"{CONFIDENCE_LEVEL:.0%} interval {self.low:+.3f} to {self.high:+.3f}"
        return f"{gain} ({interval}): {self._conclusion()}."

    def _conclusion(self) -> str:
        if self.low > 0:
            return "doubling the corpus would likely bring about as much again"
        if self.high < 0:
            return "more documents made it worse; check how the later documents differ"
        return "the interval includes 0, so this does not show that doubling would help"


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """A measured learning curve: its points by share, and the gain of a doubling."""

    settings: CurveSettings
    points: tuple[CurvePoint, ...]
    gain: DoublingGain


def measure_curve(settings: CurveSettings, shares: Sequence[int], *, log: IO[str]) -> LearningCurve:
    """Train on each share of train and score on dev.

    shares: two or more, in per cent. log: stream for training messages. Raises `DataError` if
    two shares are the same documents, or if dev has nothing to find.
    """
    points = tuple(measure_points(settings, shares, log=log))
    gain = estimate_gain(points, bootstrap=settings.bootstrap, seed=settings.seed)
    return LearningCurve(settings, points, gain)


def measure_points(
    settings: CurveSettings, shares: Sequence[int], *, log: IO[str]
) -> Iterator[CurvePoint]:
    """Yield the point of each share, smallest first; see `measure_curve`."""
    train, dev = settings.usable_documents("train"), settings.usable_documents("dev")
    subsets = {share: take_share(train, share) for share in sorted(set(shares))}
    _check_data(settings, subsets, dev)
    for share, documents in subsets.items():
        job = prepare_job(
            settings.kind,
            settings.out / f"{settings.kind}-{share}",
            documents,
            dev,
            schema=settings.schema,
            overrides=settings.overrides,
        )
        nlp = job.resume(log=log)
        report = settings.score(dev, settings.predict(nlp, dev))
        words = sum(map(count_words, documents))
        yield CurvePoint(share, len(documents), words, report, settings.result(report))


def _check_data(
    settings: CurveSettings, subsets: Mapping[int, list[Document]], dev: Iterable[Document]
) -> None:
    """Raise `DataError` if two subsets are the same documents, or if dev has nothing to find."""
    if len({len(documents) for documents in subsets.values()}) < len(subsets):
        what = "two shares of train are the same documents"
        raise DataError([Problem("few-documents", what, "Use fewer shares, further apart")])
    if not any(d.entities if settings.kind == "ner" else d.relations for d in dev):
        name = "entities" if settings.kind == "ner" else "relations"
        fix = f"Annotate dev documents in {settings.corpus.folder}"
        raise DataError([Problem("no-data", f"dev has no {name}", fix)])


def take_share(documents: Iterable[Document], share: int) -> list[Document]:
    """Return whole events (see `group_by_event`) up to a share, in per cent of the documents.

    A larger share contains every smaller one.
    """
    groups = group_by_event(documents)
    wanted = share * sum(map(len, groups)) / 100
    chosen: list[Document] = []
    for group in groups:
        if len(chosen) >= wanted:
            break
        chosen += group
    return chosen


def estimate_gain(points: Sequence[CurvePoint], *, bootstrap: int, seed: int) -> DoublingGain:
    """Return the least-squares slope of F1 against the binary logarithm of the document count.

    The interval holds the middle 95 % of the slopes of bootstrap replicates, each of which draws
    the same dev documents for every point. It covers the choice of dev documents, but not the
    choice of training documents or the seed of the training.
    """
    sizes = [point.documents for point in points]
    replicates = np.stack([point.f1_replicates(bootstrap, seed) for point in points], axis=1)
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(fit_slope(sizes, replicates), [tail, 1 - tail])
    slope = fit_slope(sizes, np.array([point.f1 for point in points]))
    return DoublingGain(float(slope), float(low), float(high))


def fit_slope(documents: Sequence[int], f1: Floats) -> Floats:
    """Return least-squares slopes against log2(documents), along the last axis of `f1`."""
    doublings = np.log2(documents)
    doublings -= doublings.mean()
    slopes: Floats = f1 @ doublings / (doublings @ doublings)
    return slopes


def cross_validate(settings: CurveSettings, folds: int, *, log: IO[str]) -> Report:
    """Return the scores of the held-out predictions on train and dev, pooled over the folds.

    Raises `DataError` if there are fewer events than folds.
    """
    parts = make_folds(settings.usable_documents("train", "dev"), folds)
    gold: list[Document] = []
    pred: list[Document] = []
    training = FoldTraining(
        settings.kind, settings.out, schema=settings.schema, overrides=settings.overrides
    )
    for nlp, held_out in training.train(parts, log=log):
        gold += held_out
        pred += settings.predict(nlp, held_out)
    return settings.score(gold, pred)
