"""Round trips of native and inline files with any text."""

import io
import json
import time
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


def test_ids_that_cannot_be_file_names_are_encoded(tmp_path: Path) -> None:
    documents = [Document(id_, "Ana", ()) for id_ in ("../x", "a/b", "Xi: 50%", "é", "?")]
    document_files.write(documents, tmp_path / "out")
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["%2E.%2Fx.json", "%3F.json", "Xi%3A%2050%25.json", "a%2Fb.json", "é.json"]
    read = document_files.read(tmp_path / "out")
    assert sorted(read, key=lambda d: d.id) == sorted(documents, key=lambda d: d.id)


def test_an_indented_file_is_one_document_whatever_its_suffix(tmp_path: Path) -> None:
    document = Document("d", "Ana", (Entity(id="e1", start=0, end=3, label="PER"),))
    for name in ("d.json", "d.jsonl", "d"):
        (tmp_path / name).write_text(document_files.pretty_json(document))
        assert document_files.read(tmp_path / name) == [document]


def test_lines_of_many_problems_are_found_in_one_pass() -> None:
    # 3,000 invalid entities in one indented document: scanning the file for each took minutes.
    entities = [{"id": f"e{n}", "start": 0, "end": 9, "label": "X"} for n in range(3000)]
    relations = [{"head": "e1", "tail": f"f{n}", "label": "R"} for n in range(3000)]
    document = {"id": "d", "text": "Ana", "entities": entities, "relations": relations}
    raw = json.dumps(document, indent=1).encode()
    started = time.process_time()
    problems = document_files.decode_record(raw, file="x").problems
    assert time.process_time() - started < 5
    lines = raw.decode().splitlines()
    assert len(problems) == 6000
    assert all(
        f'"{problem.item}"' in lines[problem.line - 1]
        for problem in problems
        if problem.line is not None and problem.kind == "offset-outside-text"
    )
    last = next(p for p in problems if p.item == "relation e1 R f2999")
    assert last.line is not None
    assert '"f2999"' in "".join(lines[last.line - 1 : last.line + 6])


def test_no_file_is_left_after_an_error(tmp_path: Path) -> None:
    document = Document("d", "Ana", ())

    def broken() -> Iterator[Document]:
        yield document
        raise DataError([])

    for target in (tmp_path / "out.jsonl", tmp_path / "out"):
        with pytest.raises(DataError):
            document_files.write(broken(), target)
        assert list(tmp_path.iterdir()) == []
