"""Anchoring: how much the display of predictions influences annotators, and the time it saves.

`push --without-predictions` leaves a random share of the tasks without predictions and records this
in the metadata of the documents. The work on the tasks with and without predictions is compared
with the same predictions: a higher F1 with displayed predictions is the influence of the display,
because the tasks were chosen at random. Intervals are by bootstrap over documents, so that the work
of several annotators on one document is drawn together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aloi.annotation.compare.passes import Passes
from aloi.annotation.provenance import provenance
from aloi.annotation.server_protocol import PREDICTIONS_SHOWN
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.eval.columns import Annotations, Floats
from aloi.eval.items import mention_items, relation_items
from aloi.eval.pairing import pair_annotations
from aloi.eval.reports.sheets import Sheet, format_difference, format_ratio
from aloi.eval.score_counts import Counts
from aloi.eval.scores import score_items
from aloi.eval.scoring_choices import IntervalMethod
from aloi.eval.statistics.intervals import (
    Interval,
    quantile_interval,
    resample,
    tail_probability,
)

GROUPS = ("with predictions", "without predictions")
"""The two groups of tasks, in the order of the arrays."""

MEASURES = {
    "mentions": "F1 with the predictions, mentions",
    "relations": "F1 with the predictions, relations",
    "seconds_per_1000": "seconds per 1,000 characters",
}
"""The measures of a group by JSON key, with their names in tables."""

_F1 = 2
"""The position of F1 among the ratios."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measure of the tasks with and without predictions, and the difference of the two.

    A value is None if it is undefined, and an interval if no bootstrap was requested.
    """

    shown: float | None
    bare: float | None
    difference: float | None
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the values as a dict for JSON."""
        interval = {} if self.interval is None else {"ci": [self.interval.low, self.interval.high]}
        values = {"shown": self.shown, "bare": self.bare, "difference": self.difference}
        return {**values, **interval}


@dataclass(frozen=True)
class Anchoring:
    """The numbers of tasks with and without predictions, and the comparison of each measure.

    `documents` is the number of documents of these tasks.
    """

    tasks: tuple[int, int]
    documents: int
    comparisons: dict[str, Comparison]

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a dict for JSON."""
        measures = {name: each.to_json() for name, each in self.comparisons.items()}
        shown, bare = self.tasks
        return {"tasks": {"shown": shown, "bare": bare}, "documents": self.documents, **measures}

    def sheet(self) -> Sheet:
        """Return a table with one row per measure."""
        rows = []
        for name, each in self.comparisons.items():
            values = format_ratio(each.shown), format_ratio(each.bare)
            difference = format_difference(each.difference, each.interval)
            rows.append((MEASURES[name], *values, difference))
        title = "influence of the predictions: {} tasks with, {} without".format(*self.tasks)
        return Sheet(title, tuple(rows), ("", *GROUPS, "difference"))


def measure_anchoring(
    passes: Passes,
    predictions: Mapping[str, Document],
    *,
    symmetric: frozenset[str] = frozenset(),
    bootstrap: int = 0,
    seed: int = 0,
) -> Anchoring:
    """Compare annotators' work with predictions (by document id), with and without their display.

    Only tasks that record whether predictions were displayed are counted. `symmetric` are the
    labels of symmetric relations. `bootstrap` is the number of replicates for intervals (0: no
    intervals), and `seed` is their random seed. Raise `DataError` if there are no such tasks of one
    kind, or if the text of a prediction differs.
    """
    recorded = {
        name: [x for x in documents if x.id in predictions and PREDICTIONS_SHOWN in x.meta]
        for name, documents in passes.items()
    }
    tasks = _count_tasks(each for listed in recorded.values() for each in listed)
    if 0 in tasks:
        what = f"{tasks[0]} tasks are recorded with predictions, and {tasks[1]} without"
        fix = "Push with --predictions and --without-predictions, and enter the same predictions"
        raise DataError([Problem("no-comparison", what, fix)])
    ids = sorted({each.id for listed in recorded.values() for each in listed})
    cells = np.zeros((len(ids), len(GROUPS), _WIDTH))
    places = {id_: place for place, id_ in enumerate(ids)}
    for listed in recorded.values():
        for document, row in _task_counts(listed, predictions, symmetric):
            group = 0 if document.meta[PREDICTIONS_SHOWN] else 1
            cells[places[document.id], group] += row
    values = _measures(cells.sum(axis=0)[None])[0]
    drawn = _measures(resample(cells, bootstrap, seed)) if bootstrap else None
    return Anchoring(tasks, len(ids), _compare(values, drawn, len(ids)))


_WIDTH = 8
"""The counts of a task: tp, fp and fn of mentions and of relations, seconds, and characters."""


def _count_tasks(documents: Iterable[Document]) -> tuple[int, int]:
    shown = [bool(each.meta[PREDICTIONS_SHOWN]) for each in documents]
    return sum(shown), len(shown) - sum(shown)


def _task_counts(
    documents: list[Document], predictions: Mapping[str, Document], symmetric: frozenset[str]
) -> Iterator[tuple[Document, Floats]]:
    """Yield each document of an annotator with its counts; the predictions are the reference."""
    by_id = {each.id: each for each in documents}
    pair = pair_annotations(
        Annotations.of(predictions[id_] for id_ in by_id), Annotations.of(documents)
    )
    schemes = (
        (mention_items(pair), pair.labels),
        (relation_items(pair, typed=True, symmetric=symmetric), pair.relation_labels),
    )
    counts = [
        score_items(*items, documents=len(pair), labels=labels).by_document.sum(axis=1)
        for items, labels in schemes
    ]
    for place, id_ in enumerate(pair.ids):
        document = by_id[id_]
        seconds = provenance(document).get("lead_time")
        timed = isinstance(seconds, int | float)
        time = (seconds, len(document.text)) if timed else (0, 0)
        yield document, np.concatenate([counts[0][place], counts[1][place], time])


def _measures(cells: Floats) -> Floats:
    """Return the measures of each replicate and group; shape: (replicates, groups, measures)."""
    mentions = Counts.compute_ratios(cells[..., 0:3])[..., _F1]
    relations = Counts.compute_ratios(cells[..., 3:6])[..., _F1]
    with np.errstate(invalid="ignore", divide="ignore"):
        time = 1000 * cells[..., 6] / cells[..., 7]
    return np.stack([mentions, relations, time], axis=-1)


def _compare(values: Floats, drawn: Floats | None, documents: int) -> dict[str, Comparison]:
    tail = tail_probability(documents, IntervalMethod.EXPANDED)
    compared = {}
    for number, name in enumerate(MEASURES):
        shown, bare = values[:, number].tolist()
        interval = None
        if drawn is not None:
            interval = quantile_interval(drawn[:, 0, number] - drawn[:, 1, number], tail)
        difference = _defined(shown - bare)
        compared[name] = Comparison(_defined(shown), _defined(bare), difference, interval)
    return compared


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value
