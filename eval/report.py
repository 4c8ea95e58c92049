"""The report: every scheme's scores of one prediction, with the signature that names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from aloi.corpus.collection import digest
from aloi.corpus.document import Document
from aloi.corpus.labels import labels_of
from aloi.corpus.schema import Schema
from aloi.eval.bootstrap import Interval, Intervals, intervals
from aloi.eval.counts import Counts
from aloi.eval.matching import ENTITY_SCHEMES, relation_schemes
from aloi.eval.pairing import pair
from aloi.eval.scores import Scores, score


@dataclass(frozen=True, slots=True)
class Result:
    """The scores under one scheme, and their intervals if a bootstrap was asked for."""

    scores: Scores
    intervals: Intervals | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Results by scheme name; `unknown` are predicted labels that the schema lacks."""

    signature: str
    documents: int
    entities: dict[str, Result]
    relations: dict[str, Result]
    unknown: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, the same content for machines."""
        return {
            "signature": self.signature,
            "documents": self.documents,
            "unknown_labels": list(self.unknown),
            "entities": {name: _plain(result) for name, result in self.entities.items()},
            "relations": {name: _plain(result) for name, result in self.relations.items()},
        }


def evaluate(
    gold: Iterable[Document],
    pred: Iterable[Document],
    *,
    schema: Schema | None = None,
    corpus: str | None = None,
    allow_missing: bool = False,
    bootstrap: int = 0,
    seed: int = 0,
) -> Report:
    """Score predictions against gold, entities and relations, per type and together.

    `schema` tells which relations are symmetric (without one, none is). `corpus` names the corpus
    in the signature; without it, gold's hash does. `bootstrap` is the number of replicates.
    Raises `DataError` if the two sides are not the same documents with the same texts.
    """
    gold = list(gold)
    pairs = pair(gold, pred, allow_missing=allow_missing)

    def result(scores: Scores) -> Result:
        if not bootstrap:
            return Result(scores)
        return Result(scores, intervals(scores, replicates=bootstrap, seed=seed))

    schemes = relation_schemes(schema.symmetric if schema else frozenset())
    parts = (
        f"aloi {version('aloi')}",
        f"corpus {corpus}" if corpus else f"gold {digest(gold)[:12]}",
        f"{len(gold)} documents",
        f"schema {schema}" if schema else "no schema, relations directed",
        f"entities {'+'.join(ENTITY_SCHEMES)}",
        f"relations {'+'.join(schemes)}",
        *(["missing documents allowed"] if allow_missing else []),
        f"bootstrap {bootstrap} seed {seed}" if bootstrap else "no bootstrap",
    )
    return Report(
        " | ".join(parts),
        len(pairs),
        {name: result(score(pairs, scheme)) for name, scheme in ENTITY_SCHEMES.items()},
        {name: result(score(pairs, scheme)) for name, scheme in schemes.items()},
        _unknown((prediction for _, prediction in pairs), schema),
    )


def _unknown(pred: Iterable[Document], schema: Schema | None) -> tuple[str, ...]:
    if schema is None:
        return ()
    labels = {label for document in pred for label in labels_of(document)}
    return tuple(sorted(labels - schema.entities.keys() - schema.relations.keys()))


def _plain(result: Result) -> dict[str, Any]:
    scores, spread = result.scores, result.intervals
    return {
        "types": {
            label: _row(counts, spread.types[label] if spread else None)
            for label, counts in scores.types.items()
        },
        "micro": _row(scores.micro, spread.micro if spread else None),
        "macro": {**scores.macro, **_ci(spread.macro if spread else None)},
        "duplicates": scores.duplicates,
    }


def _row(counts: Counts, spread: dict[str, Interval] | None) -> dict[str, Any]:
    plain = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn}
    return {**plain, **counts.ratios, **_ci(spread)}


def _ci(spread: dict[str, Interval] | None) -> dict[str, Any]:
    if spread is None:
        return {}
    bounds = {name: [interval.low, interval.high] for name, interval in spread.items()}
    lost = {name: interval.lost for name, interval in spread.items() if interval.lost}
    return {"ci": bounds, **({"ci_lost_replicates": lost} if lost else {})}
