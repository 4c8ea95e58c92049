"""Prediction from file to file by a Python call, without the command line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import spacy

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.models.prediction.prediction_files import PredictionResult, predict_to_file

IDS = [f"d{number}" for number in range(10)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a rule-based pipeline `model` and ten documents `in.jsonl`."""
    nlp = spacy.blank("fr")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "Ana"}])
    nlp.batch_size = 1
    nlp.to_disk(tmp_path / "model")
    document_files.write((Document(id_, "Ana vit.", ()) for id_ in IDS), tmp_path / "in.jsonl")
    return tmp_path


def stop_after(count: int, items: Iterable[Document]) -> Iterator[Document]:
    for number, item in enumerate(items):
        if number == count:
            raise KeyboardInterrupt
        yield item


def test_all_documents_are_annotated(folder: Path) -> None:
    paths = (folder / name for name in ("model", "in.jsonl", "out.jsonl"))
    assert predict_to_file(*map(str, paths)) == PredictionResult(10)
    predicted = document_files.read(folder / "out.jsonl")
    assert [document.id for document in predicted] == IDS
    assert all([e.label for e in document.entities] == ["PER"] for document in predicted)


def test_an_interrupted_run_is_resumed(folder: Path) -> None:
    model, source, target = (str(folder / name) for name in ("model", "in.jsonl", "out.jsonl"))
    messages: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        predict_to_file(
            model,
            source,
            target,
            progress=lambda items, what, total, done: stop_after(4, items),
            notify=messages.append,
        )
    assert not Path(target).exists()
    assert predict_to_file(model, source, target, notify=messages.append) == PredictionResult(10, 4)
    assert messages == [
        f"Stopped; run the same command again to resume {target}.partial",
        f"{target}.partial: resuming after 4 documents",
    ]
    assert [document.id for document in document_files.read(target)] == IDS


def test_a_different_input_starts_over(folder: Path) -> None:
    model, source, target = (str(folder / name) for name in ("model", "in.jsonl", "out.jsonl"))
    with pytest.raises(KeyboardInterrupt):
        predict_to_file(
            model,
            source,
            target,
            progress=lambda items, what, total, done: stop_after(4, items),
        )
    document_files.write([Document("new", "Ana.", ())], source)
    messages: list[str] = []
    assert predict_to_file(model, source, target, notify=messages.append) == PredictionResult(1)
    assert messages == [f"{target}.partial: input changed, starting over"]


def test_a_wrong_model_is_reported(folder: Path) -> None:
    with pytest.raises(DataError, match="cannot be loaded as a pipeline"):
        predict_to_file(
            str(folder / "in.jsonl"), str(folder / "in.jsonl"), str(folder / "out.jsonl")
        )
