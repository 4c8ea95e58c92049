"""Formats are detected by file name and content; native documents are always native."""

import contextlib
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.registry import FORMAT_MODULES
from aloi.corpus.problems import DataError

LONG_TEXT = "a" * 9000

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
    ("x.json", '[{"id": 1, "completions": [], "data": {}}]', "labelstudio"),
    ("x.json", '[{"id": 1, "text": "Ana", "annotator": 1, "annotation_id": 2}]', "labelstudio"),
    ("x.json", f'[{{"data": {{"text": "{"a" * 300_000}"}}, "annotations": []}}]', "labelstudio"),
    ("x.jsonl", '{"text": "Ana", "label": "POS", "answer": "accept"}', "prodigy"),
    ("x.json", '[{"tokens": ["Ana"], "entities": [], "relations": []}]', "spert"),
    ("x.json", '[{"title": "x", "sents": [["Ana"]], "vertexSet": []}]', "docred"),
    ("x.json", '{"doc_key": "1", "sentence": ["Ana"], "ner": []}\n', "crossre"),
    ("x.jsonl", '{"text": "Ana", "spans": [], "answer": "accept"}', "prodigy"),
    ("x.jsonl", '{"text": "Ana", "_input_hash": 1, "tokens": []}', "prodigy"),
    ("x.jsonl", f'{{"text": "{LONG_TEXT}", "label": [[0, 3, "PER"]]}}', "doccano"),
    ("x.jsonl", '{"text": "A", "entities": [{"start_offset": 0}], "relations": []}', "doccano"),
    ("x.jsonl", '{"text": "A", "entities": [], "relations": [], "Comments": []}', "doccano"),
    ("x.json", '{"1": {"text": "A", "entities": [{"mentions": [], "type": "X"}]}}', "popcorn"),
    ("x.json", '[{"1": {"text": "A", "entities": [{"mentions": []}]}}]', "popcorn"),
    # Keys inside a text or in the metadata are not keys of the record.
    ("x.jsonl", r'{"id": "d", "text": "\"label\": {[", "entities": []}', "native"),
    ("x.json", '{"id": "d", "meta": {"text": "x", "label": "y"}, "text": ""}', "native"),
    ("x.json", '{"id": "d", "text": "breaks off, \\"spans\\": [', "native"),
    ("x.json", "", "native"),
    ("x", "nothing plain", "native"),
]


@pytest.mark.parametrize(("name", "content", "format_"), SAMPLES)
def test_format_of_a_file(name: str, content: str, format_: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert detect_format(tmp_path / name) == format_


def test_a_folder_has_the_format_of_its_files(tmp_path: Path) -> None:
    for name in ("a.json", "sub/b.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"doc_key": "1", "sentence": [], "ner": []}')
    (tmp_path / "README.md").write_text("Sentences.")
    assert detect_format(tmp_path) == "crossre"


def test_a_folder_with_several_formats_is_an_error(tmp_path: Path) -> None:
    for name in ("a.ann", "a.txt", "b.conll"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"brat \(a.ann\), conll \(b.conll\).*Set --from"):
        detect_format(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "contains no files.*Set --from"),
        ("a.txt", "only files of other kinds .*aloi corpus add"),
        ("a.md", "only files of other kinds .*Set --from"),
    ],
)
def test_a_folder_without_a_known_format_is_an_error(
    name: str | None, message: str, tmp_path: Path
) -> None:
    if name is not None:
        (tmp_path / name).write_text("Ana")
    with pytest.raises(DataError, match=message):
        detect_format(tmp_path)


def test_a_corpus_folder_is_native_whatever_else_it_contains(corpus: Path) -> None:
    (corpus / "x.tsv").write_text("Ana\tO\n")
    assert detect_format(corpus) == "native"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl.gz", b"\x1f\x8b\x08", "a gzip file.*gunzip"),
        ("x.zip", b"PK\x03\x04", "a ZIP archive.*unzip"),
        ("x.csv", b"text,label\nAna,PER\n", "a CSV table"),
        ("x.xml", b"<?xml?>\n<!DOCTYPE collection SYSTEM 'BioC.dtd'>", "a BioC collection"),
        ("x.json", b'{"source": "x", "documents": [{"passages": []}]}', "a BioC collection"),
    ],
)
def test_files_of_other_kinds_are_named(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        detect_format(tmp_path / name)


def test_a_text_file_with_an_annotation_file_is_brat(tmp_path: Path) -> None:
    for name in ("a.ann", "a.txt", "alone.txt"):
        (tmp_path / name).write_text("Ana")
    assert [detect_format(tmp_path / name) for name in ("a.txt", "alone.txt")] == ["brat", "native"]


@given(documents())
def test_native_documents_are_native_whatever_they_contain(document: Document) -> None:
    stream = io.StringIO()
    document_files.write_lines([document], stream)
    for name, content in (
        ("x.jsonl", stream.getvalue()),
        ("x.json", document_files.pretty_json(document)),
    ):
        assert detect_bytes(name, content.encode()) == "native"


@given(st.binary(max_size=40), st.sampled_from(["x.json", "x.tsv", "x"]))
def test_any_bytes_have_a_format_or_are_named(content: bytes, name: str) -> None:
    with contextlib.suppress(DataError):
        assert detect_bytes(name, content) in FORMAT_MODULES


def detect_bytes(name: str, content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        return detect_format(Path(folder) / name)


def test_detection_is_linear_in_a_truncated_string_of_quotes() -> None:
    # Scanning again from each of the 100,000 quotes would take minutes.
    assert detect_bytes("x.json", b'{"a": "' + b'\\"' * 100_000 + b"\\") == "native"


@pytest.mark.parametrize(
    "format_", ["native", "conll", "doccano", "spacy", "inline", "webanno", "parquet"]
)
def test_hidden_files_and_folders_are_not_read(tmp_path: Path, format_: str) -> None:
    document = Document("d1", "Ana vit.", (Entity(id="e", start=0, end=3, label="PER"),))
    suffix = {"spacy": ".spacy", "native": ".jsonl", "doccano": ".jsonl", "webanno": ".tsv"}.get(
        format_, f".{format_}"
    )
    for name in (f"a{suffix}", f".hidden{suffix}", f".scratch/a{suffix}"):
        registry.write([document], str(tmp_path / name), format_=format_)
    if format_ == "webanno":  # it writes a folder
        assert (tmp_path / f".scratch/a{suffix}").exists()
    assert len(list(registry.read(str(tmp_path), format_=format_))) == 1
