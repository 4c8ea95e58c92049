"""From a corpus folder to a report, with real training, on a corpus of toy sentences."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from toy import folder

from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.eval.reports.summary import (
    SystemReport,
    experiment_markdown,
    nesting_note,
    seen_surfaces_note,
)
from aloi.models.studies.experiment import OWN, Experiment, write_reports
from aloi.models.training import job as training

pytestmark = pytest.mark.slow

QUICK = {
    "ner": {"training.max_steps": 40, "training.eval_frequency": 20},
    "relations": {"training.max_epochs": 8, "training.eval_frequency": 5},
}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    root = tmp_path_factory.mktemp("trial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Experiment, "_job", quick_job)
        trial = Experiment(Corpus.open(folder(root / "corpus")), root / "build")
        lines = list(trial.train())
        assert lines == ["ner: training", "relations: training", "pipeline: assembled"]
        yield trial


def quick_job(trial: Experiment, kind: str) -> training.Job:
    schema = trial.corpus.folder / "schema.toml"
    data, out = [trial.data(split) for split in ("train", "dev")], trial.model(kind)
    return training.Job(kind, *data, out, schema=schema, overrides=QUICK[kind])


def test_nothing_is_trained_twice(trial: Experiment) -> None:
    assert list(trial.train()) == ["ner: up to date", "relations: up to date"]


def test_each_split_is_reported_for_each_task(trial: Experiment) -> None:
    runs = list(trial.evaluate(bootstrap=20, seed=0))
    assert {(run.split, run.task) for run in runs} == {
        (split, task)
        for split in ("dev", "test", "article")
        for task in ("entities", "relations-gold-entities", "relations-end-to-end")
    }
    assert {run.system for run in runs if run.task == "entities"} == {
        "fr_core_news_md",
        "ner, PER+LOC+ORG only",
        "ner",
    }


def test_relations_are_learnt_and_kept_through_the_whole_pipeline(trial: Experiment) -> None:
    runs = {(run.split, run.task): run for run in trial.evaluate(bootstrap=0, seed=0)}
    assert f1(runs["test", "relations-gold-entities"]) > 0.8


def written(trial: Experiment) -> Iterator[Path]:
    return (trial.out / "reports").iterdir()


def test_the_reports_are_written(trial: Experiment) -> None:
    runs = list(trial.evaluate(bootstrap=20, seed=0))
    significance = trial.significance(replicates=50, seed=0)
    assert set(significance) == {"dev", "test"}
    ours = [run for run in runs if run.system == "ner"]
    notes = [*map(nesting_note, ours), *map(seen_surfaces_note, ours)]
    write_reports(trial.out, runs, significance, experiment_markdown(runs, significance, notes))
    reports = {file.name for file in (trial.out / "reports").iterdir()}
    pages = {f"{split}-{name}.html" for split in ("dev", "test") for name in OWN}
    assert {"eval.json", "eval.md", *pages} <= reports
    content = json.loads((trial.out / "reports" / "eval.json").read_text(encoding="utf-8"))
    assert set(content) == {"runs", "significance"}
    named = {run["split"]: run["report"].get("restricted_documents") for run in content["runs"]}
    assert named == {"dev": None, "test": ["d25"], "article": ["d25"]}
    assert not any("Zoé ignore Rome" in file.read_text("utf-8") for file in written(trial))
    assert "by surface in training" in (trial.out / "reports" / "eval.md").read_text("utf-8")


def f1(run: SystemReport) -> float:
    return run.report.relations["strict"].scores.micro.ratios["f1"] or 0.0


def test_without_the_restricted_document_everything_runs(trial: Experiment, tmp_path: Path) -> None:
    corpus = folder(tmp_path / "corpus")
    (corpus / "restricted" / "d25.json").unlink()
    poorer = Experiment(Corpus.open(corpus), tmp_path / "build")
    poorer.write_splits()
    assert len(document_files.read(poorer.data("test"))) == 5
    assert document_files.read(poorer.data("article")) == []


def test_the_same_seed_gives_the_same_scores(trial: Experiment, tmp_path: Path) -> None:
    schema = trial.corpus.folder / "schema.toml"
    again = [
        training.Job(
            "relations",
            trial.data("train"),
            trial.data("dev"),
            tmp_path / name,
            schema=schema,
            overrides=QUICK["relations"],
        ).run()
        for name in ("one", "two")
    ]
    one, two = (nlp.meta["performance"] for nlp in again)
    assert one == two


def test_the_pipeline_records_what_it_came_from(trial: Experiment) -> None:
    meta = json.loads((trial.model("pipeline") / "meta.json").read_text(encoding="utf-8"))
    assert meta["license"] == "LGPL-LR"
    assert set(meta["aloi"]) == {"ner", "relations"}
    for recorded in meta["aloi"].values():
        assert recorded["schema"] == "toy 1"
        assert {"fingerprint", "train_sha256", "dev_sha256", "versions"} <= recorded.keys()
    assert (trial.model("pipeline") / "NOTICE").exists()


def run(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_plain_spacy_train_evaluate_and_package(trial: Experiment, tmp_path: Path) -> None:
    config = tmp_path / "config.cfg"
    config.write_text(training.shipped_config("relations").read_text(encoding="utf-8"))
    data = [f"--paths.{split}={trial.data(split)}" for split in ("train", "dev")]
    quick = [f"--{key}={value}" for key, value in QUICK["relations"].items()]
    run("spacy", "train", config, "--output", tmp_path / "out", *data, *quick)
    run("aloi.cli", "convert", trial.data("test"), tmp_path / "test.spacy", "--to", "spacy")
    for model in (trial.model("pipeline"), tmp_path / "out" / "model-best"):
        scores = tmp_path / "scores.json"
        run("spacy", "evaluate", model, tmp_path / "test.spacy", "--output", scores)
        assert "relations_micro_f" in json.loads(scores.read_text(encoding="utf-8"))
    run("spacy", "package", trial.model("pipeline"), tmp_path, "--build", "wheel", "--name", "toy")
    (wheel,) = tmp_path.rglob("*.whl")
    target = tmp_path / "installed"
    run("pip", "install", "--quiet", "--no-deps", "--target", target, wheel)
    assert list(target.glob("fr_toy/fr_toy-*/NOTICE"))
    nlp = spacy.load(next(target.glob("fr_toy/fr_toy-*")))
    assert nlp("Ana vit à Rome.")._.relations is not None


def test_a_document_s_text_alone_is_used(trial: Experiment, tmp_path: Path) -> None:
    bare = [Document(d.id, d.text, ()) for d in document_files.read(trial.data("test"))]
    document_files.write(bare, tmp_path / "bare.jsonl")
    outputs = []
    for source in (trial.data("test"), tmp_path / "bare.jsonl"):
        run("aloi.cli", "predict", trial.model("pipeline"), source, tmp_path / "out.jsonl")
        outputs.append((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert outputs[0] == outputs[1]
