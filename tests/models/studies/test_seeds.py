"""Experiments with several training seeds: folders, resuming, and means with ranges."""

import json
from pathlib import Path

import pytest
from toy import folder, sentence

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.summary import SystemReport
from aloi.models.studies import experiment_report
from aloi.models.studies.experiment import Experiment
from aloi.models.studies.seeds import SeedSummary, run_seeds, train_seeds
from aloi.models.training.job import TrainingJob

QUICK = {
    "ner": {"training.max_steps": 10, "training.eval_frequency": 10},
    "relations": {"training.max_epochs": 1, "training.eval_frequency": 5},
}


def report(found: int) -> SystemReport:
    """Return the report of a system that finds this number of the two persons of a sentence."""
    gold = sentence(1)
    persons = [entity for entity in gold.entities if entity.label == "PER"][:found]
    pred = Document(gold.id, gold.text, tuple(persons))
    return SystemReport("test", "ner", "entities", evaluate([gold], [pred]))


def test_the_summary_has_the_mean_and_range_of_each_average_and_type() -> None:
    summary = SeedSummary((1, 2, 3), ((report(2),), (report(1),), (report(2),)))
    averages, types = summary.sheets()
    # Recall is 2/3, 1/3 and 2/3 of three mentions.
    assert averages.rows[0][:5] == (
        "test: ner",
        "entities, outermost",
        "3",
        "1.000 (1.000–1.000)",
        "0.556 (0.333–0.667)",
    )
    assert types.rows == (
        ("LOC", "1", "0.000 (0.000–0.000)"),
        ("PER", "2", "0.889 (0.667–1.000)"),
    )
    recall = summary.to_json()["systems"][0]["schemes"]["outermost"]["recall"]
    assert recall["runs"] == pytest.approx([2 / 3, 1 / 3, 2 / 3])
    assert summary.warnings == ()


def test_two_seeds_are_too_few_for_a_range() -> None:
    assert "fewer than 3" in SeedSummary((1, 2), ((report(2),), (report(1),))).warnings[0]


def test_the_seed_reaches_the_training_configs(tmp_path: Path) -> None:
    corpus = Corpus.open(folder(tmp_path / "corpus"))
    experiment = Experiment(corpus, tmp_path / "build", {"system.seed": 23})
    experiment.write_splits()
    settings = [job.check().interpolate() for job in experiment._jobs()]
    assert [each["training"]["seed"] for each in settings] == [23, 23]


@pytest.mark.slow
def test_each_seed_is_trained_in_its_own_folder_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_job = Experiment._job

    def quick_job(experiment: Experiment, kind: str) -> TrainingJob:
        job = make_job(experiment, kind)
        overrides = {**QUICK[kind], **job.overrides}
        return TrainingJob(kind, job.train, job.dev, job.out, job.schema, overrides=overrides)

    monkeypatch.setattr(Experiment, "_job", quick_job)
    monkeypatch.setattr(experiment_report, "SIGNIFICANCE_REPLICATES", 10)
    corpus, out, notes = Corpus.open(folder(tmp_path / "corpus")), tmp_path / "build", []
    train_seeds(corpus, out, [1, 2], notify=notes.append)
    trained = ["ner: training", "relations: training", "pipeline: assembled"]
    assert notes == ["seed 1", *trained, "seed 2", *trained]
    records = [
        json.loads((out / f"seed-{n}" / "models" / "ner" / "meta.json").read_text("utf-8"))["aloi"]
        for n in (1, 2)
    ]
    assert [each["overrides"]["system.seed"] for each in records] == [1, 2]
    assert records[0]["fingerprint"] != records[1]["fingerprint"]
    notes.clear()
    summary = run_seeds(corpus, out, [1, 2], bootstrap=0, notify=notes.append)
    done = ["ner: up to date", "relations: up to date"]
    assert notes == ["seed 1", *done, "seed 2", *done]
    assert json.loads((out / "reports" / "seeds.json").read_text("utf-8")) == summary.to_json()
    assert "(lowest–highest) of 2 training seeds" in (out / "reports" / "seeds.md").read_text(
        "utf-8"
    )
