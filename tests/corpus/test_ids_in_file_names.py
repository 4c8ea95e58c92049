"""Ids that differ only in case never replace each other's file."""

from pathlib import Path

import pytest

from aloi.corpus import document_files, duplicate_ids
from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import FileNames, fold_case, ignores_case
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError

LOWER, UPPER = Document("d1", "Ana", ()), Document("D1", "Bob", ())


@pytest.fixture
def ignoring_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat the file system as one that ignores case, as that of macOS does."""
    monkeypatch.setattr(duplicate_ids, "ignores_case", lambda path: True)


@pytest.mark.usefixtures("ignoring_case")
@pytest.mark.parametrize("format_", ["native", "brat", "webanno", "xmi", "casjson"])
def test_two_ids_that_differ_in_case_are_refused(tmp_path: Path, format_: str) -> None:
    def write(*documents: Document) -> None:
        registry.write(documents, str(tmp_path / "out"), format_=format_)

    with pytest.raises(DataError) as caught:
        write(LOWER, UPPER)
    (problem,) = caught.value.problems
    assert (problem.kind, problem.document) == ("ids-differ-in-case", "D1")
    assert "document d1" in problem.what
    assert not list(tmp_path.rglob("[dD]1*"))

    write(LOWER)
    write(LOWER)  # the same id replaces its file
    with pytest.raises(DataError, match="the file of document d1"):
        write(UPPER)
    assert [document.id for document in registry.read(str(tmp_path / "out"))] == ["d1"]


def test_both_are_written_where_case_is_distinguished(tmp_path: Path) -> None:
    (tmp_path / "probe").touch()
    if ignores_case(tmp_path / "probe"):
        pytest.skip("this file system ignores case")
    document_files.write([LOWER, UPPER], tmp_path / "out")
    assert {each.id for each in document_files.read(tmp_path / "out")} == {"d1", "D1"}


def test_the_probe_finds_a_name_in_the_other_case(tmp_path: Path) -> None:
    for name in ("probe", "PROBE"):  # one file, where case is ignored
        (tmp_path / name).touch()
    assert ignores_case(tmp_path / "probe")


def test_names_are_compared_without_case_and_composition() -> None:
    assert fold_case("\u00c9t\u00e9") == fold_case("e\u0301te\u0301")
    files = FileNames({})
    assert files.add("Stra\u00dfe", "Stra\u00dfe") == []
    assert files.add("STRASSE", "STRASSE") != []
