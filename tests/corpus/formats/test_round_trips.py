"""Round trips of native and inline files with any text."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from strategies import documents

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError


@given(documents())
def test_native_lines(document: Document) -> None:
    stream = io.StringIO()
    document_files.write_lines([document], stream)
    (record,) = document_files.read_lines(stream.getvalue().encode().splitlines(), file="x")
    assert record.document is not None
    assert same(record.document, document)


@given(documents())
def test_native_file_for_a_repository(document: Document) -> None:
    record = document_files.decode_record(document_files.pretty_json(document).encode(), file="x")
    assert record.document is not None
    assert same(record.document, document)


@given(documents())
def test_inline_markup(document: Document) -> None:
    (read,) = there_and_back([document], "inline")
    assert same(read, held(document, "inline"))


def test_a_repository_file_has_a_line_per_mention_or_relation() -> None:
    document = Document(
        "d", "Ana", (Entity(id="e1", start=0, end=3, label="PER"),), (), {"lang": "fr"}
    )
    assert document_files.pretty_json(document) == (
        '{\n "entities": [\n  {"end": 3, "id": "e1", "label": "PER", "start": 0}\n ],\n'
        ' "id": "d",\n "meta": {\n  "lang": "fr"\n },\n "text": "Ana"\n}\n'
    )


def test_no_file_is_left_after_an_error(tmp_path: Path) -> None:
    document = Document("d", "Ana", ())

    def broken() -> Iterator[Document]:
        yield document
        raise DataError([])

    for target in (tmp_path / "out.jsonl", tmp_path / "out"):
        with pytest.raises(DataError):
            document_files.write(broken(), target)
        assert list(tmp_path.iterdir()) == []
