"""Passes are read, grouped by document and measured, with figures checked by hand."""

from pathlib import Path

import pytest

from aloi.annotation.compare.passes import group_by_document, measure_work, read_passes
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError

ANA, ROME = (
    Entity(id="a", start=0, end=3, label="PER", ref="ana"),
    Entity(id="r", start=6, end=10, label="LOC"),
)


def doc(id_: str, *entities: Entity, lead_time: float | None = None) -> Document:
    meta = {} if lead_time is None else {"label_studio": {"lead_time": lead_time}}
    return Document(id_, "Ana à Rome", entities, (), meta)


def test_lead_time_figures_cover_only_timed_documents() -> None:
    documents = [doc("a", ANA, lead_time=10), doc("b", ANA, ROME, lead_time=40), doc("c")]
    work = measure_work(documents)
    assert (work.documents, work.mentions, work.relations, work.timed) == (3, 3, 0, 2)
    assert (work.total, work.median) == (50, 25)
    assert work.per_1000 == 2500  # 50 s for 20 characters
    assert measure_work([doc("a")]).median is None


def test_passes_are_read_from_several_folders_or_their_parent(tmp_path: Path) -> None:
    for name in ("anne", "luc"):
        document_files.write([doc("d")], tmp_path / "out" / name)
    passes = read_passes([tmp_path / "out"])
    assert passes == read_passes([tmp_path / "out" / "anne", tmp_path / "out" / "luc"])
    assert list(passes) == ["anne", "luc"]
    with pytest.raises(DataError, match="one-annotator"):
        read_passes([tmp_path / "out" / "anne"])


def test_scratch_of_a_killed_run_is_not_an_annotator(tmp_path: Path) -> None:
    for name in ("anne", "luc", "paul"):
        document_files.write([doc("d")], tmp_path / name)
    (tmp_path / "paul").rename(tmp_path / ".paul.8f0_1ja7")
    assert list(read_passes([tmp_path])) == ["anne", "luc"]


def test_files_with_equal_names_are_named_by_their_paths(tmp_path: Path) -> None:
    files = [tmp_path / "x" / "d.jsonl", tmp_path / "y" / "d.jsonl"]
    for file in files:
        document_files.write([doc("d")], file)
    assert list(read_passes(files)) == list(map(str, files))


def test_different_texts_of_a_document_are_refused() -> None:
    other = Document("d", "Ana", ())
    with pytest.raises(DataError, match="document d: the text differs between A and B"):
        group_by_document({"A": [doc("d")], "B": [other]})
