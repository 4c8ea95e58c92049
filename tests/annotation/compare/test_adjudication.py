"""Adjudication: decisions, unanimous documents and single passes become gold."""

from pathlib import Path
from typing import Any

import pytest

from aloi.annotation.compare.adjudication import (
    SINGLE,
    UNANIMOUS,
    AdjudicationCase,
    Singles,
    as_gold,
    prepare_adjudication,
    write_gold,
)
from aloi.annotation.compare.questions import version_of
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


def answers(*chosen: str) -> dict[str, str]:
    """Return answers to the questions about `CASE`, in their order."""
    return {each.key: answer for each, answer in zip(CASE.questions, chosen, strict=True)}


FIRST = answers(*[version_of("anne")] * 4)
"""The answers that choose Anne's version of everything."""


def test_the_draft_contains_what_is_not_asked_about() -> None:
    draft = CASE.draft()
    assert [(each.id, each.start, each.label, each.ref) for each in draft.entities] == [
        ("e1", 0, "PER", None),  # ana or anna?
        ("e2", 11, "PER", None),
    ]
    assert draft.relations == ()
    assert [each.aspect for each in CASE.questions] == ["ref", "relation", "mention", "relation"]


def test_a_document_with_open_questions_is_not_decided() -> None:
    some = dict(list(FIRST.items())[:1])
    with pytest.raises(DataError, match="the disagreements 2, 3, 4 are not decided"):
        CASE.gold(decision(ANA, BOB), some, USERS)


def test_a_decision_that_the_schema_forbids_is_refused() -> None:
    wrong = decision(ANA, BOB, relations=(Relation(head="e1", tail="e2", label="IN"),))
    with pytest.raises(DataError, match="forbidden-ends"):
        CASE.gold(wrong, FIRST, USERS)


def test_gold_records_the_adjudicator_and_keeps_the_annotators_ids() -> None:
    draft = CASE.draft()
    gold = CASE.gold(decision(*draft.entities, relations=draft.relations), FIRST, USERS)
    assert gold == doc(
        ANA,
        BOB,
        ROME,
        relations=(MEETS, IN),
        guideline_version="1.3",
        adjudicated_by="eve@example.com",
        adjudicated_at="2026-11-26",
    )


def test_a_document_without_disagreements_becomes_gold_unchanged() -> None:
    adjudication = prepare_adjudication({"anne": [ANNE], "eve": [ANNE]}, SCHEMA)
    assert (adjudication.contested, adjudication.single) == ([], [])
    assert adjudication.gold["d"] == doc(
        *ANNE.entities,
        relations=ANNE.relations,
        annotators=["anne", "eve"],
        guideline_version="1.0",
        adjudicated_by=UNANIMOUS,
    )


@pytest.mark.parametrize(
    ("singles", "gold", "contested"), [("take", 1, 0), ("review", 0, 1), ("leave", 0, 0)]
)
def test_a_document_with_one_annotator_is_taken_reviewed_or_left_out(
    singles: Singles, gold: int, contested: int
) -> None:
    adjudication = prepare_adjudication({"anne": [ANNE], "luc": []}, SCHEMA, singles=singles)
    assert adjudication.single == ["d"]
    assert (len(adjudication.gold), len(adjudication.contested)) == (gold, contested)
    for document in adjudication.gold.values():
        assert document.entities == ANNE.entities
        assert (document.meta["annotators"], document.meta["adjudicated_by"]) == (["anne"], SINGLE)
    for case in adjudication.contested:
        assert (case.questions, case.draft().relations) == ([], ANNE.relations)


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
