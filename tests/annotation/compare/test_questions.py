"""Questions to the adjudicator: one per disagreement, with the possible answers."""

import msgspec
from meeting import ANA, BOB, ROME, SCHEMA, doc

from aloi.annotation.compare.alignment import AlignedVersions
from aloi.annotation.compare.questions import Question, find_questions
from aloi.corpus.document import Document, Entity, Relation

HELPS = Relation(head="b", tail="a", label="HELPS")
NEGATED = Relation(head="a", tail="r", label="IN", attributes={"assertion": "negated"})
IN = Relation(head="a", tail="r", label="IN")
TOWN = Entity(id="r", start=15, end=19, label="ORG")


def questions(*versions: Document) -> list[Question]:
    return find_questions(AlignedVersions(dict(zip("ABC", versions, strict=False)), SCHEMA))


def asked(*versions: Document) -> list[tuple[str, list[str]]]:
    return [(each.aspect, each.answers) for each in questions(*versions)]


def test_a_different_type_is_one_question_and_its_relations_are_none() -> None:
    first = doc(ANA, ROME, relations=(IN,))
    assert asked(first, doc(ANA, TOWN, relations=(IN,))) == [
        ("mention", ["version:A", "version:B", "both", "neither", "other"])
    ]
    assert asked(first, doc(ANA)) == [("mention", ["version:A", "version:B", "other"])]


def test_a_ref_has_no_answer_both() -> None:
    anna = Entity(id="a", start=0, end=3, label="PER", ref="anna")
    assert asked(doc(ANA), doc(anna)) == [("ref", ["version:A", "version:B", "neither", "other"])]
    bare = Entity(id="a", start=0, end=3, label="PER")
    assert asked(doc(ANA), doc(bare)) == [("ref", ["version:A", "version:B", "other"])]


def test_the_direction_and_the_attributes_of_a_relation_are_asked_about() -> None:
    turned = Relation(head="a", tail="b", label="HELPS")
    assert asked(doc(ANA, BOB, relations=(HELPS,)), doc(ANA, BOB, relations=(turned,))) == [
        ("relation", ["version:A", "version:B", "both", "neither", "other"])
    ]
    ends = (ANA, ROME)
    assert asked(doc(*ends, relations=(IN,)), doc(*ends, relations=(NEGATED,))) == [
        ("relation", ["version:A", "version:B", "neither", "other"])
    ]


def test_a_relation_that_all_gave_is_no_part_of_a_question() -> None:
    both = (IN, Relation(head="a", tail="r", label="BORN_IN"))
    (question,) = questions(doc(ANA, ROME, relations=(IN,)), doc(ANA, ROME, relations=both))
    assert question.versions == {"A": {}, "B": {(0, 1, "BORN_IN"): {}}}


def test_equal_versions_of_three_annotators_are_one_answer() -> None:
    (question,) = questions(doc(ROME), doc(TOWN), doc(ROME))
    assert question.groups == [("A", "C"), ("B",)]
    assert question.answers[:2] == ["version:A", "version:B"]


def test_the_key_of_a_question_changes_with_its_versions() -> None:
    (first,), (same,), (other,) = (
        questions(doc(ROME), each) for each in (doc(TOWN), doc(TOWN), doc())
    )
    assert first.key == same.key != other.key


def test_the_same_two_refs_of_several_mentions_are_one_question() -> None:
    def referring(ref: str | None) -> Document:
        return doc(*(msgspec.structs.replace(each, ref=ref) for each in (ANA, BOB)))

    (question,) = questions(referring("ana"), referring("anna"))
    assert (question.spans, question.versions) == (((0, 3), (9, 12)), {"A": "ana", "B": "anna"})
    assert len(questions(referring("ana"), referring(None))) == 2
