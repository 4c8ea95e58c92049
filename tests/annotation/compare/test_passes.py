"""Annotators' work read, and what it took, by hand."""

from pathlib import Path

import pytest

from aloi.annotation.compare.pass_agreement import agree
from aloi.annotation.compare.passes import by_document, read_passes, work
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.eval.reports.sheets import rich_table

ANA, ROME = Entity("a", 0, 3, "PER", ref="ana"), Entity("r", 6, 10, "LOC")


def doc(id_: str, *entities: Entity, lead_time: float | None = None) -> Document:
    meta = {} if lead_time is None else {"label_studio": {"lead_time": lead_time}}
    return Document(id_, "Ana à Rome", entities, (), meta)


def test_lead_time_is_of_the_documents_that_have_one() -> None:
    done = [doc("a", ANA, lead_time=10), doc("b", ANA, ROME, lead_time=40), doc("c")]
    found = work(done)
    assert (found.documents, found.mentions, found.relations, found.timed) == (3, 3, 0, 2)
    assert (found.total, found.median) == (50, 25)
    assert found.per_1000 == 2500  # 50 s for 20 characters
    assert work([doc("a")]).median is None


def test_annotators_are_folders_given_or_those_in_the_one_folder(tmp_path: Path) -> None:
    for name in ("anne", "luc"):
        document_files.write([doc("d")], tmp_path / "out" / name)
    whole = read_passes([tmp_path / "out"])
    assert whole == read_passes([tmp_path / "out" / "anne", tmp_path / "out" / "luc"])
    assert list(whole) == ["anne", "luc"]
    with pytest.raises(DataError, match="one-annotator"):
        read_passes([tmp_path / "out" / "anne"])


def test_annotators_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    files = [tmp_path / "x" / "d.jsonl", tmp_path / "y" / "d.jsonl"]
    for file in files:
        document_files.write([doc("d")], file)
    assert list(read_passes(files)) == list(map(str, files))


def test_another_text_is_refused_with_its_document() -> None:
    other = Document("d", "Ana", ())
    with pytest.raises(DataError, match="document d: B has another text than A"):
        by_document({"A": [doc("d")], "B": [other]})


def test_relations_and_values_are_counted_among_what_both_have() -> None:
    one = Document("d", "Ana à Rome", (ANA, ROME), (Relation("a", "r", "LOCATED_IN"),))
    other = doc("d", Entity("x", 0, 3, "PER", ref="anna"), ROME)
    found = agree({"A": [one], "B": [other]})
    assert [(each.value, each.items, each.same) for each in found.values] == [("ref", 1, 0)]
    assert [each.kind for each in found.differences] == [
        ("LOCATED_IN", "–"),
        ("ref", "ana", "anna"),
    ]
    titles = [sheet.title for sheet in found.sheets()]
    assert titles[-3:] == [
        "differing relations, 1 of 1: A / B",
        "differing values, 1 of 1: A / B",
        "work",
    ]
    assert found.to_json()["work"]["A"]["mentions"] == 2


def test_an_arc_on_a_mention_that_one_lacks_is_no_disagreement_of_its_own() -> None:
    one = Document("d", "Ana à Rome", (ANA, ROME), (Relation("a", "r", "LOCATED_IN"),))
    assert agree({"A": [one], "B": [doc("d", ANA)]}).differences == ()


def test_full_agreement_prints() -> None:
    sheets = list(agree({"A": [doc("d", ANA)], "B": [doc("d", ANA)]}).sheets())
    assert [rich_table(sheet).row_count for sheet in sheets if "disagreements" in sheet.title] == [
        0
    ]
