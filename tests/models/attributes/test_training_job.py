"""The training job of attributes: record, card, resumption, and settings that apply to it."""

import io
from pathlib import Path

import msgspec
import pytest
import spacy
from attributes import SCHEMA, statement
from light_configs import light_configs

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.models.attributes.prediction import predict_attributes, without_attributes
from aloi.models.training.job import TrainingJob, pipeline_kinds

TRAIN = [statement(number) for number in range(24)]


def with_another_text(document: Document) -> Document:
    return msgspec.structs.replace(document, text=f"{document.text} Bien.")


DEV = [with_another_text(statement(number)) for number in range(24, 36)]


@pytest.fixture
def job(tmp_path: Path) -> TrainingJob:
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    files = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    for documents, file in zip((TRAIN, DEV), files, strict=True):
        document_files.write(documents, file)
    config = light_configs(tmp_path)["attributes"]
    schema = tmp_path / "schema.toml"
    return TrainingJob("attributes", *files, tmp_path / "model", schema=schema, config=config)


def test_a_job_writes_a_pipeline_with_record_and_card(job: TrainingJob) -> None:
    job.run()
    assert job.is_done()
    nlp = spacy.load(job.out)
    record = nlp.meta["aloi"]
    assert record["components"] == ["aloi_attributes"]
    assert set(record["tuning"]) == {"assertion", "metonymy"}
    assert record["tuning"]["assertion"]["items"]["negated"] == 9
    assert set(record["scores"]["relations"]) == {"relation-attribute-values"}
    card = (job.out / "README.md").read_text(encoding="utf-8")
    assert "Attributes of gold entities and relations, dev: values of relations" in card
    assert "finds the attributes of given entities and relations" in card
    assert "| assertion=negated | 3 |" in card
    assert len(list(predict_attributes(nlp, DEV))) == 12


def test_a_job_that_is_done_is_not_run_again(job: TrainingJob) -> None:
    job.run()
    log = io.StringIO()
    job.resume(log=log)
    assert "up to date" in log.getvalue()


def test_a_pipeline_has_attributes_only_if_the_training_documents_have_any() -> None:
    assert pipeline_kinds(TRAIN) == ("ner", "relations", "attributes")
    assert pipeline_kinds([without_attributes(each) for each in TRAIN]) == ("ner", "relations")
