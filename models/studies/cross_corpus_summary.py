"""The summary of an evaluation across corpora: training set × test set × measure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations
from pathlib import Path
from typing import Any

from aloi.corpus.atomic_files import atomic_text_file
from aloi.eval.analysis.training_slices import SEEN, SEEN_SLICE, UNSEEN
from aloi.eval.reports.report import SchemeResult
from aloi.eval.reports.sheets import Sheet, format_ratio, markdown_code, markdown_table
from aloi.eval.reports.summary import SystemReport
from aloi.eval.schemes import EntityScheme, EvaluationTask, RelationScheme
from aloi.eval.score_counts import RATIOS, ScoreCounts
from aloi.eval.statistics.intervals import Interval
from aloi.eval.statistics.run_variance import (
    MIN_RUNS,
    RunDifference,
    RunSummary,
    compare_runs,
)
from aloi.models.studies.experiment import BASELINE, RESTRICTED_SPLIT, Experiment
from aloi.models.studies.experiment_report import BASELINE_NOTE
from aloi.models.studies.seeds import summarize

TEST_SPLITS = ("test", RESTRICTED_SPLIT)
"""The splits that are compared; dev is not, since the pipelines were selected on it."""

DIFFERENCE_REPLICATES = 10_000

SCORES_NOTE = (
    "F1: mean (lowest–highest) of the training seeds [95 % bootstrap interval over documents of "
    "the first seed]. A single document has no interval."
)
DIFFERENCES_NOTE = (
    "Differences of the means over seeds [95 % interval from the variance over documents and over "
    "seeds], and p of Welch's t test, without correction for the number of comparisons."
)
SEEN_NOTE = (
    "Surfaces are seen or unseen in the documents of the training set, so the mentions of a row "
    "differ between training sets; n is that of the first one."
)
SELECTION_NOTE = (
    "Each pipeline was trained on the train split and selected on the dev split of its training "
    "set, never on test documents."
)


@dataclass(frozen=True)
class CrossScore:
    """One score of one run: training set, test set, measure, counts and interval of F1.

    documents: number of test documents. signature: that of the report. result: the scores by type;
    None for a slice.
    """

    training_set: str
    test_set: str
    measure: str
    documents: int
    signature: str
    counts: ScoreCounts
    interval: Interval | None = None
    result: SchemeResult | None = None


@dataclass(frozen=True)
class CrossCell:
    """The scores of all runs of one training set on one test set by one measure."""

    runs: tuple[CrossScore, ...]

    @property
    def first(self) -> CrossScore:
        """The score of the first run, whose interval is reported."""
        return self.runs[0]

    def ratio(self, name: str) -> RunSummary | None:
        """Return mean and range of a ratio over the runs; None if it is undefined in all runs."""
        return summarize([run.counts.ratios[name] for run in self.runs])

    def type_f1(self, label: str) -> RunSummary | None:
        """Return mean and range of the F1 of a type; a run without the type counts as 0."""
        types = [run.result.scores.types for run in self.runs if run.result]
        return summarize(
            [each[label].ratios["f1"] if label in each else None for each in types] or [None]
        )

    def type_interval(self, label: str) -> Interval | None:
        """Return the interval of a type's F1 in the first run."""
        intervals = self.first.result.intervals if self.first.result else None
        return intervals.types[label]["f1"] if intervals and label in intervals.types else None

    def labels(self) -> list[str]:
        """Return the types in gold or in the predictions of a run, sorted."""
        results = (run.result for run in self.runs)
        return sorted({label for each in results if each for label in each.scores.types})

    def support(self, label: str) -> int:
        """Return the number of gold items of a type."""
        counts = (run.result.scores.types.get(label) for run in self.runs if run.result)
        return max((each.support for each in counts if each), default=0)

    def to_json(self) -> dict[str, Any]:
        """Return the scores as JSON values."""
        first = self.first
        ratios = {name: self.ratio(name) for name in RATIOS}
        return {
            "training_set": first.training_set,
            "test_set": first.test_set,
            "measure": first.measure,
            "documents": first.documents,
            "support": [run.counts.support for run in self.runs],
            **{name: each and each.to_json() for name, each in ratios.items()},
            "ci_of_first_run": _interval_json(first.interval),
            "types": {
                label: {
                    "support": self.support(label),
                    "f1": (f1 := self.type_f1(label)) and f1.to_json(),
                    "ci_of_first_run": _interval_json(self.type_interval(label)),
                }
                for label in self.labels()
            },
        }


@dataclass(frozen=True)
class CrossDifference:
    """The difference in F1 between two training sets: second − first."""

    first: CrossCell
    second: CrossCell
    difference: RunDifference

    @property
    def contrast(self) -> str:
        """The names of the training sets."""
        return f"{self.second.first.training_set} − {self.first.first.training_set}"

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        score = self.first.first
        place = {"test_set": score.test_set, "measure": score.measure, "contrast": self.contrast}
        content = self.difference.to_json()
        del content["p_holm"]
        return {**place, **content}


@dataclass(frozen=True)
class CrossCorpusSummary:
    """The scores of all runs; `seeds` are the training seeds, `seed` that of the bootstrap."""

    seeds: tuple[int | None, ...]
    scores: tuple[CrossScore, ...]
    seed: int = 0

    def cells(self) -> dict[tuple[str, str], dict[str, CrossCell]]:
        """Return the scores by test set and measure, then by training set."""
        runs: dict[tuple[str, str], dict[str, list[CrossScore]]] = {}
        for score in self.scores:
            row = runs.setdefault((score.test_set, score.measure), {})
            row.setdefault(score.training_set, []).append(score)
        return {
            place: {
                # All runs have the same scores of the baseline, which is not trained.
                name: CrossCell(tuple(scores[:1] if name == BASELINE else scores))
                for name, scores in row.items()
            }
            for place, row in runs.items()
        }

    @property
    def training_sets(self) -> list[str]:
        """The names of the training sets; the baseline comes last."""
        names = dict.fromkeys(score.training_set for score in self.scores)
        return sorted(names, key=lambda name: name == BASELINE)

    @property
    def notes(self) -> list[str]:
        """What a reader of the scores must know."""
        return [
            SCORES_NOTE,
            SELECTION_NOTE,
            SEEN_NOTE,
            *([BASELINE_NOTE] if BASELINE in self.training_sets else []),
            *self._few_seeds(),
        ]

    def _few_seeds(self) -> Iterator[str]:
        if len(self.seeds) < MIN_RUNS:
            yield f"The number of seeds ({len(self.seeds)}) is under {MIN_RUNS}: ranges say little"

    @property
    def signatures(self) -> dict[str, str]:
        """The signature of the first report on each test set."""
        return {each.test_set: each.signature for each in reversed(self.scores)}

    def summary_sheet(self) -> Sheet:
        """Return the table of F1: test set and measure × training set."""
        names = self.training_sets
        rows = tuple(
            (
                f"{test_set}: {measure}",
                str(next(iter(row.values())).first.counts.support),
                *(_f1_cell(row.get(name)) for name in names),
            )
            for (test_set, measure), row in self.cells().items()
        )
        return Sheet("F1 by training set", rows, ("", "n", *names))

    def type_sheets(self) -> Iterator[Sheet]:
        """Yield a table of F1 by type for each test set and measure, except for slices."""
        names = self.training_sets
        for (test_set, measure), row in self.cells().items():
            labels = sorted({label for cell in row.values() for label in cell.labels()})
            rows = tuple(
                (
                    label,
                    str(max(cell.support(label) for cell in row.values())),
                    *(_type_cell(row.get(name), label) for name in names),
                )
                for label in labels
            )
            if rows:
                yield Sheet(f"{test_set}: {measure}, F1 by type", rows, ("", "n", *names))

    @cached_property
    def differences(self) -> list[CrossDifference]:
        """The differences between all pairs of training sets, except for slices.

        A test set of one document is left out, since its variance over documents is unknown. The
        baseline is not compared.
        """
        return [
            CrossDifference(one, two, difference)
            for row in self.cells().values()
            for one, two in combinations([row[n] for n in row if n != BASELINE], 2)
            if one.first.documents > 1 and (difference := self._compare(one, two))
        ]

    def _compare(self, one: CrossCell, two: CrossCell) -> RunDifference | None:
        sides = [
            [run.result.scores for run in cell.runs if run.result is not None]
            for cell in (one, two)
        ]
        if not all(sides):
            return None
        return compare_runs(*sides, replicates=DIFFERENCE_REPLICATES, seed=self.seed).micro["f1"]

    def difference_sheet(self) -> Sheet:
        """Return the table of differences: test set and measure × pair of training sets."""
        rows: dict[str, dict[str, str]] = {}
        for each in self.differences:
            score = each.first.first
            row = rows.setdefault(f"{score.test_set}: {score.measure}", {})
            row[each.contrast] = _difference_cell(each.difference)
        contrasts = list(dict.fromkeys(contrast for row in rows.values() for contrast in row))
        cells = tuple(
            (name, *(row.get(contrast, "–") for contrast in contrasts))
            for name, row in rows.items()
        )
        return Sheet("differences in F1", cells, ("", *contrasts))

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return {
            "signatures": self.signatures,
            "seeds": list(self.seeds),
            "notes": self.notes,
            "scores": [cell.to_json() for row in self.cells().values() for cell in row.values()],
            "differences": [each.to_json() for each in self.differences],
        }

    def markdown(self) -> str:
        """Return the summary as Markdown: scores, differences, and scores by type."""
        return "\n".join(
            [
                "# Evaluation across corpora\n",
                *(f"- {note}" for note in self.notes),
                "",
                markdown_table(self.summary_sheet()),
                markdown_table(self.difference_sheet()),
                f"{DIFFERENCES_NOTE}\n",
                *map(markdown_table, self.type_sheets()),
                *(f"{name}: {markdown_code(text)}\n" for name, text in self.signatures.items()),
                f"Training seeds: {', '.join(map(str, self.seeds))}\n",
            ]
        )

    def write(self, folder: Path) -> None:
        """Write `cross-corpus.json` and `cross-corpus.md` to a folder."""
        with atomic_text_file(folder / "cross-corpus.json") as stream:
            json.dump(self.to_json(), stream, ensure_ascii=False, indent=1)
        with atomic_text_file(folder / "cross-corpus.md") as stream:
            stream.write(self.markdown())


def read_scores(reports: Iterable[SystemReport], experiment: Experiment) -> Iterator[CrossScore]:
    """Yield the scores of one run on test and on the restricted documents, from its reports."""
    labels = "+".join(experiment.shared_labels)
    for run in reports:
        if run.split not in TEST_SPLITS:
            continue
        score = partial(
            CrossScore,
            training_set=BASELINE if run.system == BASELINE else experiment.trained_on,
            test_set=f"{experiment.corpus.manifest.name}, {run.split}",
            documents=run.report.documents,
            signature=str(run.report.signature),
        )
        for measure, scheme in _measures(run, labels).items():
            result = run.results()[scheme]
            micro = result.micro()
            yield score(
                measure=measure,
                counts=micro.counts,
                interval=micro.interval("f1"),
                result=result,
            )
        for group, counts in _surface_groups(run).items():
            yield score(measure=f"{group} surfaces", counts=counts)


def _measures(run: SystemReport, shared_labels: str) -> dict[str, str]:
    """Return the scheme of each measure of a report."""
    task = EvaluationTask(run.task)
    if task is EvaluationTask.ATTRIBUTES:
        return {name.replace("-", " "): name for name in run.schemes()}
    if task is EvaluationTask.ENTITIES and run.system != "ner":
        return {f"{shared_labels}, outermost": EntityScheme.OUTERMOST}
    if task is EvaluationTask.ENTITIES:
        return {
            "all types, outermost": EntityScheme.OUTERMOST,
            "all types, all mentions": EntityScheme.EXACT,
        }
    return {f"relations, {task.short_name.replace('-', ' ')}": RelationScheme.STRICT}


def _surface_groups(run: SystemReport) -> dict[str, ScoreCounts]:
    """Return the counts of mentions with seen and with unseen surfaces, of our entities only."""
    if run.system != "ner" or run.report.analysis is None:
        return {}
    slices = {each.name: each.groups for each in run.report.analysis.entity_slices}
    groups = slices.get(SEEN_SLICE, {})
    return {name: groups[name] for name in (SEEN, UNSEEN) if name in groups}


def _f1_cell(cell: CrossCell | None) -> str:
    return "–" if cell is None else _cell(cell.ratio("f1"), cell.first.interval)


def _type_cell(cell: CrossCell | None, label: str) -> str:
    return "–" if cell is None else _cell(cell.type_f1(label), cell.type_interval(label))


def _cell(f1: RunSummary | None, interval: Interval | None) -> str:
    """Return mean, range and interval of F1; see `SCORES_NOTE`."""
    if f1 is None:
        return "–"
    bounds = format_ratio(0.0, interval).removeprefix("0.000")
    return f"{f1}{bounds}"


def _difference_cell(each: RunDifference) -> str:
    p = "–" if each.p is None else f"{each.p:.4f}"
    return f"{each.difference:+.3f} [{each.interval.low:+.3f}, {each.interval.high:+.3f}], p {p}"


def _interval_json(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [interval.low, interval.high]
