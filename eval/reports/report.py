"""The report: every scheme's scores of one prediction, with the signature that names them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from aloi.corpus.document import Document
from aloi.corpus.rights import RESTRICTED_DOCUMENTS, RESTRICTED_TEXT
from aloi.corpus.schema import Schema
from aloi.eval import items
from aloi.eval.columns import Annotations
from aloi.eval.counts import Tally
from aloi.eval.pairing import Pair, pair
from aloi.eval.scores import Scores, score
from aloi.eval.statistics.intervals import Interval, Intervals, intervals

if TYPE_CHECKING:
    from aloi.eval.alignment import Alignment
    from aloi.eval.analysis.overview import Analysis
    from aloi.eval.facts import Names

SEMEVAL = ("semeval-strict", "semeval-exact", "semeval-partial", "semeval-type")
ENTITIES = ("exact", "outermost", *SEMEVAL)
FACTS = ("facts", "facts-ign")
RELATIONS = ("strict", "boundaries", *FACTS)
"""`facts-ign` needs training documents."""


@dataclass(frozen=True, slots=True)
class Result:
    """The scores under one scheme, and their intervals if a bootstrap was asked for."""

    scores: Scores[Any]
    intervals: Intervals | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Results by scheme name; `unknown` are predicted labels that the schema lacks.

    Relations in `symmetric` were compared either way; `analysis` looks behind the scores of a whole
    report, unless it was made of shards.
    """

    signature: str
    documents: int
    entities: dict[str, Result]
    relations: dict[str, Result]
    unknown: tuple[str, ...] = ()
    symmetric: frozenset[str] = frozenset()
    analysis: Analysis | None = None

    @property
    def restricted(self) -> frozenset[str]:
        """The ids of the restricted documents in the analysis; scores alone have no text."""
        return self.analysis.errors.pair.restricted if self.analysis else frozenset()

    @property
    def has_restricted_text(self) -> bool:
        """Whether the report contains text of a restricted document."""
        return bool(self.analysis and self.restricted - self.analysis.errors.pair.withheld)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, the same content for machines."""
        return {
            **text_mark([self]),
            **({RESTRICTED_DOCUMENTS: sorted(self.restricted)} if self.restricted else {}),
            "signature": self.signature,
            "documents": self.documents,
            "unknown_labels": list(self.unknown),
            "entities": {name: _plain(result) for name, result in self.entities.items()},
            "relations": {name: _plain(result) for name, result in self.relations.items()},
            **({"analysis": self.analysis.to_json()} if self.analysis else {}),
        }


def text_mark(reports: Iterable[Report]) -> dict[str, bool]:
    """Return the key that marks JSON with restricted text of some reports; nothing without any."""
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
) -> Report:
    """Score predictions against gold, entities and relations, per type and together.

    `schemes`: which of `ENTITIES` and `RELATIONS`, and nothing else; all of them, and the analysis
    of the errors, unless said. `schema` tells which
    relations are symmetric (without one, none is). `train` are the documents that the system
    learned from. `corpus` names the corpus in the signature; without it, gold's hash does.
    `bootstrap` is the number of replicates. The report has no text of restricted documents, that
    is of those whose metadata forbids redistribution and of the ids in `restricted`, unless
    `restricted_text` asks for it. Raises `DataError` if the two sides are not the same
    documents with the same texts.
    """
    columns = [_columns(side) for side in (gold, pred)]
    both = pair(
        *columns,
        allow_missing=allow_missing,
        restricted=restricted,
        restricted_text=restricted_text,
    )
    symmetric = schema.symmetric if schema else frozenset[str]()
    learned = None if train is None else _columns(train)
    scope = Scope.of(schemes, symmetric, learned)
    alignment = _aligned(both, scope)
    counted = _counted(columns, both, alignment, scope)
    found = report(
        counted,
        schema=schema,
        corpus=corpus,
        allow_missing=allow_missing,
        bootstrap=bootstrap,
        seed=seed,
    )
    analysis = None
    if schemes is None and alignment is not None:
        analysis = _analysis(both, alignment, symmetric, learned)
    return replace(found, symmetric=symmetric, analysis=analysis)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted: which schemes, which relations either way, what training `stated`."""

    schemes: frozenset[str]
    symmetric: frozenset[str]
    stated: Names | None

    @classmethod
    def of(
        cls, schemes: Collection[str] | None, symmetric: frozenset[str], train: Annotations | None
    ) -> Scope:
        """All schemes unless said."""
        wanted = frozenset((*ENTITIES, *RELATIONS) if schemes is None else schemes)
        if train is None or wanted.isdisjoint(FACTS):
            return cls(wanted, symmetric, None)
        from aloi.eval.facts import stated_facts  # noqa: PLC0415 - few ask for it

        return cls(wanted, symmetric, stated_facts(train, symmetric=symmetric))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a comparison counts: scores by scheme, `total` of gold, the labels predicted."""

    documents: int
    gold: int
    entities: dict[str, Scores[Any]]
    relations: dict[str, Scores[Any]]
    predicted: frozenset[str]


def count(gold: Annotations, pred: Annotations, scope: Scope, *, allow_missing: bool) -> Counted:
    """Count, and nothing else; raises `DataError` as `evaluate` does."""
    both = pair(gold, pred, allow_missing=allow_missing)
    return _counted([gold, pred], both, _aligned(both, scope), scope)


def _counted(
    columns: list[Annotations], both: Pair, alignment: Alignment | None, scope: Scope
) -> Counted:
    gold, pred = columns
    return Counted(
        len(both),
        gold.total(),
        dict(_entity_scores(both, scope, alignment)),
        dict(_relation_scores(both, scope)),
        frozenset((*pred.labels, *pred.relation_labels)),
    )


def report(
    counted: Counted,
    *,
    schema: Schema | None,
    corpus: str | None,
    allow_missing: bool,
    bootstrap: int,
    seed: int,
) -> Report:
    """The report of what was counted, as `evaluate` makes it, but for what needs the documents."""

    def results(found: dict[str, Scores[Any]]) -> dict[str, Result]:
        return {
            name: Result(
                scores, intervals(scores, replicates=bootstrap, seed=seed) if bootstrap else None
            )
            for name, scores in found.items()
        }

    parts = (
        f"aloi {version('aloi')}",
        f"corpus {corpus}" if corpus else f"gold {counted.gold:064x}"[:17],
        f"{counted.documents} documents",
        f"schema {schema}" if schema else "no schema, relations directed",
        f"entities {'+'.join(counted.entities) or 'none'}",
        f"relations {'+'.join(counted.relations) or 'none'}",
        *(["missing documents allowed"] if allow_missing else []),
        f"bootstrap {bootstrap} seed {seed}" if bootstrap else "no bootstrap",
    )
    known = {*schema.entities, *schema.relations} if schema else counted.predicted
    return Report(
        " | ".join(parts),
        counted.documents,
        results(counted.entities),
        results(counted.relations),
        tuple(sorted(counted.predicted - known)),
    )


def _aligned(both: Pair, scope: Scope) -> Alignment | None:
    if scope.schemes.isdisjoint(SEMEVAL):
        return None
    from aloi.eval.alignment import align  # noqa: PLC0415 - exact scores need none of it

    return align(both)


def _analysis(
    both: Pair, alignment: Alignment, symmetric: frozenset[str], train: Annotations | None
) -> Analysis:
    from aloi.eval.analysis.overview import analyse  # noqa: PLC0415 - as above

    return analyse(both, alignment, symmetric=symmetric, train=train)


def _columns(documents: Iterable[Document] | Annotations) -> Annotations:
    return documents if isinstance(documents, Annotations) else Annotations.of(documents)


def _entity_scores(
    both: Pair, scope: Scope, alignment: Alignment | None
) -> Iterator[tuple[str, Scores[Any]]]:
    size, wanted = len(both), scope.schemes
    if "exact" in wanted:
        yield "exact", score(*items.spans(both), documents=size, labels=both.labels)
    if "outermost" in wanted:
        yield "outermost", score(*items.outermost_spans(both), documents=size, labels=both.labels)
    if alignment is not None:
        from aloi.eval.semeval import outcomes  # noqa: PLC0415 - only these schemes need it

        found = outcomes(both, alignment)
        yield from ((f"semeval-{n}", s) for n, s in found.items() if f"semeval-{n}" in wanted)


def _relation_scores(both: Pair, scope: Scope) -> Iterator[tuple[str, Scores[Any]]]:
    labels, symmetric = both.relation_labels, scope.symmetric
    for name in ("strict", "boundaries"):
        if name in scope.schemes:
            sides = items.relations(both, typed=name == "strict", symmetric=symmetric)
            yield name, score(*sides, documents=len(both), labels=labels)
    if not scope.schemes.isdisjoint(FACTS):
        from aloi.eval.facts import facts, unstated  # noqa: PLC0415 - as above

        told = facts(both, symmetric=symmetric)
        scores = score(*told.items(labels), documents=len(both), labels=labels)
        yield "facts", scores
        if scope.stated is not None:
            yield "facts-ign", unstated(told, scores, scope.stated)


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
