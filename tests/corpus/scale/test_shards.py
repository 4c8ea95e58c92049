"""Shards contain all documents once and in order, and report problems with their lines."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import documents
from toy import folder, sentence

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError
from aloi.corpus.scale import shards


def read(path: Path) -> list[Document]:
    """Return the documents of all shards."""
    return [document for shard in shards.plan_shards(str(path)) for document in shard.documents()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(documents(), max_size=6, unique_by=lambda d: d.id), st.integers(1, 300))
def test_each_document_is_in_one_shard_of_any_size(
    tmp_path: Path, found: list[Document], size: int
) -> None:
    document_files.write(found, tmp_path / "in.jsonl")
    file = tmp_path / "in.jsonl"
    parts = [shards.Shard("x", str(file), *part) for part in shards.split_file(file, size)]
    assert [document for shard in parts for document in shard.documents()] == found


def test_a_folder_is_read_in_the_order_of_its_files(tmp_path: Path) -> None:
    for number, name in enumerate(("b.jsonl", "a.jsonl", "sub/a.jsonl")):
        some = [Document(f"{number}-{n}", sentence(n).text, ()) for n in range(200)]
        (tmp_path / name).parent.mkdir(exist_ok=True)
        document_files.write(some, tmp_path / name)
    plan = shards.plan_shards(str(tmp_path))
    assert len(plan) > shards.MIN_SHARDS / 2
    assert len({shard.name for shard in plan}) == len(plan)
    assert {shard.name.rpartition("-")[0] for shard in plan} == {"a", "b", "sub/a"}
    assert read(tmp_path) == list(registry.read(str(tmp_path)))


def test_parquet_is_split_by_row_groups(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    found = [Document(f"d{n}", sentence(n).text, ()) for n in range(2500)]
    registry.write(found, str(tmp_path / "in.parquet"), format_="parquet")
    plan = shards.plan_shards(str(tmp_path / "in.parquet"))
    assert [(shard.start, shard.stop) for shard in plan] == [(0, 1), (1, 2), (2, 3)]
    assert read(tmp_path / "in.parquet") == found


def test_a_corpus_is_one_shard(tmp_path: Path) -> None:
    corpus = folder(tmp_path / "corpus")
    assert len(shards.plan_shards(str(corpus))) == 1
    assert read(corpus) == list(registry.read(str(corpus)))


def test_all_problems_are_reported_with_their_lines(tmp_path: Path) -> None:
    lines = [f'{{"id": "d{n}", "text": "x", "entities": []}}' for n in range(100)]
    lines[70], lines[90] = "{", lines[3]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    summaries = [
        shards.summarize_shard(shard) for shard in shards.plan_shards(str(tmp_path / "in.jsonl"))
    ]
    with pytest.raises(DataError) as caught:
        shards.merge_summaries("in.jsonl", summaries)
    found = [(problem.kind, problem.line) for problem in caught.value.problems]
    assert found == [("broken-json", 71), ("document-id-twice", 91)]
    assert "first used in " in str(caught.value)
    assert "in.jsonl:4" in str(caught.value)
