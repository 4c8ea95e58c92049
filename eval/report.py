"""The report: every scheme's scores of one prediction, with the signature that names them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from aloi.corpus.document import Document
from aloi.corpus.schema import Schema
from aloi.eval import items
from aloi.eval.annotations import Annotations
from aloi.eval.bootstrap import Interval, Intervals, intervals
from aloi.eval.counts import Tally
from aloi.eval.pairing import Pair, pair
from aloi.eval.scores import Scores, score

if TYPE_CHECKING:
    from aloi.eval.alignment import Alignment
    from aloi.eval.analysis import Analysis

SEMEVAL = ("semeval-strict", "semeval-exact", "semeval-partial", "semeval-type")
ENTITIES = ("exact", "outermost", *SEMEVAL)
RELATIONS = ("strict", "boundaries", "facts", "facts-ign")
"""`facts-ign` needs training documents."""


@dataclass(frozen=True, slots=True)
class Result:
    """The scores under one scheme, and their intervals if a bootstrap was asked for."""

    scores: Scores[Any]
    intervals: Intervals | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Results by scheme name; `unknown` are predicted labels that the schema lacks.

    `pair` is what was compared, relations in `symmetric` either way; `analysis` looks behind the
    scores of a whole report.
    """

    signature: str
    pair: Pair
    symmetric: frozenset[str]
    entities: dict[str, Result]
    relations: dict[str, Result]
    unknown: tuple[str, ...] = ()
    analysis: Analysis | None = None

    @property
    def documents(self) -> int:
        """How many documents were scored."""
        return len(self.pair)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, the same content for machines."""
        return {
            "signature": self.signature,
            "documents": self.documents,
            "unknown_labels": list(self.unknown),
            "entities": {name: _plain(result) for name, result in self.entities.items()},
            "relations": {name: _plain(result) for name, result in self.relations.items()},
            **({"analysis": self.analysis.to_json()} if self.analysis else {}),
        }


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
) -> Report:
    """Score predictions against gold, entities and relations, per type and together.

    `schemes`: which of `ENTITIES` and `RELATIONS`, and nothing else; all of them, and the analysis
    of the errors, unless said. `schema` tells which
    relations are symmetric (without one, none is). `train` are the documents that the system
    learned from. `corpus` names the corpus in the signature; without it, gold's hash does.
    `bootstrap` is the number of replicates. Raises `DataError` if the two sides are not the same
    documents with the same texts.
    """
    wanted = set((*ENTITIES, *RELATIONS) if schemes is None else schemes)
    columns = [_columns(side) for side in (gold, pred)]
    both = pair(*columns, allow_missing=allow_missing)
    symmetric = schema.symmetric if schema else frozenset[str]()

    def results(found: Iterable[tuple[str, Scores[Any]]]) -> dict[str, Result]:
        return {
            name: Result(
                scores, intervals(scores, replicates=bootstrap, seed=seed) if bootstrap else None
            )
            for name, scores in found
        }

    alignment = None if wanted.isdisjoint(SEMEVAL) else _aligned(both)
    entities = results(_entity_scores(both, wanted, alignment))
    learned = None if train is None else _columns(train)
    relations = results(_relation_scores(both, wanted, symmetric, learned))
    analysis = None
    if schemes is None and alignment is not None:
        analysis = _analysis(both, alignment, symmetric, learned)
    parts = (
        f"aloi {version('aloi')}",
        f"corpus {corpus}" if corpus else f"gold {columns[0].digest()[:12]}",
        f"{len(both)} documents",
        f"schema {schema}" if schema else "no schema, relations directed",
        f"entities {'+'.join(entities) or 'none'}",
        f"relations {'+'.join(relations) or 'none'}",
        *(["missing documents allowed"] if allow_missing else []),
        f"bootstrap {bootstrap} seed {seed}" if bootstrap else "no bootstrap",
    )
    unknown = _unknown(columns[1], schema)
    return Report(" | ".join(parts), both, symmetric, entities, relations, unknown, analysis)


def _aligned(both: Pair) -> Alignment:
    from aloi.eval.alignment import align  # noqa: PLC0415 - exact scores need none of it

    return align(both)


def _analysis(
    both: Pair, alignment: Alignment, symmetric: frozenset[str], train: Annotations | None
) -> Analysis:
    from aloi.eval.analysis import analyse  # noqa: PLC0415 - as above

    return analyse(both, alignment, symmetric=symmetric, train=train)


def _columns(documents: Iterable[Document] | Annotations) -> Annotations:
    return documents if isinstance(documents, Annotations) else Annotations.of(documents)


def _entity_scores(
    both: Pair, wanted: set[str], alignment: Alignment | None
) -> Iterator[tuple[str, Scores[Any]]]:
    size = len(both)
    if "exact" in wanted:
        yield "exact", score(*items.spans(both), documents=size, labels=both.labels)
    if "outermost" in wanted:
        yield "outermost", score(*items.outermost_spans(both), documents=size, labels=both.labels)
    if alignment is not None:
        from aloi.eval.semeval import outcomes  # noqa: PLC0415 - only these schemes need it

        found = outcomes(both, alignment)
        yield from ((f"semeval-{n}", s) for n, s in found.items() if f"semeval-{n}" in wanted)


def _relation_scores(
    both: Pair, wanted: set[str], symmetric: frozenset[str], train: Annotations | None
) -> Iterator[tuple[str, Scores[Any]]]:
    labels = both.relation_labels
    for name in ("strict", "boundaries"):
        if name in wanted:
            sides = items.relations(both, typed=name == "strict", symmetric=symmetric)
            yield name, score(*sides, documents=len(both), labels=labels)
    if not wanted.isdisjoint({"facts", "facts-ign"}):
        from aloi.eval.facts import facts, stated_facts, unstated  # noqa: PLC0415 - as above

        told = facts(both, symmetric=symmetric)
        scores = score(*told.items(labels), documents=len(both), labels=labels)
        yield "facts", scores
        if train is not None:
            yield "facts-ign", unstated(told, scores, stated_facts(train, symmetric=symmetric))


def _unknown(pred: Annotations, schema: Schema | None) -> tuple[str, ...]:
    if schema is None:
        return ()
    labels = {*pred.labels, *pred.relation_labels}
    return tuple(sorted(labels - schema.entities.keys() - schema.relations.keys()))


def _plain(result: Result) -> dict[str, Any]:
    scores, spread = result.scores, result.intervals
    return {
        "types": {
            label: _row(tally, spread.types[label] if spread else None)
            for label, tally in scores.types.items()
        },
        "micro": _row(scores.micro, spread.micro if spread else None),
        "macro": {**scores.macro, **_ci(spread.macro if spread else None)},
        "duplicates": scores.duplicates,
    }


def _row(tally: Tally, spread: dict[str, Interval] | None) -> dict[str, Any]:
    return {**tally.plain(), **tally.ratios, **_ci(spread)}


def _ci(spread: dict[str, Interval] | None) -> dict[str, Any]:
    if spread is None:
        return {}
    bounds = {name: [interval.low, interval.high] for name, interval in spread.items()}
    lost = {name: interval.lost for name, interval in spread.items() if interval.lost}
    return {"ci": bounds, **({"ci_lost_replicates": lost} if lost else {})}
