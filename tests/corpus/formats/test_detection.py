"""Formats are told by name and beginning; native documents are always native."""

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import detect

LONG = "a" * 9000

SAMPLES = [
    ("x.inline", "", "inline"),
    ("x.ann", "", "brat"),
    ("x.spacy", "", "spacy"),
    ("x.parquet", "", "parquet"),
    ("x.xmi", "", "xmi"),
    ("x.conllu", "", "conllu"),
    ("x.bio", "", "conll"),
    ("x.iob2", "", "conll"),
    ("x.tsv", "Ana\tB-PER\n", "conll"),
    ("x.tsv", "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\n", "hipe"),
    ("x.tsv", "\ufeff#FORMAT=WebAnno TSV 3.3\n", "webanno"),
    ("x.txt", "-DOCSTART- -X- O\n", "conll"),
    ("x.txt", '+++\nid = "d"\n', "inline"),
    ("x.xml", '<?xml version="1.0"?>\n<xmi:XMI xmlns:xmi="x">', "xmi"),
    ("x.json", '[{"data": {"text": "Ana"}, "annotations": []}]', "labelstudio"),
    ("x.json", '[{"predictions": [], "id": 1, "data": {}}]', "labelstudio"),
    ("x.json", '[{"tokens": ["Ana"], "entities": [], "relations": []}]', "spert"),
    ("x.json", '[{"title": "x", "sents": [["Ana"]], "vertexSet": []}]', "docred"),
    ("x.json", '{"doc_key": "1", "sentence": ["Ana"], "ner": []}\n', "crossre"),
    ("x.jsonl", '{"text": "Ana", "spans": [], "answer": "accept"}', "prodigy"),
    ("x.jsonl", '{"text": "Ana", "_input_hash": 1, "tokens": []}', "prodigy"),
    ("x.jsonl", f'{{"text": "{LONG}", "label": [[0, 3, "PER"]]}}', "doccano"),
    ("x.jsonl", '{"text": "A", "entities": [{"start_offset": 0}], "relations": []}', "doccano"),
    ("x.jsonl", '{"text": "A", "entities": [], "relations": [], "Comments": []}', "doccano"),
    ("x.json", '{"1": {"text": "A", "entities": [{"mentions": [], "type": "X"}]}}', "popcorn"),
    ("x.json", '[{"1": {"text": "A", "entities": [{"mentions": []}]}}]', "popcorn"),
    # A text that speaks of keys has none of them, and metadata are not the record.
    ("x.jsonl", r'{"id": "d", "text": "\"label\": {[", "entities": []}', "native"),
    ("x.json", '{"id": "d", "meta": {"text": "x", "label": "y"}, "text": ""}', "native"),
    ("x.json", '{"id": "d", "text": "breaks off, \\"spans\\": [', "native"),
    ("x.json", "", "native"),
    ("x", "nothing plain", "native"),
]


@pytest.mark.parametrize(("name", "content", "format_"), SAMPLES)
def test_a_file(name: str, content: str, format_: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert detect(tmp_path / name) == format_


def test_a_folder_is_what_its_files_are(tmp_path: Path) -> None:
    for name in ("a.json", "sub/b.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"doc_key": "1", "sentence": [], "ner": []}')
    (tmp_path / "README.md").write_text("Sentences.")
    assert detect(tmp_path) == "crossre"


def test_a_folder_of_several_formats_is_not_guessed(tmp_path: Path) -> None:
    for name in ("a.ann", "a.txt", "b.conll"):
        (tmp_path / name).touch()
    assert detect(tmp_path) == "native"


def test_a_text_beside_its_annotation_is_brat(tmp_path: Path) -> None:
    for name in ("a.ann", "a.txt", "alone.txt"):
        (tmp_path / name).write_text("Ana")
    assert [detect(tmp_path / name) for name in ("a.txt", "alone.txt")] == ["brat", "native"]


@given(documents())
def test_native_is_native_whatever_it_says(document: Document) -> None:
    stream = io.StringIO()
    document_files.write_lines([document], stream)
    for name, content in (
        ("x.jsonl", stream.getvalue()),
        ("x.json", document_files.pretty(document)),
    ):
        assert told(name, content.encode()) == "native"


@given(st.binary(max_size=40), st.sampled_from(["x.json", "x.tsv", "x"]))
def test_any_bytes_have_a_format(content: bytes, name: str) -> None:
    assert told(name, content)


def told(name: str, content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        return detect(Path(folder) / name)


def test_a_string_of_quotes_that_breaks_off_takes_no_time() -> None:
    # Read again from each quote, these 100,000 would take minutes.
    assert told("x.json", b'{"a": "' + b'\\"' * 100_000 + b"\\") == "native"
