"""Disagreements of annotators, on a sentence small enough to check by eye."""

from meeting import ANA, BOB, ROME, SCHEMA, doc

from aloi.annotation.compare.disagreements import (
    PassDisagreement,
    find_disagreements,
    sort_by_frequency,
)
from aloi.corpus.document import Document, Entity, Relation


def disagreements(one: Document, other: Document) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    listed = find_disagreements({"A": one, "B": other}, SCHEMA)
    return [(each.aspect, each.versions) for each in listed]


def test_ids_default_attributes_and_direction_of_symmetric_relations_are_ignored() -> None:
    asserted = {"assertion": "asserted"}
    one = doc(
        ANA, BOB, relations=(Relation(head="a", tail="b", label="MEETS", attributes=asserted),)
    )
    renamed = Entity(id="x", start=0, end=3, label="PER", ref="ana")
    other = doc(renamed, BOB, relations=(Relation(head="b", tail="x", label="MEETS", id="r1"),))
    assert disagreements(one, other) == []


def test_a_different_label_also_affects_the_relations_of_the_mention() -> None:
    one = doc(ANA, ROME, relations=(Relation(head="a", tail="r", label="LOCATED_IN"),))
    other = doc(ANA, Entity(id="r", start=15, end=19, label="ORG"))
    assert disagreements(one, other) == [
        ("mention", {"A": ("LOC «Rome»",), "B": ("ORG «Rome»",)}),
        ("relation", {"A": ("LOCATED_IN →",)}),  # B has no LOC Rome
    ]


def test_values_of_shared_mentions_are_compared() -> None:
    other = Entity(id="a", start=0, end=3, label="PER", ref="anna", attributes={"sure": "no"})
    assert disagreements(doc(ANA), doc(other)) == [
        ("ref", {"A": ("ana",), "B": ("anna",)}),
        ("sure", {"A": (), "B": ("no",)}),
    ]


def test_relations_are_compared_by_direction_label_and_attributes() -> None:
    negated = {"assertion": "negated"}
    one = doc(
        ANA,
        BOB,
        ROME,
        relations=(
            Relation(head="a", tail="b", label="HELPS"),
            Relation(head="a", tail="r", label="IN"),
        ),
    )
    turned = Relation(head="b", tail="a", label="HELPS")
    other = doc(
        ANA,
        BOB,
        ROME,
        relations=(turned, Relation(head="a", tail="r", label="IN", attributes=negated)),
    )
    listed = find_disagreements({"A": one, "B": other}, SCHEMA)
    assert [each.versions for each in listed] == [
        {"A": ("HELPS →",), "B": ("← HELPS",)},
        {"A": ("IN →",), "B": ("IN → assertion=negated",)},
    ]
    assert [each.kind for each in listed] == [
        ("HELPS →", "← HELPS"),  # they differ only in the direction
        ("IN", "IN assertion=negated"),
    ]


def test_frequent_kinds_come_first_whatever_their_direction() -> None:
    def relation(document: str, version: str) -> PassDisagreement:
        return PassDisagreement(
            document, "relation", ((0, 1), (2, 3)), ("", ""), {"A": (version,), "B": ()}
        )

    listed = sort_by_frequency(
        [relation("a", "IN →"), relation("b", "HELPS →"), relation("c", "← HELPS")]
    )
    assert [each.document for each in listed] == ["b", "c", "a"]
