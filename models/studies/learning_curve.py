"""The learning curve: how scores on dev grow with the number of training documents.

Test documents are never scored, so that they stay unseen while a corpus grows.
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
from aloi.eval.schemes import MAIN_SCHEMES, ItemKind
from aloi.eval.score_counts import RATIOS
from aloi.eval.statistics.intervals import CONFIDENCE_LEVEL, resample
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.studies.folds import FoldTraining, count_words, group_by_event, make_folds
from aloi.models.studies.joined_corpus import require_disjoint
from aloi.models.training.job import prepare_job

KIND_TASKS = {"ner": ItemKind.ENTITIES, "relations": ItemKind.RELATIONS}
"""What is scored for each kind; relations are predicted between gold entities."""

F1_COLUMN = RATIOS.index("f1")


@dataclass(frozen=True, slots=True)
class CurveSettings:
    """Settings of a learning curve or cross-validation.

    out: folder for pipelines and results. kind: "ner" or "relations". overrides: config values by
    dotted key. bootstrap: number of replicates. seed: seed of the bootstrap. also: corpus with
    train documents that are in every training set; the sizes of the curve do not count them.
    """

    corpus: Corpus
    out: Path
    kind: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: int = 1000
    seed: int = 0
    also: Corpus | None = None

    def usable_documents(self, *splits: str) -> list[Document]:
        """Return the documents of these splits, without restricted documents."""
        return _usable_documents(self.corpus, *splits)

    def fixed_documents(self) -> list[Document]:
        """Return the train documents of `also`, without restricted documents.

        Raises `DataError` if the two corpora overlap or have different schemas.
        """
        if self.also is None:
            return []
        require_disjoint([self.corpus, self.also])
        return _usable_documents(self.also, "train")

    @property
    def schema(self) -> Path:
        """The path of the schema file."""
        return self.corpus.folder / self.corpus.manifest.schema

    @property
    def scheme(self) -> str:
        """The evaluation scheme for the kind."""
        return MAIN_SCHEMES[KIND_TASKS[self.kind]]

    def score(self, gold: Iterable[Document], pred: Iterable[Document]) -> Report:
        """Return a report with the scores of predictions under the kind's scheme."""
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
        """Return the documents with predictions.

        nlp: a pipeline that predicts entities or relations. Relations are predicted between gold
        entities.
        """
        return list(predict_documents(nlp, documents, gold_entities=self.kind == "relations"))

    def result(self, report: Report) -> SchemeResult:
        """Return the result for the kind's scheme from a report."""
        return report.by_kind()[KIND_TASKS[self.kind]][self.scheme]


def _usable_documents(corpus: Corpus, *splits: str) -> list[Document]:
    documents = [document for split in splits for document in corpus.split(split)]
    return [d for d in documents if d.id not in corpus.manifest.restricted]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a learning curve: the scores on dev for one share of the train documents.

    share: percentage of the train documents. documents, words: size of the training data.
    """

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
        """Return the micro-F1 of each bootstrap replicate.

        With the same seed, replicates of different points draw the same dev documents.
        """
        scores = self.result.scores
        counts = resample(scores.by_document, count, seed).sum(axis=1)
        replicates: Floats = np.nan_to_num(scores.kind.compute_ratios(counts)[:, F1_COLUMN])
        return replicates

    def to_json(self) -> dict[str, Any]:
        """Return the point as JSON values."""
        sizes = {"share": self.share, "documents": self.documents, "words": self.words}
        return {**sizes, "report": self.report.to_json()}


@dataclass(frozen=True, slots=True)
class DoublingGain:
    """The gain in F1 per doubling of the training documents, with its confidence interval.

    slope: the gain. low, high: the interval.
    """

    slope: float
    low: float
    high: float

    def __str__(self) -> str:
        gain = f"Each doubling of the documents brought {self.slope:+.3f} F1 on dev"
        interval = f"{CONFIDENCE_LEVEL:.0%} interval {self.low:+.3f} to {self.high:+.3f}"
        return f"{gain} ({interval}): {self._conclusion()}."

    def _conclusion(self) -> str:
        if self.low > 0:
            return "doubling the corpus would likely add a similar gain"
        if self.high < 0:
            return "more documents lowered F1; check how the added documents differ from the others"
        return "the interval includes 0, so a gain from a larger corpus is not certain"


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """A measured learning curve: its points, smallest share first, and the gain per doubling."""

    settings: CurveSettings
    points: tuple[CurvePoint, ...]
    gain: DoublingGain


def measure_curve(settings: CurveSettings, shares: Sequence[int], *, log: IO[str]) -> LearningCurve:
    """Train on each share of the train documents, score on dev, and return the curve.

    shares: two or more percentages. log: stream for training messages. Raises `DataError` if two
    shares select the same documents, or if dev contains no annotations of the kind.
    """
    points = tuple(measure_points(settings, shares, log=log))
    gain = estimate_gain(points, bootstrap=settings.bootstrap, seed=settings.seed)
    return LearningCurve(settings, points, gain)


def measure_points(
    settings: CurveSettings, shares: Sequence[int], *, log: IO[str]
) -> Iterator[CurvePoint]:
    """Yield the point of each share, smallest share first; see `measure_curve`."""
    train, dev = settings.usable_documents("train"), settings.usable_documents("dev")
    fixed = settings.fixed_documents()
    subsets = {share: take_share(train, share) for share in sorted(set(shares))}
    _check_data(settings, subsets, dev)
    for share, documents in subsets.items():
        job = prepare_job(
            settings.kind,
            settings.out / f"{settings.kind}-{share}",
            [*fixed, *documents],
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
    """Raise `DataError` if two subsets are equal, or if dev has no annotations of the kind."""
    if len({len(documents) for documents in subsets.values()}) < len(subsets):
        what = "two of the shares select the same train documents"
        fix = "Use fewer shares, or shares that are further apart"
        raise DataError([Problem("few-documents", what, fix)])
    if not any(d.entities if settings.kind == "ner" else d.relations for d in dev):
        name = "entities" if settings.kind == "ner" else "relations"
        fix = f"Annotate dev documents in {settings.corpus.folder}"
        raise DataError([Problem("no-data", f"the dev documents contain no {name}", fix)])


def take_share(documents: Iterable[Document], share: int) -> list[Document]:
    """Return at least `share` per cent of the documents, without splitting events.

    Groups are selected in the order of `group_by_event`. Thus a larger share contains all documents
    of a smaller share.
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
    """Return the gain per doubling: the least-squares slope of F1 against log2(documents).

    The interval contains the middle 95 % of the bootstrap slopes. Each bootstrap replicate draws
    the same dev documents for every point. The interval reflects the choice of dev documents, but
    not the choice of training documents or the training seed.
    """
    sizes = [point.documents for point in points]
    replicates = np.stack([point.f1_replicates(bootstrap, seed) for point in points], axis=1)
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(fit_slope(sizes, replicates), [tail, 1 - tail])
    slope = fit_slope(sizes, np.array([point.f1 for point in points]))
    return DoublingGain(float(slope), float(low), float(high))


def fit_slope(documents: Sequence[int], f1: Floats) -> Floats:
    """Return least-squares slopes of F1 against log2(documents).

    documents: the number of training documents per point. Shape of `f1`: (points,) or (replicates,
    points).
    """
    doublings = np.log2(documents)
    doublings -= doublings.mean()
    slopes: Floats = f1 @ doublings / (doublings @ doublings)
    return slopes


def cross_validate(settings: CurveSettings, folds: int, *, log: IO[str]) -> Report:
    """Cross-validate on train and dev; return one report on the predictions for all folds.

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
