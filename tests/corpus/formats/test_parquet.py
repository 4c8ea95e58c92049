"""Parquet: columns, exact round trips, errors with their row."""

import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from conversions import same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as library
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import parquet
from aloi.corpus.formats.shared import files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError

DOCUMENT = Document(
    "d",
    "Ana vit à Rome.",
    (
        Entity(id="a", start=0, end=3, label="PER", ref="Q1"),
        Entity(
            id="b", start=10, end=14, label="LOC", ref=None, attributes={"kind": "city"}, score=0.5
        ),
    ),
    (Relation(head="a", tail="b", label="LIVES_IN", id="r", attributes={"assertion": "negated"}),),
    {"lang": "fr", "pages": [1, 2]},
)
BARE = {"id": "d", "text": "Ana", "entities": [{"id": "a", "start": 0, "end": 3, "label": "PER"}]}


def save_rows(folder: Path, rows: list[dict[str, Any]], name: str = "x.parquet") -> Path:
    path = folder / name
    library.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def read(path: Path) -> tuple[list[Document], dict[str, int]]:
    notes = Notes()
    return list(parquet.read(path, Options(), notes)), dict(notes.counts)


def write_documents(path: Path, *given: Document) -> Path:
    assert parquet.write(given, path, Options(), Notes()) == len(given)
    return path


@pytest.mark.parametrize("column", ["text", "label"])
def test_a_file_that_expands_too_much_is_refused(
    column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A repeated text is stored once, so a file of a few KB can stand for gigabytes.
    monkeypatch.setattr(files, "MIN_EXPANSION_LIMIT", 1 << 20)
    long, short = "x" * 100_000, "y" * 50_000
    rows = [
        {
            "id": f"d{number}",
            "text": long if column == "text" else "Ana",
            "entities": [{"id": "a", "start": 0, "end": 3, "label": short}],
        }
        for number in range(30)
    ]
    path = save_rows(tmp_path, rows)
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match="expands to more than 1 MiB"):
        read(path)


def test_written_columns(tmp_path: Path) -> None:
    path = write_documents(tmp_path / "x.parquet", DOCUMENT, Document("e", "", ()))
    assert library.read_table(path).to_pylist() == [
        {
            "id": "d",
            "text": "Ana vit à Rome.",
            "entities": [
                {"id": "a", "start": 0, "end": 3, "label": "PER", "ref": "Q1",
                 "attributes": [], "score": None},
                {"id": "b", "start": 10, "end": 14, "label": "LOC", "ref": None,
                 "attributes": [{"key": "kind", "value": "city"}], "score": 0.5},
            ],
            "relations": [
                {"head": "a", "tail": "b", "label": "LIVES_IN", "id": "r",
                 "attributes": [{"key": "assertion", "value": "negated"}], "score": None},
            ],
            "meta": '{"lang":"fr","pages":[1,2]}',
        },
        {"id": "e", "text": "", "entities": [], "relations": [], "meta": "{}"},
    ]  # fmt: skip


@given(documents())
def test_round_trip(document: Document) -> None:
    (found,) = there_and_back([document], "parquet")
    assert same(found, document)


def test_row_groups_folders_and_reproducible_bytes(tmp_path: Path) -> None:
    many = [Document(f"d{number:04}", "Ana", ()) for number in range(1500)]
    first = write_documents(tmp_path / "a.parquet", *many)
    again = write_documents(tmp_path / "again", *many)
    assert library.ParquetFile(first).num_row_groups == 2
    assert first.read_bytes() == again.read_bytes()
    (tmp_path / "sub").mkdir()
    write_documents(tmp_path / "sub/b.parquet", DOCUMENT)
    assert read(tmp_path) == ([*many, DOCUMENT], {})


def test_optional_columns_may_be_missing_and_other_columns_are_left_out(tmp_path: Path) -> None:
    (document,), notes = read(save_rows(tmp_path, [BARE | {"rights": "CC0"}]))
    assert document == Document("d", "Ana", (Entity(id="a", start=0, end=3, label="PER"),))
    assert notes == {"columns 'rights' left out": 1}


def test_missing_columns_are_an_error(tmp_path: Path) -> None:
    path = save_rows(tmp_path, [{"id": "d", "tokens": ["Ana"]}])
    with pytest.raises(DataError, match="missing columns: text, entities; the file has id, tokens"):
        read(path)


def test_every_problem_is_reported_with_its_row(tmp_path: Path) -> None:
    entity = BARE["entities"][0]
    rows = [
        BARE | {"meta": None},  # the first row determines the columns
        BARE | {"entities": [entity | {"end": 9}]},
        BARE | {"id": "e", "entities": [entity | {"label": None}]},
        BARE | {"id": "f", "meta": "{"},
        BARE | {"id": "g", "entities": [entity | {"score": float("nan")}]},
        BARE | {"id": "h", "meta": '{"lang": "fr"}'},
    ]
    path, found = save_rows(tmp_path, rows), []
    with pytest.raises(DataError) as caught:
        found += [d.id for d in parquet.read(path, Options(), Notes())]
    assert [(problem.line, problem.kind) for problem in caught.value.problems] == [
        (2, "offset-outside-text"), (2, "document-id-twice"), (3, "missing-key"),
        (4, "wrong-type"), (5, "score-not-a-number"),
    ]  # fmt: skip
    assert {problem.file for problem in caught.value.problems} == {str(path)}


def test_a_text_column_of_bytes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.parquet:1: .*bytes"):
        read(save_rows(tmp_path, [BARE | {"text": b"Ana"}]))


def test_numeric_labels_are_read_by_name(tmp_path: Path) -> None:
    table = pyarrow.Table.from_pylist([BARE | {"entities": [BARE["entities"][0] | {"label": 1}]}])
    names = '{"label": {"names": ["LOC", "PER"], "_type": "ClassLabel"}}'
    features = f'{{"info": {{"features": {{"entities": {{"feature": {names}}}}}}}}}'
    for metadata, label in ((features, "PER"), ("[", None), ('{"info": []}', None)):
        path = tmp_path / "x.parquet"
        library.write_table(table.replace_schema_metadata({"huggingface": metadata}), path)
        if label:
            assert [entity.label for entity in read(path)[0][0].entities] == [label]
        else:
            with pytest.raises(DataError, match="Expected `str`, got `int`"):
                read(path)


@pytest.mark.parametrize(("text", "label"), [("Ana", "\ud800"), ("An\udfff", "PER")])
def test_lone_surrogates_are_an_error(text: str, label: str, tmp_path: Path) -> None:
    document = Document("e", text, (Entity(id="e", start=0, end=3, label=label),))
    with pytest.raises(DataError, match="lone surrogate") as caught:
        write_documents(tmp_path / "x.parquet", DOCUMENT, document)
    assert [problem.document for problem in caught.value.problems] == ["e"]
    assert list(tmp_path.iterdir()) == []


def test_error_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_documents(tmp_path / "x.parquet", DOCUMENT)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for act in (lambda: read(path), lambda: write_documents(tmp_path / "y.parquet", DOCUMENT)):
        with pytest.raises(DataError, match=r'pip install "aloi\[hub\]"'):
            act()
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]


with tempfile.TemporaryDirectory() as _folder:
    GOOD = write_documents(Path(_folder) / "x", DOCUMENT).read_bytes()


@given(st.binary(max_size=9), st.integers(0, len(GOOD)), st.integers(0, 9))
def test_damaged_bytes_raise_only_data_errors(new: bytes, at: int, width: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        path.write_bytes(GOOD[:at] + new + GOOD[at + width :])
        with suppress(DataError):
            read(path)


@pytest.mark.slow
def test_datasets_loads_a_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    path = write_documents(tmp_path / "x.parquet", DOCUMENT)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded[0]["entities"][1]["attributes"] == [{"key": "kind", "value": "city"}]
    # A file that `datasets` wrote, with numeric labels, is read as the same document.
    features = loaded.features.copy()
    label = datasets.ClassLabel(names=["LOC", "PER"])
    features["entities"] = datasets.List(features["entities"].feature | {"label": label})
    loaded.cast(features).to_parquet(tmp_path / "theirs.parquet")
    assert read(tmp_path / "theirs.parquet") == ([DOCUMENT], {})
