"""Duplicate document ids are reported with the place of the first occurrence."""

from aloi.corpus.duplicate_ids import DocumentIds


def test_the_second_occurrence_is_a_problem() -> None:
    ids = DocumentIds()
    assert ids.add("a", "f:1") == []
    assert ids.add("b", "f:2") == []
    (problem,) = ids.add("a", "f:3")
    assert (problem.kind, problem.document) == ("document-id-twice", "a")
    assert problem.what == "duplicate document id, first used in f:1"


def test_the_place_is_optional() -> None:
    ids = DocumentIds()
    ids.add("a")
    assert [problem.what for problem in ids.add("a")] == ["duplicate document id"]
