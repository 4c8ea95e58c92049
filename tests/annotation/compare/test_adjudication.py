"""What annotators differ on, marked, decided and made gold; or decided by a policy."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from aloi.annotation.compare.adjudication import (
    AGREED,
    MARK,
    UNANIMOUS,
    Case,
    adjudication_interface,
    cases,
    settled,
    write_gold,
)
from aloi.annotation.compare.policy import majority
from aloi.annotation.labelstudio.pull import Reader
from aloi.annotation.labelstudio.tasks import Sender
from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, RelationType, Schema

TEXT = "Ana <voit> Bob à Rome"
SCHEMA = Schema(
    "s",
    "1",
    {label: EntityType() for label in ("PER", "LOC", "ORG")},
    {
        "MEETS": RelationType(("PER",), ("PER",), symmetric=True),
        "IN": RelationType(("PER",), ("LOC",)),
    },
)
ANA, BOB = Entity("e1", 0, 3, "PER", ref="ana"), Entity("e2", 11, 14, "PER")
ROME = Entity("e3", 17, 21, "LOC")
MEETS, IN = Relation("e1", "e2", "MEETS"), Relation("e2", "e3", "IN")


def doc(*entities: Entity, relations: tuple[Relation, ...] = (), **meta: Any) -> Document:
    return Document("d", TEXT, entities, relations, meta)


ANNE = doc(ANA, BOB, ROME, relations=(MEETS, IN), annotator="anne", guideline_version="1.0")
LUC = doc(
    Entity("x", 0, 3, "PER", ref="anna"),
    BOB,
    Entity("e1", 17, 21, "ORG"),
    annotator="luc",
    guideline_version="1.1",
)
CASE = Case({"anne": ANNE, "luc": LUC}, SCHEMA)
PEOPLE = {"7": "eve@example.com"}
SENDER = Sender("adjudication", SCHEMA, "1.3", Notes())


def decided(result: list[dict[str, Any]]) -> Document:
    """The work of someone who submits a result on the case's task."""
    task = CASE.task(SENDER)
    work = {"id": 2, "result": result, "completed_by": {"id": 1, "email": "eve@example.com"}}
    submitted = {
        "id": 1,
        "data": task["data"],
        "annotations": [{**work, "updated_at": "2026-11-26"}],
    }
    (document,), problems = Reader(Notes()).documents(json.dumps(submitted).encode(), "x")
    assert not problems
    return document


def test_what_all_have_stands_and_what_they_differ_on_is_marked() -> None:
    marked = CASE.marked()
    assert {(each.id, each.start, each.label, each.ref) for each in marked.entities} == {
        ("e1", 0, "PER", MARK),  # ana or anna?
        ("e2", 11, "PER", None),
        ("mark-4", 17, MARK, None),  # a LOC or an ORG?
    }
    # The arc to Rome waits until Rome is decided.
    assert [(each.head, each.tail, each.label) for each in marked.relations] == [("e1", "e2", MARK)]


def test_the_task_opens_with_the_marks_and_shows_each_version_and_a_list() -> None:
    task = CASE.task(SENDER)
    assert [each["model_version"] for each in task["predictions"]] == [AGREED, "anne", "luc"]
    listed = task["data"]["differences"]
    assert "<td>ORG «Rome»</td>" in listed
    assert "…Ana &lt;voit&gt; Bob à <b>Rome</b>…" in listed
    assert "<td>IN →</td><td>(mention absente)</td>" in listed
    table = ET.fromstring(listed)
    assert [row[0].text for row in table] == ["n°", "1", "2", "3", "4"]
    remarks = {x["id"]: x["meta"] for x in task["predictions"][0]["result"] if "meta" in x}
    assert remarks["mark-4"] == {"text": ["n° 4 · anne : LOC «Rome» ; luc : ORG «Rome»"]}


def test_a_mark_that_is_left_keeps_a_document_open() -> None:
    with pytest.raises(DataError) as caught:
        CASE.gold(decided(CASE.task(SENDER)["predictions"][0]["result"]), PEOPLE)
    assert [problem.kind for problem in caught.value.problems] == ["undecided"] * 3


def test_what_the_schema_does_not_allow_is_no_gold() -> None:
    wrong = doc(ANA, BOB, Entity("q", 17, 21, "ORG"), relations=(Relation("e2", "q", "IN"),))
    with pytest.raises(DataError, match="forbidden-ends"):
        CASE.gold(decided(SENDER.annotation(wrong)["result"]), PEOPLE)


def test_gold_says_who_decided_when_and_by_which_guide_under_the_ids_of_the_first() -> None:
    drawn = doc(
        ANA, BOB, Entity("mark-4", 17, 21, "LOC"), relations=(Relation("e2", "mark-4", "IN"),)
    )
    gold = CASE.gold(decided(SENDER.annotation(drawn)["result"]), PEOPLE)
    assert gold == doc(
        ANA,
        BOB,
        ROME,
        relations=(IN,),
        annotators=["anne", "luc"],
        guideline_version="1.3",
        adjudicated_by="eve@example.com",
        adjudicated_at="2026-11-26",
    )


def test_documents_all_agree_on_are_gold_as_they_are_and_say_so() -> None:
    found, alone = cases({"anne": [ANNE], "eve": [ANNE], "luc": [Document("z", "", ())]}, SCHEMA)
    assert alone == ["z"]
    assert not found[0].differences
    gold = settled(found[0].first, found[0].versions, by=UNANIMOUS)
    assert gold == doc(
        *ANNE.entities,
        relations=ANNE.relations,
        annotators=["anne", "eve"],
        guideline_version="1.0",
        adjudicated_by="agreement",
    )


def test_a_changed_version_changes_the_basis_and_its_dates_do_not() -> None:
    dated = Case({"anne": doc(*ANNE.entities, relations=ANNE.relations), "luc": LUC}, SCHEMA)
    assert dated.basis == CASE.basis
    assert Case({"anne": doc(ANA), "luc": LUC}, SCHEMA).basis != CASE.basis


def test_an_assertion_in_doubt_marks_the_arc_that_is_there() -> None:
    negated = Relation("e1", "e2", "MEETS", attributes={"assertion": "negated"})
    versions = {"A": doc(ANA, BOB, relations=(MEETS,)), "B": doc(ANA, BOB, relations=(negated,))}
    assert sorted(each.label for each in Case(versions, SCHEMA).marked().relations) == [
        "MEETS",
        MARK,
    ]


def test_a_majority_decides_and_a_tie_is_left_out_and_told() -> None:
    versions = {"anne": ANNE, "luc": LUC, "eve": doc(ANA, BOB, ROME, relations=(MEETS,))}
    found = majority(versions, SCHEMA)
    assert found.document.entities == (ANA, BOB, ROME)
    assert found.document.relations == (MEETS,)
    assert (found.ties, found.fallen) == ((), 0)

    two = majority(CASE.versions, SCHEMA)
    assert [(each.start, each.ref) for each in two.document.entities] == [(0, None), (11, None)]
    assert set(two.ties) == {
        "LOC «Rome» at 17",
        "ORG «Rome» at 17",
        "MEETS from PER «Ana» at 0 to PER «Bob» at 11",
        "ref of PER «Ana» at 0",
    }
    assert two.fallen == 1  # the arc to Rome


def test_the_interface_keeps_the_schemas_and_adds_the_mark_and_the_list() -> None:
    view = ET.fromstring(adjudication_interface(SCHEMA))
    assert [each.get("value") for each in view.iter("Label")] == ["PER", "LOC", "ORG", MARK]
    assert MARK in [each.get("value") for each in view.iter("Relation")]
    assert [each.get("value") for each in view.iter("HyperText")] == ["$differences"]
    assert len(list(view.iter("Text"))) == 1


def test_gold_goes_where_the_corpus_has_it_and_an_equal_file_is_left(tmp_path: Path) -> None:
    corpus = 'name = "c"\nversion = "1"\nlicence = "x"\nrestricted = ["d"]\n'
    (tmp_path / "corpus.toml").write_text(corpus)
    (tmp_path / "schema.toml").write_text('name = "s"\nversion = "1"\n[entities]\n')
    (tmp_path / "splits.toml").write_text("")
    whole = Corpus.open(tmp_path)
    assert write_gold(ANNE, whole, None)
    assert not write_gold(ANNE, whole, None)
    assert document_files.read(tmp_path / "restricted" / "d.json") == [ANNE]
    assert write_gold(ANNE, whole, tmp_path / "out")
    assert (tmp_path / "out" / "d.json").exists()
