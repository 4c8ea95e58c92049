"""The evaluation report: the scores of one set of predictions, with intervals and signature."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from aloi.corpus.document import Document
from aloi.corpus.rights import RESTRICTED_DOCUMENTS, RESTRICTED_TEXT
from aloi.corpus.schema import Schema
from aloi.eval.columns import Annotations
from aloi.eval.document_averages import DocumentAverage, average_documents
from aloi.eval.input_checks import check_inputs
from aloi.eval.pairing import pair_annotations
from aloi.eval.reports.scoring import SchemeScores, ScoringOptions, align_if_needed, score_pair
from aloi.eval.reports.signature import Signature
from aloi.eval.schemes import ItemKind
from aloi.eval.score_counts import ScoreCounts
from aloi.eval.scores import Scores
from aloi.eval.scoring_choices import EvaluationOptions, IntervalMethod, RefComparison
from aloi.eval.statistics.intervals import (
    MIN_INSTANCES,
    Interval,
    Intervals,
    bootstrap_schemes,
    few_documents_note,
)

if TYPE_CHECKING:
    from aloi.eval.analysis.overview import Analysis


@dataclass(frozen=True, slots=True)
class TypeResult:
    """The counts of one type, or of all types (label `micro`), with intervals by ratio name."""

    label: str
    counts: ScoreCounts
    intervals: dict[str, Interval] | None

    def interval(self, ratio: str) -> Interval | None:
        """Return the interval of a ratio, or None if no bootstrap was requested."""
        return self.intervals[ratio] if self.intervals else None


@dataclass(frozen=True, slots=True)
class SchemeResult:
    """The scores under one scheme, and their intervals if a bootstrap was requested."""

    scores: Scores[Any]
    intervals: Intervals | None = None

    def types(self) -> list[TypeResult]:
        """Return the result of each type, in sorted order."""
        return [
            TypeResult(label, counts, self.intervals.types[label] if self.intervals else None)
            for label, counts in self.scores.types.items()
        ]

    def micro(self) -> TypeResult:
        """Return the result over all types."""
        intervals = self.intervals.micro if self.intervals else None
        return TypeResult("micro", self.scores.micro, intervals)


@dataclass(frozen=True, slots=True)
class Report:
    """The results of an evaluation, by scheme.

    `unknown` contains the predicted labels that are not in the schema. `symmetric` contains the
    labels of relations with interchangeable head and tail. `analysis` is None if `evaluate` was
    called with `schemes`, or if the report is from `evaluate_shards`. `gold_name` and `pred_name`
    are the names of the files or systems, for the title of a page. `models` contains the models
    that the predictions name in their metadata.
    `document_macro` contains the averages over documents by scheme; it is empty if the report is
    from `evaluate_shards`.
    """

    signature: Signature
    documents: int
    entities: dict[str, SchemeResult]
    relations: dict[str, SchemeResult]
    unknown: tuple[str, ...] = ()
    symmetric: frozenset[str] = frozenset()
    analysis: Analysis | None = None
    gold_name: str = "gold"
    pred_name: str = "predictions"
    models: tuple[str, ...] = ()
    document_macro: dict[str, dict[str, DocumentAverage]] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the scores must know."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        scored = {kind: results for kind, results in self.by_kind().items() if results}
        if not any(each.scores.types for results in scored.values() for each in results.values()):
            kinds = " or ".join(scored)
            yield f"nothing to score: neither gold nor the predictions contain {kinds}"
        elif self.signature.bootstrap:
            yield from self._doubtful_intervals(scored)

    def _doubtful_intervals(
        self, scored: Mapping[ItemKind, Mapping[str, SchemeResult]]
    ) -> Iterator[str]:
        yield from few_documents_note(self.documents)
        for kind, results in scored.items():
            first = next(iter(results.values()))
            rare = [
                f"{each.label} ({each.counts.support})"
                for each in first.types()
                if each.counts.support < MIN_INSTANCES
            ]
            if rare:
                what = f"intervals of types with under {MIN_INSTANCES} in gold are doubtful"
                yield f"{kind}, {what}: {', '.join(rare)}"

    def by_kind(self) -> dict[ItemKind, dict[str, SchemeResult]]:
        """Return the results by scheme, for entities and for relations."""
        return {ItemKind.ENTITIES: self.entities, ItemKind.RELATIONS: self.relations}

    @property
    def restricted(self) -> frozenset[str]:
        """The ids of the restricted documents.

        The set is empty for a report without analysis, because such a report contains no text.
        """
        return self.analysis.errors.pair.restricted if self.analysis else frozenset()

    @property
    def has_restricted_text(self) -> bool:
        """Whether the report contains text of a restricted document."""
        return bool(self.analysis and self.restricted - self.analysis.errors.pair.withheld)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            **restricted_text_key([self]),
            **({RESTRICTED_DOCUMENTS: sorted(self.restricted)} if self.restricted else {}),
            "signature": str(self.signature),
            "documents": self.documents,
            "warnings": list(self.warnings),
            "unknown_labels": list(self.unknown),
            "entities": {name: _result_to_json(each) for name, each in self.entities.items()},
            "relations": {name: _result_to_json(each) for name, each in self.relations.items()},
            "document_macro": {
                scheme: {name: each.to_json() for name, each in averages.items()}
                for scheme, averages in self.document_macro.items()
            },
            **({"analysis": self.analysis.to_json()} if self.analysis else {}),
        }


def restricted_text_key(reports: Iterable[Report]) -> dict[str, bool]:
    """Return the JSON key that marks restricted text, if a report contains such text."""
    return {RESTRICTED_TEXT: True} if any(each.has_restricted_text for each in reports) else {}


def evaluate(
    gold: Iterable[Document] | Annotations,
    pred: Iterable[Document] | Annotations,
    *,
    schemes: Collection[str] | None = None,
    schema: Schema | None = None,
    train: Iterable[Document] | Annotations | None = None,
    corpus: str | None = None,
    allow_missing: bool = False,
    bootstrap: int = 0,
    seed: int = 0,
    restricted: Collection[str] = (),
    restricted_text: bool = False,
    refs: RefComparison = RefComparison.MAPPED,
    interval: IntervalMethod = IntervalMethod.EXPANDED,
    min_overlap: float = 0.0,
) -> Report:
    """Score predicted entities and relations against gold, and return a report.

    The options are those of `EvaluationOptions`. Raises `DataError` if gold and predictions do not
    contain the same documents with the same texts, or if a label or score is invalid (see
    `aloi.eval.input_checks`).
    """
    options = EvaluationOptions(
        schemes=schemes,
        schema=schema,
        train=None if train is None else Annotations.of(train),
        corpus=corpus,
        allow_missing=allow_missing,
        bootstrap=bootstrap,
        seed=seed,
        restricted=restricted,
        restricted_text=restricted_text,
        refs=refs,
        interval=interval,
        min_overlap=min_overlap,
    )
    return evaluate_annotations(Annotations.of(gold), Annotations.of(pred), options)


def evaluate_annotations(
    gold: Annotations, pred: Annotations, options: EvaluationOptions
) -> Report:
    """Return the report of `evaluate`, given the annotations and all options as one value."""
    check_inputs({"gold": gold, "predictions": pred})
    pair = pair_annotations(
        gold,
        pred,
        allow_missing=options.allow_missing,
        restricted=options.restricted,
        restricted_text=options.restricted_text,
    )
    scoring = ScoringOptions.of(options)
    alignment = align_if_needed(pair, scoring)
    report = build_report(score_pair(gold, pred, pair, alignment, scoring), options)
    results = {**report.entities, **report.relations}
    report = replace(
        report,
        symmetric=options.symmetric,
        models=_models(pred),
        document_macro={name: average_documents(each.scores) for name, each in results.items()},
    )
    if options.schemes is not None or alignment is None:
        return report
    from aloi.eval.analysis.overview import analyse  # noqa: PLC0415 - not needed for scores alone

    analysis = analyse(
        pair,
        alignment,
        symmetric=options.symmetric,
        train=options.train,
        shared_refs=options.refs is RefComparison.SHARED,
    )
    return replace(report, analysis=analysis)


def build_report(scores: SchemeScores, options: EvaluationOptions) -> Report:
    """Return a report of these scores, without analysis."""
    schema = options.schema
    known = {*schema.entities, *schema.relations} if schema else scores.predicted_labels
    results = _with_intervals({**scores.entities, **scores.relations}, options)
    return Report(
        Signature(
            version("aloi"),
            options.corpus,
            f"{scores.gold_hash:064x}",
            scores.documents,
            str(schema) if schema else None,
            tuple(scores.entities),
            tuple(scores.relations),
            options.allow_missing,
            options.bootstrap,
            options.seed,
            refs=options.refs,
            interval=options.interval,
            min_overlap=options.min_overlap,
        ),
        scores.documents,
        {name: results[name] for name in scores.entities},
        {name: results[name] for name in scores.relations},
        tuple(sorted(scores.predicted_labels - known)),
    )


def _with_intervals(
    scores: dict[str, Scores[Any]], options: EvaluationOptions
) -> dict[str, SchemeResult]:
    if not options.bootstrap:
        return {name: SchemeResult(each) for name, each in scores.items()}
    intervals = bootstrap_schemes(
        [*scores.values()],
        replicates=options.bootstrap,
        seed=options.seed,
        method=options.interval,
    )
    return {
        name: SchemeResult(each, interval)
        for (name, each), interval in zip(scores.items(), intervals, strict=True)
    }


def _models(pred: Annotations) -> tuple[str, ...]:
    """Return the models that the predictions name in their metadata, in sorted order."""
    return tuple(sorted({str(meta["model"]) for meta in pred.metas if meta.get("model")}))


def _result_to_json(result: SchemeResult) -> dict[str, Any]:
    macro_intervals = result.intervals.macro if result.intervals else None
    return {
        "types": {each.label: _type_to_json(each) for each in result.types()},
        "micro": _type_to_json(result.micro()),
        "macro": {**result.scores.macro, **_intervals_to_json(macro_intervals)},
        "weighted": result.scores.weighted,
        "duplicates": result.scores.duplicates,
    }


def _type_to_json(result: TypeResult) -> dict[str, Any]:
    counts = result.counts
    return {**counts.as_dict(), **counts.ratios, **_intervals_to_json(result.intervals)}


def _intervals_to_json(intervals: dict[str, Interval] | None) -> dict[str, Any]:
    if intervals is None:
        return {}
    bounds = {name: [each.low, each.high] for name, each in intervals.items()}
    lost = {name: each.lost for name, each in intervals.items() if each.lost}
    return {"ci": bounds, **({"ci_lost_replicates": lost} if lost else {})}
