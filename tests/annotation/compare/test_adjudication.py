"""Adjudication: disagreements are marked, decisions and unanimous documents become gold."""

from pathlib import Path
from typing import Any

import pytest

from aloi.annotation.compare.adjudication import (
    MARK,
    UNANIMOUS,
    AdjudicationCase,
    as_gold,
    prepare_adjudication,
    write_gold,
)
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
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
ANA, BOB = (
    Entity(id="e1", start=0, end=3, label="PER", ref="ana"),
    Entity(id="e2", start=11, end=14, label="PER"),
)
ROME = Entity(id="e3", start=17, end=21, label="LOC")
MEETS, IN = (
    Relation(head="e1", tail="e2", label="MEETS"),
    Relation(head="e2", tail="e3", label="IN"),
)
USERS = {"7": "eve@example.com"}


def doc(*entities: Entity, relations: tuple[Relation, ...] = (), **meta: Any) -> Document:
    return Document("d", TEXT, entities, relations, meta)


ANNE = doc(ANA, BOB, ROME, relations=(MEETS, IN), annotator="anne", guideline_version="1.0")
LUC = doc(
    Entity(id="x", start=0, end=3, label="PER", ref="anna"),
    BOB,
    Entity(id="e1", start=17, end=21, label="ORG"),
    annotator="luc",
    guideline_version="1.1",
)
CASE = AdjudicationCase({"anne": ANNE, "luc": LUC}, SCHEMA)


def decision(*entities: Entity, relations: tuple[Relation, ...] = ()) -> Document:
    """Return the work of the adjudicator with user number 7."""
    work = {"completed_by": 7, "updated_at": "2026-11-26"}
    meta = {"annotator": "adjudication", "guideline_version": "1.3", "label_studio": work}
    return doc(*entities, relations=relations, **meta)


def test_shared_annotations_are_kept_and_disagreements_marked() -> None:
    marked = CASE.marked()
    assert {(each.id, each.start, each.label, each.ref) for each in marked.entities} == {
        ("e1", 0, "PER", MARK),  # ana or anna?
        ("e2", 11, "PER", None),
        ("mark-4", 17, MARK, None),  # a LOC or an ORG?
    }
    # The relation to Rome is marked only after Rome is decided.
    assert [(each.head, each.tail, each.label) for each in marked.relations] == [("e1", "e2", MARK)]


def test_a_disputed_attribute_marks_the_shared_relation() -> None:
    negated = Relation(head="e1", tail="e2", label="MEETS", attributes={"assertion": "negated"})
    versions = {"A": doc(ANA, BOB, relations=(MEETS,)), "B": doc(ANA, BOB, relations=(negated,))}
    marked = AdjudicationCase(versions, SCHEMA).marked()
    assert sorted(each.label for each in marked.relations) == ["MEETS", MARK]


def test_a_document_with_marks_is_not_decided() -> None:
    marked = CASE.marked()
    with pytest.raises(DataError) as caught:
        CASE.gold(decision(*marked.entities, relations=marked.relations), USERS)
    assert [problem.kind for problem in caught.value.problems] == ["undecided"] * 3


def test_a_decision_that_the_schema_forbids_is_refused() -> None:
    wrong = decision(
        ANA,
        BOB,
        Entity(id="q", start=17, end=21, label="ORG"),
        relations=(Relation(head="e2", tail="q", label="IN"),),
    )
    with pytest.raises(DataError, match="forbidden-ends"):
        CASE.gold(wrong, USERS)


def test_gold_records_the_adjudicator_and_keeps_the_annotators_ids() -> None:
    rome = Entity(id="mark-4", start=17, end=21, label="LOC")
    work = decision(ANA, BOB, rome, relations=(Relation(head="e2", tail="mark-4", label="IN"),))
    assert CASE.gold(work, USERS) == doc(
        ANA,
        BOB,
        ROME,
        relations=(IN,),
        guideline_version="1.3",
        adjudicated_by="eve@example.com",
        adjudicated_at="2026-11-26",
    )


def test_a_document_without_disagreements_becomes_gold_unchanged() -> None:
    passes = {"anne": [ANNE], "eve": [ANNE], "luc": [Document("z", "", ())]}
    adjudication = prepare_adjudication(passes, SCHEMA)
    assert (adjudication.contested, adjudication.single) == ([], ["z"])
    assert adjudication.gold["d"] == doc(
        *ANNE.entities,
        relations=ANNE.relations,
        annotators=["anne", "eve"],
        guideline_version="1.0",
        adjudicated_by=UNANIMOUS,
    )


def test_a_document_with_disagreements_is_contested() -> None:
    adjudication = prepare_adjudication({"anne": [ANNE], "luc": [LUC]}, SCHEMA)
    assert (adjudication.gold, adjudication.contested) == ({}, [CASE])


def test_the_date_of_gold_without_an_adjudicator_is_that_of_the_latest_version() -> None:
    versions = {
        name: doc(ANA, label_studio={"updated_at": time})
        for name, time in (("anne", "2026-11-02"), ("luc", "2026-11-01"))
    }
    gold = as_gold(versions["anne"], versions, decided_by="majority")
    assert gold.meta["adjudicated_at"] == "2026-11-02"


def test_the_hash_of_versions_ignores_metadata() -> None:
    versions = {"anne": doc(*ANNE.entities, relations=ANNE.relations), "luc": LUC}
    assert AdjudicationCase(versions, SCHEMA).versions_hash == CASE.versions_hash
    versions["anne"] = doc(ANA)
    assert AdjudicationCase(versions, SCHEMA).versions_hash != CASE.versions_hash


def test_gold_is_written_to_the_corpus_or_to_a_folder_only_if_it_changed(tmp_path: Path) -> None:
    manifest = 'name = "c"\nversion = "1"\nlicence = "x"\nrestricted = ["d"]\n'
    (tmp_path / "corpus.toml").write_text(manifest)
    (tmp_path / "schema.toml").write_text('name = "s"\nversion = "1"\n[entities]\n')
    (tmp_path / "splits.toml").write_text("")
    corpus = Corpus.open(tmp_path)
    assert write_gold([ANNE], corpus) == 1
    assert write_gold([ANNE], corpus) == 0
    assert document_files.read(tmp_path / "restricted" / "d.json") == [ANNE]
    assert write_gold([ANNE], corpus, tmp_path / "out") == 1
    assert (tmp_path / "out" / "d.json").exists()
