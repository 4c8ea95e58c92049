"""A real pretrained checkpoint, if the environment variable `WEIGHTS` names one."""

import os
from pathlib import Path

import pytest
import spacy
from toy import SCHEMA, sentence

from aloi.corpus import document_files
from aloi.eval.reports.report import evaluate
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.training.pipeline_training import train_pipeline
from aloi.models.training.settings import shipped_config

pytest.importorskip("transformers", reason="the extra `transformers` is not installed")

WEIGHTS = os.environ.get("WEIGHTS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not WEIGHTS, reason="WEIGHTS does not name a pretrained checkpoint"),
]

SETTINGS = {
    "training.max_steps": 60,
    "training.eval_frequency": 20,
    "training.optimizer.learn_rate.warmup_steps": 10,
    "training.batcher.size": 100,
}


@pytest.mark.parametrize("config", ["transformer", "blank-transformer"])
def test_a_pipeline_is_trained_loaded_and_used(config: str, tmp_path: Path) -> None:
    document_files.write([sentence(number) for number in range(24)], tmp_path / "train.jsonl")
    dev = [sentence(number) for number in range(24, 34)]
    document_files.write(dev, tmp_path / "dev.jsonl")
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    train_pipeline(
        tmp_path / "train.jsonl",
        tmp_path / "dev.jsonl",
        tmp_path / "pipeline",
        schema=tmp_path / "schema.toml",
        configs={kind: shipped_config(f"{config}-{kind}") for kind in ("ner", "relations")},
        overrides={**SETTINGS, "paths.weights": WEIGHTS},
    )
    nlp = spacy.load(tmp_path / "pipeline")
    report = evaluate(dev, predict_documents(nlp, dev))
    assert report.entities["exact"].scores.micro.ratios["f1"] == 1
    assert report.relations["strict"].scores.micro.ratios["f1"] > 0.9
    bytes_ = sum(
        file.stat().st_size for file in (tmp_path / "pipeline").rglob("*") if file.is_file()
    )
    assert bytes_ < 0.3 * sum(
        file.stat().st_size for file in Path(str(WEIGHTS)).glob("*.safetensors")
    )
