"""The learning curve: how scores on dev grow with the documents learned from.

Test is never scored, so that it stays unseen while a corpus grows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from spacy.language import Language

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.files import atomic_folder
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.statistics.plots import COLOURS, GREY, new_figure, save_svg, svg_style
from aloi.eval.columns import Floats
from aloi.eval.counts import RATIOS
from aloi.eval.reports.report import Report, SchemeResult, evaluate
from aloi.eval.statistics.intervals import CONFIDENCE_LEVEL, resample
from aloi.models.prediction.pipelines import predict
from aloi.models.studies.folds import Fold, Rounds, by_event
from aloi.models.training.job import prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMES = {"ner": "outermost", "relations": "strict"}
"""What each kind is scored by; relations between gold's mentions."""

F1 = RATIOS.index("f1")


@dataclass(frozen=True, slots=True)
class CurveSettings:
    """What is trained and how it is scored; `bootstrap` is the number of replicates."""

    corpus: Corpus
    out: Path
    kind: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: int = 1000
    seed: int = 0

    def taught(self, *splits: str) -> list[Document]:
        """The documents of these splits that may be learned from: all but the restricted."""
        found = [document for split in splits for document in self.corpus.split(split)]
        return [d for d in found if d.id not in self.corpus.manifest.restricted]

    @property
    def schema(self) -> Path:
        """The schema's file."""
        return self.corpus.folder / self.corpus.manifest.schema

    def report(self, gold: Iterable[Document], pred: Iterable[Document]) -> Report:
        """The scores of predictions by the kind's scheme."""
        return evaluate(
            gold,
            pred,
            schemes=[SCHEMES[self.kind]],
            schema=self.corpus.schema,
            corpus=str(self.corpus),
            bootstrap=self.bootstrap,
            seed=self.seed,
        )

    def predicted(self, nlp: Language, documents: Iterable[Document]) -> list[Document]:
        """What a pipeline of the kind predicts."""
        return list(predict(nlp, documents, gold_entities=self.kind == "relations"))

    def result(self, report: Report) -> SchemeResult:
        """The kind's result of a report."""
        found = report.entities if self.kind == "ner" else report.relations
        return found[SCHEMES[self.kind]]


@dataclass(frozen=True, slots=True)
class Point:
    """The scores on dev after learning from a share of train, in per cent of its documents."""

    share: int
    documents: int
    words: int
    report: Report
    result: SchemeResult

    @property
    def f1(self) -> float:
        """Micro-F1; 0 where it is undefined."""
        return self.result.scores.micro.ratios["f1"] or 0.0

    def replicates(self, count: int, seed: int) -> Floats:
        """The micro-F1 of each bootstrap replicate; the same seed draws the same documents."""
        scores = self.result.scores
        counts = resample(scores.by_document, count, seed).sum(axis=1)
        drawn: Floats = np.nan_to_num(scores.kind.compute_ratios(counts)[:, F1])
        return drawn

    def to_json(self) -> dict[str, Any]:
        """The point as plain values."""
        sizes = {"share": self.share, "documents": self.documents, "words": self.words}
        return {**sizes, "report": self.report.to_json()}


@dataclass(frozen=True, slots=True)
class Gain:
    """What each doubling of the documents brought in F1, and its interval (see `gain`)."""

    slope: float
    low: float
    high: float

    def __str__(self) -> str:
        spread = f"{self.low:+.3f} to {self.high:+.3f}"
        brought = f"Each doubling of the documents brought {self.slope:+.3f} F1 on dev"
        if self.low > 0:
            told = "doubling the corpus would likely bring about as much again"
        elif self.high < 0:
            told = "more documents made it worse; look for what sets the later ones apart"
        else:
            told = "the interval includes 0, so this does not show that doubling would help"
        return f"{brought} ({CONFIDENCE_LEVEL:.0%} interval {spread}): {told}."


def subset(documents: Iterable[Document], share: int) -> list[Document]:
    """The first events, by the hash of their names, that make up a share (per cent) or more.

    A larger share holds every smaller one.
    """
    groups = by_event(documents)
    wanted = share * sum(map(len, groups)) / 100
    taken: list[Document] = []
    for group in groups:
        if len(taken) >= wanted:
            break
        taken += group
    return taken


def points(plan: CurveSettings, shares: Sequence[int], *, progress: IO[str]) -> Iterator[Point]:
    """Train on each share of train, and score on dev.

    A share trained before from the same is taken as it is. Raises `DataError` if two shares are
    the same documents, or dev holds nothing to find.
    """
    train, dev = plan.taught("train"), plan.taught("dev")
    subsets = {share: subset(train, share) for share in sorted(set(shares))}
    if len({len(documents) for documents in subsets.values()}) < len(subsets):
        what = f"shares of {len(train)} train documents that are the same documents"
        raise DataError([Problem("few-documents", what, "Ask for fewer shares")])
    if not any(d.entities if plan.kind == "ner" else d.relations for d in dev):
        what = f"dev has nothing that {plan.kind} could find"
        raise DataError([Problem("no-data", what, f"Annotate documents in {plan.corpus.folder}")])
    for share, documents in subsets.items():
        where = plan.out / f"{plan.kind}-{share}"
        job = prepare(
            plan.kind, where, documents, dev, schema=plan.schema, overrides=plan.overrides
        )
        report = plan.report(dev, plan.predicted(job.resume(progress=progress), dev))
        words = sum(len(document.text.split()) for document in documents)
        yield Point(share, len(documents), words, report, plan.result(report))


def gain(points: Sequence[Point], *, bootstrap: int, seed: int) -> Gain:
    """The least-squares slope of F1 against the binary logarithm of the number of documents.

    The interval holds the middle 95 % of the slopes of bootstrap replicates, in each of which the
    same dev documents are drawn for every point. It tells how far other dev documents would move
    the slope; what another choice of train documents or another seed of training would do, it
    does not.
    """
    sizes = [point.documents for point in points]
    drawn = np.stack([point.replicates(bootstrap, seed) for point in points], axis=1)
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(slope(sizes, drawn), [tail, 1 - tail])
    measured = slope(sizes, np.array([point.f1 for point in points]))
    return Gain(float(measured), float(low), float(high))


def slope(documents: Sequence[int], f1: Floats) -> Floats:
    """Least-squares slopes against log2(documents) along the last axis of `f1`, one a document."""
    places = np.log2(documents)
    places -= places.mean()
    slopes: Floats = f1 @ places / (places @ places)
    return slopes


def cross_validate(plan: CurveSettings, parts: Sequence[Fold], *, progress: IO[str]) -> Report:
    """The scores of the held-out predictions of all folds, pooled and counted once."""
    gold: list[Document] = []
    pred: list[Document] = []
    rounds = Rounds(plan.kind, plan.out, schema=plan.schema, overrides=plan.overrides)
    for nlp, held_out in rounds.run(parts, progress=progress):
        gold += held_out
        pred += plan.predicted(nlp, held_out)
    return plan.report(gold, pred)


def write(plan: CurveSettings, points: Sequence[Point], gain: Gain) -> None:
    """Write `curve.json` and `curve.svg` into the plan's folder, both or neither."""
    content = {
        "corpus": str(plan.corpus),
        "kind": plan.kind,
        "settings": dict(plan.overrides),
        "bootstrap": plan.bootstrap,
        "seed": plan.seed,
        "points": [point.to_json() for point in points],
        "gain": {"slope": gain.slope, "ci": [gain.low, gain.high], "told": str(gain)},
    }
    with atomic_folder(plan.out) as scratch, svg_style():
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (scratch / "curve.json").write_text(text, encoding="utf-8")
        save_svg(draw(plan, points, gain), scratch / "curve.svg")


def draw(plan: CurveSettings, points: Sequence[Point], gain: Gain) -> Figure:
    """F1 against the documents learned from, with intervals, and the line of the slope."""
    sizes = np.array([point.documents for point in points])
    f1 = np.array([point.f1 for point in points])
    spreads = [point.result.intervals for point in points]
    ends = [(each.micro["f1"].low, each.micro["f1"].high) for each in spreads if each]
    figure = new_figure(6, 3.5)
    axes = figure.subplots()
    axes.vlines(sizes, *np.array(ends, dtype=float).T, color=COLOURS[0], alpha=0.5)
    axes.plot(sizes, f1, "o", color=COLOURS[0])
    line = f1.mean() + gain.slope * (np.log2(sizes) - np.log2(sizes).mean())
    axes.plot(sizes, line, "--", color=GREY, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes], minor=False)
    axes.set(
        title=f"{plan.kind}, {SCHEMES[plan.kind]}: each doubling brought {gain.slope:+.3f}",
        xlabel="train documents (each twice the one before, evenly spaced)",
        ylabel="micro-F1 on dev",
    )
    axes.grid(axis="y", color="#dddddd")
    return figure
