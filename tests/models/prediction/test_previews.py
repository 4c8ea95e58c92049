"""Predictions to look at, on plain text and on documents."""

from pathlib import Path

import pytest
from toy import pipeline, sentence

from aloi.corpus import document_files
from aloi.corpus.problems import DataError
from aloi.models.prediction.previews import preview


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("previews") / "model"
    pipeline().to_disk(folder)
    return str(folder)


@pytest.mark.parametrize("name", ["article.txt", "article"])
def test_plain_text_is_one_document(model: str, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\ufeff" + sentence(0).text + "\r\n\r\n")
    (document,) = preview(model, str(tmp_path / name)).documents
    assert document.text == sentence(0).text
    assert [each.label for each in document.entities] == ["PER", "LOC", "PER"]
    assert {each.label for each in document.relations} == {"LIVES_IN", "MEETS"}


def test_documents_are_read_in_their_format(model: str, tmp_path: Path) -> None:
    document_files.write([sentence(0), sentence(1)], tmp_path / "in.jsonl")
    (tmp_path / "in.jsonl").rename(tmp_path / "in")  # a name without suffix, as a stream has
    found = preview(model, str(tmp_path / "in"))
    assert [each.id for each in found.documents] == ["d0", "d1"]
    assert found.model.startswith("fr_pipeline 0.0.0 ")


def test_gold_entities_are_kept(model: str, tmp_path: Path) -> None:
    document_files.write([sentence(0)], tmp_path / "in.jsonl")
    (document,) = preview(model, str(tmp_path / "in.jsonl"), gold_entities=True).documents
    assert [each.id for each in document.entities] == ["a", "b", "c"]


@pytest.mark.parametrize(("content", "kind"), [(b" \n", "no-text"), (b"\xff", "not-utf8")])
def test_unusable_text_is_reported(model: str, tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "x.txt").write_bytes(content)
    with pytest.raises(DataError, match=rf"x\.txt.*{kind}"):
        preview(model, str(tmp_path / "x.txt"))
