"""An experiment that is repeated with several training seeds, and its summary over the seeds.

Each seed has its own folder, `seed-<n>/`, with everything that a single experiment writes. A run
that was interrupted resumes with the same call: pipelines that are up to date are not trained
again. The summary is in `reports/seeds.json` and `reports/seeds.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.locks import locked
from aloi.eval.reports.sheets import Sheet, markdown_code, markdown_table
from aloi.eval.reports.summary import SystemReport
from aloi.eval.schemes import EvaluationTask
from aloi.eval.score_counts import RATIOS
from aloi.eval.statistics.run_variance import MIN_RUNS, RunSummary
from aloi.models.prediction.resuming import Notify
from aloi.models.studies.experiment_report import run_experiment, train_experiment

SEED_SETTING = "system.seed"
"""The value of the training configs that a seed replaces."""

AVERAGE_COLUMNS = ("", "scheme", "support", "P", "R", "F1", "macro F1")
TYPE_COLUMNS = ("", "support", "F1")


@dataclass(frozen=True)
class SeedSummary:
    """The reports of an experiment for each training seed.

    The reports of each seed are in the same order, by split, system and task.
    """

    seeds: tuple[int, ...]
    reports: tuple[tuple[SystemReport, ...], ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the ranges must know."""
        if len(self.seeds) >= MIN_RUNS:
            return ()
        return (f"{len(self.seeds)} seeds, fewer than {MIN_RUNS}: the range says little",)

    @property
    def signature(self) -> str:
        """The signature of the first report, and the seeds."""
        seeds = ",".join(map(str, self.seeds))
        return f"{self.reports[0][0].report.signature} | training seeds {seeds}"

    def sheets(self) -> Iterator[Sheet]:
        """Yield the averages of all systems, then F1 by type of each system."""
        runs = list(zip(*self.reports, strict=True))
        rows = tuple(row for same in runs for row in _average_rows(same))
        title = f"mean (lowest–highest) of {len(self.seeds)} training seeds"
        yield Sheet(title, rows, AVERAGE_COLUMNS)
        for same in runs:
            first = same[0]
            name = f"{first.split}: {first.system}, {EvaluationTask(first.task).short_name}"
            for scheme in first.type_schemes():
                yield Sheet(f"{name}, {scheme}", tuple(_type_rows(same, scheme)), TYPE_COLUMNS)

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return {
            "signature": self.signature,
            "seeds": list(self.seeds),
            "warnings": list(self.warnings),
            "systems": [_to_json(same) for same in zip(*self.reports, strict=True)],
        }

    def write(self, folder: Path) -> None:
        """Write `seeds.json` and `seeds.md` to a folder."""
        with atomic_text_file(folder / "seeds.json") as stream:
            json.dump(self.to_json(), stream, ensure_ascii=False, indent=1)
        warnings = (f"Warning: {each}\n" for each in self.warnings)
        tables = map(markdown_table, self.sheets())
        parts = ["# Evaluation over seeds\n", *tables, *warnings, markdown_code(self.signature)]
        with atomic_text_file(folder / "seeds.md") as stream:
            stream.write("\n".join(parts) + "\n")


def run_seeds(
    corpus: Corpus,
    out: Path,
    seeds: Sequence[int],
    *,
    bootstrap: int = 1000,
    seed: int = 0,
    restricted_text: bool = False,
    log: IO[str] | None = None,
    notify: Notify = lambda message: None,
) -> SeedSummary:
    """Run the experiment with each training seed, and write the summary to reports/.

    seeds: different training seeds. seed: seed of the bootstrap. All other parameters and errors
    are those of `run_experiment`.
    """
    with locked(out):
        reports = []
        for number in seeds:
            notify(f"seed {number}")
            result = run_experiment(
                corpus,
                seed_folder(out, number),
                bootstrap=bootstrap,
                seed=seed,
                restricted_text=restricted_text,
                overrides={SEED_SETTING: number},
                log=log,
                notify=notify,
            )
            reports.append(tuple(result.reports))
        summary = SeedSummary(tuple(seeds), tuple(reports))
        summary.write(out / "reports")
    return summary


def train_seeds(
    corpus: Corpus,
    out: Path,
    seeds: Sequence[int],
    *,
    log: IO[str] | None = None,
    notify: Notify = lambda message: None,
) -> None:
    """Train the missing or outdated pipelines of each seed (see `train_experiment`)."""
    with locked(out):
        for number in seeds:
            notify(f"seed {number}")
            overrides = {SEED_SETTING: number}
            folder = seed_folder(out, number)
            train_experiment(corpus, folder, overrides=overrides, log=log, notify=notify)


def seed_folder(out: Path, number: int) -> Path:
    """Return the output folder of one seed."""
    return out / f"seed-{number}"


def _average_rows(same: Sequence[SystemReport]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each scheme; `same` are the reports of one system, one per seed."""
    first = same[0]
    for scheme in first.schemes():
        yield (
            f"{first.split}: {first.system}",
            f"{EvaluationTask(first.task).short_name}, {scheme}",
            str(first.results()[scheme].scores.micro.support),
            *map(_cell, _averages(same, scheme).values()),
        )


def _averages(same: Sequence[SystemReport], scheme: str) -> dict[str, RunSummary | None]:
    """Return the micro average of each ratio, and the macro average of F1, over the seeds."""
    scores = [each.results()[scheme].scores for each in same]
    micro = {name: summarize([each.micro.ratios[name] for each in scores]) for name in RATIOS}
    return {**micro, "macro_f1": summarize([each.macro["f1"] for each in scores])}


def _types(same: Sequence[SystemReport], scheme: str) -> dict[str, RunSummary | None]:
    """Return F1 of each type over the seeds; F1 of a type that a seed lacks is 0."""
    types = [each.results()[scheme].scores.types for each in same]
    labels = sorted({label for each in types for label in each})
    return {
        label: summarize([each[label].ratios["f1"] if label in each else 0.0 for each in types])
        for label in labels
    }


def _type_rows(same: Sequence[SystemReport], scheme: str) -> Iterator[tuple[str, ...]]:
    supports: dict[str, int] = {}
    for each in same:
        types = each.results()[scheme].scores.types
        supports |= {label: counts.support for label, counts in types.items()}
    for label, f1 in _types(same, scheme).items():
        yield (label, str(supports[label]), _cell(f1))


def summarize(values: Sequence[float | None]) -> RunSummary | None:
    """Return the summary over runs; an undefined ratio counts as 0, unless all are undefined."""
    if all(value is None for value in values):
        return None
    return RunSummary(tuple(value or 0.0 for value in values))


def _cell(summary: RunSummary | None) -> str:
    return "–" if summary is None else str(summary)


def _to_json(same: Sequence[SystemReport]) -> dict[str, Any]:
    first = same[0]
    return {
        "split": first.split,
        "system": first.system,
        "task": first.task,
        "schemes": {
            scheme: {k: v and v.to_json() for k, v in _averages(same, scheme).items()}
            for scheme in first.schemes()
        },
        "types": {
            scheme: {k: v and v.to_json() for k, v in _types(same, scheme).items()}
            for scheme in first.type_schemes()
        },
    }
