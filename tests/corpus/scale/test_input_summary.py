"""All problems of a large input are reported before the work on it begins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.input_summary import summarize_input

LINE = '{"id": "%s", "text": "%s", "entities": []}\n'


def too_long(document: Document) -> Iterator[Problem]:
    if len(document.text) > 5:
        yield Problem("too-long", "too long", "Cut it", document.id)


def test_documents_are_counted_and_read_from_a_position(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(LINE % ("a", "x") + "\n" + LINE % ("b", "y") + LINE % ("c", "z"))
    found = summarize_input(str(file), too_long)
    assert found.documents == 3
    assert [document.id for document in found.read(skip=1)] == ["b", "c"]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    ids = ("a", "b", "a", "c", "a")
    file.write_text("".join(LINE % (id_, "x") for id_ in ids) + "{\n" + LINE % ("d", "too long"))
    with pytest.raises(DataError) as raised:
        summarize_input(str(file), too_long)
    assert [(problem.kind, problem.line) for problem in raised.value.problems] == [
        ("broken-json", 6),
        ("too-long", 7),
        ("document-id-twice", 3),
        ("document-id-twice", 5),
    ]
    assert "first used in " + str(file) + ":1" in str(raised.value)


def test_the_hash_depends_on_the_content(tmp_path: Path) -> None:
    hashes = set()
    for number, text in enumerate(("x", "x", "y")):
        file = tmp_path / f"{number}.jsonl"
        file.write_text(LINE % ("a", text))
        hashes.add(summarize_input(str(file), too_long).sha256)
    assert len(hashes) == 2


def test_other_formats_and_folders_are_read(tmp_path: Path) -> None:
    documents = [Document(name, name, ()) for name in ("a", "b")]
    document_files.write(documents, tmp_path / "folder")
    (tmp_path / "in.inline").write_text('+++\nid = "a"\n+++\na\n+++\n')
    assert list(summarize_input(str(tmp_path / "folder"), too_long).read()) == documents
    assert summarize_input(str(tmp_path / "in.inline"), too_long).documents == 1
