"""hf-tokens: rows of tokens and tags, as `datasets` loads and saves them."""

import json
from pathlib import Path

import pytest
from conversions import held, same, there_and_back, without_tokens
from datasets import ClassLabel, Dataset, Features, List, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives
from sentence_texts import in_sentences

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import registry
from aloi.corpus.formats.sentences.hf_tokens import ReadOptions, WriteOptions
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

DOCUMENT = Document(
    "d",
    "Ana Roy\nà Rome.",
    (
        Entity(id="e1", start=0, end=7, label="PER"),
        Entity(id="e2", start=10, end=14, label="LOC"),
    ),
)
ROWS = [
    {"tokens": ["Ana", "Roy"], "ner_tags": ["B-PER", "I-PER"], "document_id": "d"},
    {"tokens": ["à", "Rome"], "ner_tags": ["O", "B-LOC"], "document_id": "d"},
    {"tokens": ["Ana"], "ner_tags": ["B-PER"], "id": 7, "pos_tags": [1]},
]
GOOD = "\n".join(map(json.dumps, ROWS))


def load(file: Path, cache: Path) -> Dataset:
    dataset = Dataset.from_parquet(str(file), cache_dir=str(cache))
    assert isinstance(dataset, Dataset)
    return dataset


def test_datasets_loads_what_we_write(tmp_path: Path) -> None:
    """One row per line; the labels are sorted, so LOC has the tags 1 and 2, PER 3 and 4."""
    file = tmp_path / "out.parquet"
    registry.write([DOCUMENT, Document("e", "", ())], str(file), format_="hf-tokens")
    dataset = load(file, tmp_path / "cache")
    names = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert dataset.features["ner_tags"] == List(ClassLabel(names=names))
    assert dataset.to_list() == [
        {
            "id": "d-1",
            "document_id": "d",
            "tokens": ["Ana", "Roy"],
            "ner_tags": [3, 4],
            "whitespace": [" ", "\n"],
        },
        {
            "id": "d-2",
            "document_id": "d",
            "tokens": ["à", "Rome", "."],
            "ner_tags": [0, 1, 0],
            "whitespace": [" ", "", ""],
        },
        {"id": "e-1", "document_id": "e", "tokens": [], "ner_tags": [], "whitespace": []},
    ]


def test_we_read_what_datasets_saves(tmp_path: Path) -> None:
    """A set as on the Hub: no document ids, no white space; each row becomes a document."""
    tags = List(ClassLabel(names=["O", "B-PER", "I-PER"]))
    features = Features({"id": Value("string"), "tokens": List(Value("string")), "ner_tags": tags})
    rows = [
        {"id": "0", "tokens": ["Ana", "Roy", "vit"], "ner_tags": [1, 2, 0]},
        {"id": "1", "tokens": [], "ner_tags": []},
    ]
    file = tmp_path / "train.parquet"
    Dataset.from_list(rows, features=features).to_parquet(str(file))
    first, second = registry.read(str(file))
    assert (first.id, first.text, second.id, second.text) == ("0", "Ana Roy vit", "1", "")
    assert [(e.start, e.end, e.label) for e in first.entities] == [(0, 7, "PER")]


def test_json_lines(tmp_path: Path) -> None:
    notes = Notes()
    joined, single = read(GOOD, "hf-tokens", notes=notes)
    assert (joined.id, joined.text, single.id) == ("d", "Ana Roy\nà Rome", "7")
    assert [joined.surface(entity) for entity in joined.entities] == ["Ana Roy", "Rome"]
    assert dict(notes.counts) == {"columns 'pos_tags' left out": 1}
    file = tmp_path / "out.jsonl"
    registry.write([DOCUMENT], str(file), format_="hf-tokens")
    assert json.loads(file.read_text().splitlines()[0])["ner_tags"] == ["B-PER", "I-PER"]
    assert [*map(without_tokens, registry.read(str(file)))] == [DOCUMENT]


def test_read_options() -> None:
    rows = json.dumps([{"tokens": ["Ana", "Roy"], "tags": [1, 2]}])
    (document,) = read(rows, "hf-tokens", "column=tags", "names=O,B-PER,L-PER")
    assert [(document.surface(e), e.label) for e in document.entities] == [("Ana Roy", "PER")]
    repaired = json.dumps([{"tokens": ["Ana", "Roy"], "ner_tags": ["I-PER", "I-LOC"]}])
    (document,) = read(repaired, "hf-tokens", "scheme=iob2", "repair=conlleval")
    assert [e.label for e in document.entities] == ["PER", "LOC"]


def test_order_of_labels(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    options = WriteOptions(labels="PER, ORG,LOC")
    registry.write([DOCUMENT], str(file), format_="hf-tokens", options=options)
    names = load(file, tmp_path / "cache").features["ner_tags"].feature.names
    assert names == ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    with pytest.raises(DataError, match="labels of the documents: LOC"):
        registry.write(
            [DOCUMENT], str(file), format_="hf-tokens", options=WriteOptions(labels="PER")
        )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["Ana"], "ner_tags": [3]}, "Set names="),
        ({"tokens": ["Ana"], "tags": ["O"]}, "Set column= to one of: tokens, tags"),
        ({"tokens": ["Ana"], "ner_tags": []}, "1 tokens and 0 tags"),
        ({"tokens": "Ana", "ner_tags": ["O"]}, "Expected `array`"),
        ({"tokens": ["Ana"], "ner_tags": ["PER"]}, "the tag 'PER' is invalid"),
        ({"tokens": ["Ana"], "ner_tags": ["O"], "whitespace": ["x"]}, "white space per token"),
    ],
)
def test_problems(row: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(json.dumps(row), "hf-tokens")


def test_a_folder_of_splits(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(ROWS[0]))
    registry.write([DOCUMENT], str(tmp_path / "b.parquet"), format_="hf-tokens")
    reading = registry.read(str(tmp_path), format_="hf-tokens", options=ReadOptions())
    with pytest.raises(DataError, match="duplicate document id"):
        list(reading)


def test_a_column_name_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    registry.write([DOCUMENT], str(file), format_="hf-tokens")
    file.write_bytes(file.read_bytes().replace(b"whitespace", b"whitespac\xb5"))
    with pytest.raises(DataError, match="pyarrow cannot read this Parquet file"):
        list(registry.read(str(file), format_="hf-tokens"))


@settings(max_examples=40)
@given(in_sentences())
def test_round_trip(document: Document) -> None:
    (back,) = there_and_back([document], "hf-tokens")
    assert same(back, held(document, "hf-tokens"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "hf-tokens")
