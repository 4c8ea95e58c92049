"""A complete experiment in one call: training, evaluation, significance tests and reports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.locks import locked
from aloi.eval.reports import summary
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import Report, restricted_text_key
from aloi.eval.reports.sheets import Sheet
from aloi.eval.reports.summary import SystemReport
from aloi.eval.reports.system_comparison import Comparison
from aloi.models.prediction.resuming import Notify
from aloi.models.studies.experiment import BASELINE, RESTRICTED_SPLIT, Experiment

OWN_SYSTEMS = ("ner", "relations", "pipeline")
"""The systems that are trained on the corpus."""

SIGNIFICANCE_REPLICATES = 10_000

BASELINE_NOTE = (
    f"{BASELINE} is scored as published, but only on labels that the schema also defines. Its "
    "training data follow different annotation guidelines, so some of its errors reflect this "
    "difference."
)
INTERVAL_NOTE = (
    "Intervals are 95 % bootstrap intervals over documents; a single document has no interval."
)


@dataclass(frozen=True)
class ExperimentResult:
    """The reports of an experiment, and the comparisons with the baseline by split."""

    reports: list[SystemReport]
    significance: dict[str, Comparison]
    corpus: str
    """The name of the corpus on which the reports were made."""

    @property
    def signature(self) -> str:
        """The signature of the first report."""
        return str(self.reports[0].report.signature)

    def notes(self) -> list[str]:
        """Return sentences on how to read the scores."""
        has_baseline = any(each.system == BASELINE for each in self.reports)
        ner = [each for each in self.reports if each.system == "ner"]
        return [
            *([BASELINE_NOTE] if has_baseline else []),
            INTERVAL_NOTE,
            *map(summary.nesting_note, ner),
            *map(summary.seen_surfaces_note, ner),
        ]

    def sheets(self) -> Iterator[Sheet]:
        """Yield the tables to print: scores by type, significance on test, overview."""
        yield from summary.type_sheets(self.reports)
        if self.significance:
            yield from self.significance["test"].sheets()
        yield summary.micro_sheet(self.reports)

    def write(self, out: Path) -> None:
        """Write eval.json, eval.md and HTML pages to the folder reports/ in `out`.

        Each of our systems has two HTML pages: one for dev and one for test.
        """
        content = {
            **restricted_text_key(each.report for each in self.reports),
            "corpus": self.corpus,
            "runs": [each.to_json() for each in self.reports],
            "significance": {split: each.to_json() for split, each in self.significance.items()},
        }
        folder = out / "reports"
        with atomic_text_file(folder / "eval.json") as stream:
            json.dump(content, stream, ensure_ascii=False, indent=1)
        with atomic_text_file(folder / "eval.md") as stream:
            stream.write(summary.experiment_markdown(self.reports, self.significance, self.notes()))
        for each in self.reports:
            if each.split != RESTRICTED_SPLIT and each.system in OWN_SYSTEMS:
                with atomic_text_file(folder / f"{each.split}-{each.system}.html") as stream:
                    stream.write(render_page(_named(each)))


def _named(run: SystemReport) -> Report:
    """Return the report of a run with the names of its split and system."""
    return replace(run.report, gold_name=f"split {run.split}", pred_name=run.system)


def train_experiment(
    corpus: Corpus,
    out: Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    log: IO[str] | None = None,
    notify: Notify = lambda message: None,
) -> Experiment:
    """Train the missing or outdated pipelines of a corpus, and return the experiment.

    overrides: changed values of the training configs, by dotted key. log: stream for spaCy's table
    of losses and scores. notify: called with a message per pipeline. Raises `DataError` if another
    run is writing to `out`.
    """
    with locked(out):
        return _train(Experiment(corpus, out, overrides or {}), log, notify)


def _train(experiment: Experiment, log: IO[str] | None, notify: Notify) -> Experiment:
    for message in experiment.train(log=log):
        notify(message)
    return experiment


def run_experiment(
    corpus: Corpus,
    out: Path,
    *,
    bootstrap: int = 1000,
    seed: int = 0,
    restricted_text: bool = False,
    overrides: Mapping[str, Any] | None = None,
    log: IO[str] | None = None,
    notify: Notify = lambda message: None,
) -> ExperimentResult:
    """Train, predict on dev and test, score, compare with the baseline, and write the reports.

    bootstrap: number of replicates for intervals. seed: seed of the bootstrap and of the
    significance test. restricted_text: include the text of restricted documents in the reports.
    overrides, log, notify and errors: see `train_experiment`.
    """
    with locked(out):
        experiment = _train(Experiment(corpus, out, overrides or {}), log, notify)
        return evaluate_experiment(
            experiment, bootstrap=bootstrap, seed=seed, restricted_text=restricted_text
        )


def evaluate_experiment(
    experiment: Experiment, *, bootstrap: int, seed: int, restricted_text: bool
) -> ExperimentResult:
    """Score the trained pipelines of an experiment, and write the reports.

    The output folder is not locked. Parameters: see `run_experiment`.
    """
    reports = experiment.evaluate(bootstrap=bootstrap, seed=seed, restricted_text=restricted_text)
    result = ExperimentResult(
        list(reports),
        experiment.compare_with_baseline(replicates=SIGNIFICANCE_REPLICATES, seed=seed),
        experiment.corpus.manifest.name,
    )
    result.write(experiment.out)
    return result
