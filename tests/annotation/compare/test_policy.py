"""Policies: majorities and ties on mentions, relations and values, or one annotator's version."""

import pytest

from aloi.annotation.compare.adjudication import AdjudicationCase
from aloi.annotation.compare.policy import decide_by_majority, decide_by_policy, is_policy
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import RelationType, Schema

SCHEMA = Schema("s", "1", {}, {"MEETS": RelationType(("PER",), ("PER",), symmetric=True)})
ANA, BOB = (
    Entity(id="e1", start=0, end=3, label="PER", ref="ana"),
    Entity(id="e2", start=9, end=12, label="PER"),
)
ROME = Entity(id="e3", start=15, end=19, label="LOC")
MEETS, IN = (
    Relation(head="e1", tail="e2", label="MEETS"),
    Relation(head="e2", tail="e3", label="IN"),
)


def doc(*entities: Entity, relations: tuple[Relation, ...] = ()) -> Document:
    return Document("d", "Ana voit Bob à Rome", entities, relations)


ANNE = doc(ANA, BOB, ROME, relations=(MEETS, IN))
LUC = doc(
    Entity(id="x", start=0, end=3, label="PER", ref="anna"),
    BOB,
    Entity(id="e1", start=15, end=19, label="ORG"),
)
EVE = doc(ANA, BOB, ROME, relations=(MEETS,))
TWO = AdjudicationCase({"anne": ANNE, "luc": LUC}, SCHEMA)


def test_the_majority_of_three_decides() -> None:
    decision = decide_by_majority({"anne": ANNE, "luc": LUC, "eve": EVE}, SCHEMA)
    assert decision.document.entities == (ANA, BOB, ROME)
    assert decision.document.relations == (MEETS,)
    assert (decision.ties, decision.lost_relations) == ((), 0)


def test_ties_are_omitted_and_listed() -> None:
    decision = decide_by_majority(TWO.versions, SCHEMA)
    assert [(e.start, e.ref) for e in decision.document.entities] == [(0, None), (9, None)]
    assert set(decision.ties) == {
        "LOC «Rome» at 15",
        "ORG «Rome» at 15",
        "MEETS from PER «Ana» at 0 to PER «Bob» at 9",
        "ref of PER «Ana» at 0",
    }
    assert decision.lost_relations == 1  # the relation to Rome


def test_the_relations_of_all_versions_of_a_mention_count_for_the_one_that_is_kept() -> None:
    town = Entity(id="e3", start=15, end=19, label="ORG", ref="rome")
    anne, luc = doc(ANA, BOB, ROME, relations=(IN,)), doc(ANA, BOB, town, relations=(IN,))
    decision = decide_by_majority({"anne": anne, "luc": luc, "eve": doc(ANA, BOB, town)}, SCHEMA)
    assert decision.document.entities == (ANA, BOB, town)
    assert decision.document.relations == (IN,)
    assert decision.lost_relations == 0


def test_a_tie_of_two_types_loses_annotations_that_both_gave_which_is_a_problem() -> None:
    town = Entity(id="e3", start=15, end=19, label="ORG")
    versions = {"anne": ANNE, "luc": doc(ANA, BOB, town, relations=(MEETS, IN))}
    decisions = decide_by_policy([AdjudicationCase(versions, SCHEMA)], "majority")
    assert [problem.kind for problem in decisions.problems] == ["lost", "lost"]


def test_a_majority_decides_each_case_and_reports_its_ties() -> None:
    decisions = decide_by_policy([TWO], "majority")
    assert decisions.gold["d"].meta["adjudicated_by"] == "majority"
    assert len(decisions.ties["d"]) == 4
    assert (decisions.lost_relations, decisions.open) == ({"d": 1}, {})


def test_an_annotators_version_is_taken_and_documents_without_it_stay_open() -> None:
    other = AdjudicationCase({name: Document("z", "", ()) for name in ("anne", "eve")}, SCHEMA)
    decisions = decide_by_policy([TWO, other], "annotator=luc")
    assert decisions.gold["d"].entities == LUC.entities
    assert decisions.open == {"z": "luc has not annotated this document"}


@pytest.mark.parametrize("policy", ["", "majority=anne", "annotator=", "annotator", "vote"])
def test_an_unknown_policy_is_refused(policy: str) -> None:
    assert not is_policy(policy)
    with pytest.raises(ValueError, match="must be `majority` or `annotator=NAME`"):
        decide_by_policy([TWO], policy)
