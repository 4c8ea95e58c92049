"""Whether one system is better than another, on the same documents.

Two answers. The paired bootstrap (Efron & Tibshirani 1993) draws documents, the same for both
systems, and takes the difference of their ratios: its middle 95 %, and how often a difference
lies at least as far from the observed one as that lies from 0. Approximate randomisation (Noreen
1989; Yeh 2000) swaps the two systems' output on each document with probability 1/2: how often is
the difference, either way, at least as large as observed? Both p are (k + 1) / (n + 1), two-sided.

A replicate in which a ratio is undefined drops out and is counted. Macro is the mean over the
types in gold or in either system's output, an undefined ratio counting as 0, so that both are
divided by the same number. Randomness is laid on documents in gold's order: the same seed with
the documents in another order gives other replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from aloi.corpus.document import Document
from aloi.corpus.schema import Schema
from aloi.eval.columns import Annotations, Floats, Ints
from aloi.eval.counts import RATIOS
from aloi.eval.reports.report import ENTITIES, RELATIONS, Report, evaluate
from aloi.eval.reports.sheets import Sheet, ratio
from aloi.eval.scores import Scores
from aloi.eval.statistics.intervals import CELLS, EXACT, Interval, interval, resampled

SCHEMES = (*ENTITIES, *(name for name in RELATIONS if name != "facts-ign"))
"""What systems can be compared under; `facts-ign` would need training documents."""

DEFAULT = ("outermost", "strict")
FEW = 30
"""Below this support in gold a type's differences say little."""

CLOSE = 1e-12
"""Differences nearer than this are equal: the same fractions may round apart."""

COLUMNS = ("", "support", "baseline", "other", "difference", "p", "p Holm", "p bootstrap")

Rates = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Difference:
    """A ratio of the baseline and of the other, their difference (other − baseline), how sure.

    `interval` and `p_bootstrap` come from the paired bootstrap, `p` from randomisation, of which
    `lost` replicates left the ratio undefined; `p_holm` is `p` corrected over the types. None
    where the ratio is undefined.
    """

    baseline: float | None
    other: float | None
    difference: float | None
    interval: Interval
    p_bootstrap: float | None
    p: float | None
    lost: int
    p_holm: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {
            "baseline": self.baseline,
            "other": self.other,
            "difference": self.difference,
            "ci": [self.interval.low, self.interval.high],
            "ci_lost_replicates": self.interval.lost,
            "p_bootstrap": self.p_bootstrap,
            "p": self.p,
            "p_lost_replicates": self.lost,
            "p_holm": self.p_holm,
        }


Differences = dict[str, Difference]
"""Differences by the ratio's name."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One system against the baseline under one scheme; `support` is gold's, by type.

    Holm's correction is over the types of one contrast, for each ratio by itself; micro and macro
    are outside it, and several systems are not corrected for.
    """

    system: str
    task: str
    scheme: str
    support: dict[str, int]
    types: dict[str, Differences]
    micro: Differences
    macro: Differences

    @property
    def few(self) -> tuple[str, ...]:
        """The types whose support is under `FEW`."""
        return tuple(label for label, number in self.support.items() if number < FEW)

    def to_json(self) -> dict[str, Any]:
        """The contrast as plain values."""
        return {
            "system": self.system,
            "task": self.task,
            "scheme": self.scheme,
            "types": {
                label: {"support": self.support[label], "few": label in self.few, **_plain(each)}
                for label, each in self.types.items()
            },
            "micro": {"support": sum(self.support.values()), **_plain(self.micro)},
            "macro": _plain(self.macro),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Systems compared with a baseline on the same documents."""

    signature: str
    baseline: str
    contrasts: tuple[Contrast, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {
            "signature": self.signature,
            "baseline": self.baseline,
            "holm_family": "the types of one contrast, each ratio by itself",
            "contrasts": [contrast.to_json() for contrast in self.contrasts],
        }

    def sheets(self) -> Iterator[Sheet]:
        """A sheet a contrast: F1 of each type, then micro and macro, then their P and R."""
        for contrast in self.contrasts:
            title = (
                f"{contrast.task}, {contrast.scheme}: {contrast.system} − {self.baseline}, F1"
                " unless said"
            )
            yield Sheet(title, tuple(_rows(contrast)), COLUMNS)


def compare(
    gold: Iterable[Document] | Annotations,
    systems: Mapping[str, Iterable[Document] | Annotations],
    *,
    schemes: Sequence[str] = DEFAULT,
    schema: Schema | None = None,
    corpus: str | None = None,
    allow_missing: bool = False,
    replicates: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare every system with the first, under each of `schemes` (of `SCHEMES`).

    `systems` are predictions by name, at least two. Raises `DataError` if one of them has not
    gold's documents and texts.
    """
    columns = gold if isinstance(gold, Annotations) else Annotations.of(gold)
    reports = {
        name: evaluate(
            columns,
            pred,
            schemes=schemes,
            schema=schema,
            corpus=corpus,
            allow_missing=allow_missing,
        )
        for name, pred in systems.items()
    }
    (baseline, first), *others = reports.items()
    contrasts = tuple(
        contrast
        for name, report in others
        for contrast in _contrasts(name, first, report, replicates, seed)
    )
    return Comparison(_signature(first, replicates, seed), baseline, contrasts)


def randomised(
    baseline: Ints, other: Ints, measure: Rates, *, replicates: int, seed: int
) -> Iterator[Floats]:
    """Differences of `measure` with the systems swapped on each document with probability 1/2.

    Counts are (documents, types, numbers); what `measure` makes of (some, types, numbers) comes
    some replicates at a time.
    """
    documents = len(baseline)
    apart = (other - baseline).reshape(documents, int(np.prod(baseline.shape[1:])))
    exact = np.float32 if np.abs(apart).sum() < EXACT else np.float64
    gained: Floats = apart.astype(exact)
    generator = np.random.default_rng(seed)
    most = max(CELLS // max(documents, 1), 1)
    for done in range(0, replicates, most):
        some = min(most, replicates - done)
        swaps: Floats = generator.integers(2, size=(some, documents), dtype=np.int8).astype(exact)
        moved = (swaps @ gained).reshape(some, *baseline.shape[1:]).astype(np.float64)
        yield measure(other.sum(axis=0) - moved) - measure(baseline.sum(axis=0) + moved)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for being several (Holm 1979); None stays, and is not one of them."""
    found = sorted((value, place) for place, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, place) in enumerate(found):
        highest = max(highest, min(1.0, (len(found) - rank) * value))
        corrected[place] = highest
    return corrected


def _contrasts(
    name: str, first: Report, report: Report, replicates: int, seed: int
) -> Iterator[Contrast]:
    for task in ("entities", "relations"):
        one, other = getattr(first, task), getattr(report, task)
        for scheme in one:
            sides = (one[scheme].scores, other[scheme].scores)
            yield _contrast(name, task, scheme, sides, replicates, seed)


def _contrast(
    name: str,
    task: str,
    scheme: str,
    sides: tuple[Scores[Any], Scores[Any]],
    replicates: int,
    seed: int,
) -> Contrast:
    labels = sorted({label for side in sides for label in side.labels})
    counts = [_widened(side, labels) for side in sides]
    found = _differences(counts[0], counts[1], _measure(sides[0].kind.rates), replicates, seed)
    types = _corrected(dict(zip(labels, found, strict=False)))
    totals = [side.types for side in sides]
    support = {
        label: next(total[label].support for total in totals if label in total) for label in labels
    }
    return Contrast(name, task, scheme, support, types, found[-2], found[-1])


def _widened(scores: Scores[Any], labels: Sequence[str]) -> Ints:
    """The counts with a place for every label, 0 where the system and gold have none."""
    shape = scores.by_document.shape
    counts = np.zeros((shape[0], len(labels), shape[2]), dtype=np.int64)
    counts[:, [labels.index(label) for label in scores.labels]] = scores.by_document
    return counts


def _measure(rates: Rates) -> Rates:
    """From (some, types, numbers) the ratios (some, types + 2, 3): micro and macro come last."""

    def measure(counts: Floats) -> Floats:
        types, micro = rates(counts), rates(counts.sum(axis=-2, keepdims=True))
        number = types.shape[-2]
        if number:
            macro = np.nan_to_num(types).sum(axis=-2, keepdims=True) / number
        else:
            macro = np.full_like(micro, np.nan)
        return np.concatenate([types, micro, macro], axis=-2)

    return measure


def _differences(
    baseline: Ints, other: Ints, measure: Rates, replicates: int, seed: int
) -> list[Differences]:
    """The differences of each type, then micro, then macro."""
    one, two = (measure(side.sum(axis=0).astype(float)) for side in (baseline, other))
    drawn = resampled(np.concatenate([baseline, other], axis=1), replicates, seed)
    kinds = baseline.shape[1]
    again = measure(drawn[:, kinds:]) - measure(drawn[:, :kinds])
    swaps = randomised(baseline, other, measure, replicates=replicates, seed=seed)
    swapped = np.concatenate([np.zeros((0, *again.shape[1:])), *swaps])
    return [
        {
            name: _difference(one[row, i], two[row, i], again[:, row, i], swapped[:, row, i])
            for i, name in enumerate(RATIOS)
        }
        for row in range(kinds + 2)
    ]


def _difference(baseline: float, other: float, again: Floats, swapped: Floats) -> Difference:
    apart = other - baseline
    again_p, _ = _p_value(again - apart, apart)
    p, lost = _p_value(swapped, apart)
    one, two, difference = (None if np.isnan(x) else float(x) for x in (baseline, other, apart))
    return Difference(one, two, difference, interval(again), again_p, p, lost)


def _p_value(replicated: Floats, observed: float) -> tuple[float | None, int]:
    """How often a replicate is as far from 0 as observed, and how many are undefined."""
    defined = replicated[~np.isnan(replicated)]
    lost = len(replicated) - len(defined)
    if np.isnan(observed):
        return None, lost
    as_far = np.count_nonzero(np.abs(defined) >= abs(observed) - CLOSE)
    return (int(as_far) + 1) / (len(defined) + 1), lost


def _corrected(types: dict[str, Differences]) -> dict[str, Differences]:
    """The types' differences with Holm's p, over the types for each ratio."""
    corrected = {
        name: holm([differences[name].p for differences in types.values()]) for name in RATIOS
    }
    return {
        label: {name: replace(differences[name], p_holm=corrected[name][place]) for name in RATIOS}
        for place, (label, differences) in enumerate(types.items())
    }


def _signature(report: Report, replicates: int, seed: int) -> str:
    shared = report.signature.removesuffix(" | no bootstrap")
    return (
        f"{shared} | paired bootstrap and approximate randomisation {replicates} seed {seed}"
        f" | Holm over the types | numpy {version('numpy')}"
    )


def _plain(differences: Differences) -> dict[str, Any]:
    return {name: difference.to_json() for name, difference in differences.items()}


def _rows(contrast: Contrast) -> Iterator[tuple[str, ...]]:
    for label, each in contrast.types.items():
        number = str(contrast.support[label])
        warned = f"few: {number}" if label in contrast.few else number
        yield (label, warned, *_cells(each["f1"]))
    total = str(sum(contrast.support.values()))
    yield ("micro", total, *_cells(contrast.micro["f1"]))
    yield ("macro", "", *_cells(contrast.macro["f1"]))
    for name in RATIOS[:2]:
        yield (f"micro {name}", total, *_cells(contrast.micro[name]))
        yield (f"macro {name}", "", *_cells(contrast.macro[name]))


def _cells(found: Difference) -> list[str]:
    apart = ratio(found.difference, found.interval)
    tests = (found.p, found.p_holm, found.p_bootstrap)
    shown = ["" if p is None else f"{p:.4f}" for p in tests]
    return [ratio(found.baseline), ratio(found.other), apart, *shown]
