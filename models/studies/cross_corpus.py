"""Training and evaluation across corpora.

Pipelines are trained on each corpus and on all corpora together, and each pipeline is scored on the
test documents of every corpus. A pipeline is trained on the train split and selected on the dev
split of its own corpus (of all corpora, if it is trained on all).

The pipelines of the first corpus are those of `run_experiment` or `run_seeds` in the same output
folder; all others are in `trained-on/<name>/`. The scores on another corpus are in
`tested-on/<name>/` beside the pipelines. Pipelines that are up to date are not trained again, so
that an interrupted run resumes with the same call.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.locks import locked
from aloi.models.prediction.resuming import Notify
from aloi.models.studies.cross_corpus_summary import (
    CrossCorpusSummary,
    CrossScore,
    read_scores,
)
from aloi.models.studies.experiment import Experiment
from aloi.models.studies.experiment_report import evaluate_experiment
from aloi.models.studies.joined_corpus import join_corpora, require_disjoint
from aloi.models.studies.seeds import SEED_SETTING, seed_folder

Seeds = Sequence[int | None]
"""Training seeds; None is the seed of the configs."""


@dataclass(frozen=True)
class TrainingSet:
    """A corpus to train on, and the output folder of its experiments."""

    corpus: Corpus
    out: Path

    @property
    def name(self) -> str:
        """The name of the corpus."""
        return self.corpus.manifest.name

    def experiment(self, seed: int | None) -> Experiment:
        """Return the experiment that trains with a seed and scores on the corpus itself."""
        if seed is None:
            return Experiment(self.corpus, self.out)
        return Experiment(self.corpus, seed_folder(self.out, seed), {SEED_SETTING: seed})

    def experiment_on(self, corpus: Corpus, seed: int | None) -> Experiment:
        """Return the experiment that scores the pipelines of a seed on a corpus."""
        own = self.experiment(seed)
        if corpus is self.corpus:
            return own
        folder = own.out / "tested-on" / _folder_name(corpus.manifest.name)
        return Experiment(corpus, folder, trained=own)


def training_sets(corpora: Sequence[Corpus], out: Path) -> list[TrainingSet]:
    """Return a training set for each corpus, and one of all corpora.

    Raises `DataError` if the corpora overlap or have different schemas (see `require_disjoint`).
    """
    require_disjoint(corpora)
    first, *others = corpora
    return [
        TrainingSet(first, out),
        *(
            TrainingSet(corpus, out / "trained-on" / _folder_name(corpus.manifest.name))
            for corpus in (*others, join_corpora(corpora))
        ),
    ]


def train_across(
    corpora: Sequence[Corpus],
    out: Path,
    seeds: Seeds = (None,),
    *,
    log: IO[str] | None = None,
    notify: Notify = lambda message: None,
) -> None:
    """Train the missing or outdated pipelines of each training set and seed.

    seeds: different training seeds. log: stream for spaCy's table of losses and scores. notify:
    called with messages about the progress. Raises `DataError` if the corpora overlap, have
    different schemas or empty splits, or if another run is writing to the same folders.
    """
    sets = training_sets(corpora, out)
    with locked(out, *_folders(sets, seeds)):
        _train(sets, seeds, log, notify)


def run_across(
    corpora: Sequence[Corpus],
    out: Path,
    seeds: Seeds = (None,),
    *,
    bootstrap: int = 1000,
    seed: int = 0,
    restricted_text: bool = False,
    log: IO[str] | None = None,
    notify: Notify = lambda message: None,
) -> CrossCorpusSummary:
    """Train, score each pipeline on every corpus, and write the reports and their summary.

    Each pair of pipeline and corpus has the reports of `run_experiment`. The summary is in
    reports/cross-corpus.json and cross-corpus.md of `out`. bootstrap: number of replicates. seed:
    seed of the bootstrap. restricted_text: include the text of restricted documents in the reports.
    All other parameters and errors are those of `train_across`.
    """
    sets = training_sets(corpora, out)
    with locked(out, *_folders(sets, seeds)):
        _train(sets, seeds, log, notify)
        scores: list[CrossScore] = []
        for training_set, number, corpus in _evaluations(sets, seeds, corpora):
            notify(f"scoring on {corpus.manifest.name}: {_run_name(training_set, number)}")
            experiment = training_set.experiment_on(corpus, number)
            result = evaluate_experiment(
                experiment, bootstrap=bootstrap, seed=seed, restricted_text=restricted_text
            )
            scores += read_scores(result.reports, experiment)
        summary = CrossCorpusSummary(tuple(seeds), tuple(scores), seed=seed)
        summary.write(out / "reports")
    return summary


def _train(sets: Sequence[TrainingSet], seeds: Seeds, log: IO[str] | None, notify: Notify) -> None:
    """Train all sets with the first seed, then all sets with the next one."""
    runs = [(training_set, seed) for seed in seeds for training_set in sets]
    experiments = [training_set.experiment(seed) for training_set, seed in runs]
    for experiment in experiments:  # reports empty splits before the first training
        experiment.write_splits()
    for number, (run, experiment) in enumerate(zip(runs, experiments, strict=True), start=1):
        started = time.monotonic()
        notify(f"training {number} of {len(runs)}: {_run_name(*run)}")
        for message in experiment.train(log=log):
            notify(message)
        notify(f"{(time.monotonic() - started) / 60:.1f} minutes")


def _evaluations(
    sets: Iterable[TrainingSet], seeds: Seeds, corpora: Iterable[Corpus]
) -> Iterator[tuple[TrainingSet, int | None, Corpus]]:
    """Yield training set, seed and corpus of each evaluation; the seeds of a pair are adjacent."""
    return (
        (training_set, seed, corpus)
        for corpus in corpora
        for training_set in sets
        for seed in seeds
    )


def _folders(sets: Iterable[TrainingSet], seeds: Seeds) -> list[Path]:
    return [training_set.experiment(seed).out for training_set in sets for seed in seeds]


def _run_name(training_set: TrainingSet, seed: int | None) -> str:
    return training_set.name if seed is None else f"{training_set.name}, seed {seed}"


def _folder_name(name: str) -> str:
    """Return the name of a corpus without characters that have a meaning in paths or shells."""
    return re.sub(r"[^\w.+-]+", "-", name).lstrip(".-") or "corpus"
