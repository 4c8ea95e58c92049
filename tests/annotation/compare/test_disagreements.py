"""What annotators agree on and differ on, on a sentence small enough to check by eye."""

from hypothesis import given
from strategies import documents

from aloi.annotation.compare.disagreements import (
    Difference,
    common,
    content,
    differences,
    frequent_first,
    written,
)
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import AttributeType, RelationType, Schema

TEXT = "Ana voit Bob à Rome"
SCHEMA = Schema(
    "s",
    "1",
    {},
    {"MEETS": RelationType(("PER",), ("PER",), symmetric=True)},
    relation_attributes={"assertion": AttributeType(default="asserted")},
)
ANA = Entity("a", 0, 3, "PER", ref="ana")
BOB = Entity("b", 9, 12, "PER")
ROME = Entity("r", 15, 19, "LOC")


def doc(*entities: Entity, relations: tuple[Relation, ...] = ()) -> Document:
    return Document("d", TEXT, entities, relations)


def told(one: Document, other: Document) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    return [(each.what, each.held) for each in differences({"A": one, "B": other}, SCHEMA)]


def test_ids_and_the_default_attribute_and_the_ends_of_a_symmetric_relation_do_not_differ() -> None:
    asserted = {"assertion": "asserted"}
    one = doc(ANA, BOB, relations=(Relation("a", "b", "MEETS", attributes=asserted),))
    renamed = Entity("x", 0, 3, "PER", ref="ana")
    other = doc(renamed, BOB, relations=(Relation("b", "x", "MEETS", id="r1"),))
    assert told(one, other) == []


def test_another_label_and_a_missing_mention_are_told_with_all_that_stands_on_them() -> None:
    one = doc(ANA, ROME, relations=(Relation("a", "r", "LOCATED_IN"),))
    other = doc(ANA, Entity("r", 15, 19, "ORG"))
    assert told(one, other) == [
        ("mention", {"A": ("LOC «Rome»",), "B": ("ORG «Rome»",)}),
        ("relation", {"A": ("LOCATED_IN →",)}),  # B has not Rome as a LOC
    ]


def test_values_of_mentions_that_both_have_are_compared() -> None:
    other = Entity("a", 0, 3, "PER", ref="anna", attributes={"sure": "no"})
    assert told(doc(ANA), doc(other)) == [
        ("ref", {"A": ("ana",), "B": ("anna",)}),
        ("sure", {"A": (), "B": ("no",)}),
    ]


def test_direction_label_and_assertion_of_arcs_are_told_by_the_two_mentions() -> None:
    negated = {"assertion": "negated"}
    one = doc(ANA, BOB, ROME, relations=(Relation("a", "b", "HELPS"), Relation("a", "r", "IN")))
    turned = Relation("b", "a", "HELPS")
    other = doc(ANA, BOB, ROME, relations=(turned, Relation("a", "r", "IN", attributes=negated)))
    found = differences({"A": one, "B": other}, SCHEMA)
    assert [each.held for each in found] == [
        {"A": ("HELPS →",), "B": ("← HELPS",)},
        {"A": ("IN →",), "B": ("IN → assertion=negated",)},
    ]
    assert [each.kind for each in found] == [
        ("HELPS →", "← HELPS"),  # the direction is all they differ in
        ("IN", "IN assertion=negated"),
    ]


def test_the_most_frequent_kinds_come_first_whichever_way_the_arc_goes() -> None:
    def arc(document: str, held: str) -> Difference:
        return Difference(document, "relation", ((0, 1), (2, 3)), ("", ""), {"A": (held,), "B": ()})

    found = frequent_first([arc("a", "IN →"), arc("b", "HELPS →"), arc("c", "← HELPS")])
    assert [each.document for each in found] == ["b", "c", "a"]


def test_what_all_have_keeps_only_the_values_that_all_give() -> None:
    negated, possible = {"assertion": "negated", "x": "1"}, {"assertion": "possible", "x": "1"}
    one = doc(ANA, BOB, ROME, relations=(Relation("a", "b", "IN", attributes=negated),))
    other = doc(
        Entity("q", 0, 3, "PER", ref="anna"),
        BOB,
        relations=(Relation("q", "b", "IN", attributes=possible),),
    )
    both = common(content(each, SCHEMA) for each in (one, other))
    assert written(both, [one, other]) == doc(
        Entity("a", 0, 3, "PER"), BOB, relations=(Relation("a", "b", "IN", attributes={"x": "1"}),)
    )


def test_ids_are_those_of_the_first_who_has_the_mention_and_never_doubled() -> None:
    one, other = doc(ANA), doc(Entity("a", 9, 12, "PER"), Entity("z", 0, 3, "PER"))
    document = written(content(other, SCHEMA), [one, other])
    assert {each.start: each.id for each in document.entities} == {0: "a", 9: "a-2"}


@given(documents())
def test_a_document_is_what_it_says(document: Document) -> None:
    said = content(document, SCHEMA)
    again = written(said, [document])
    assert content(again, SCHEMA) == said
    assert differences({"A": document, "B": again}, SCHEMA) == []
    assert {each.id for each in again.entities} <= {each.id for each in document.entities}
