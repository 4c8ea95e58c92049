"""The agreement of passes on values and relations, and its tables."""

from aloi.annotation.compare.pass_agreement import compare_passes
from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.reports.sheets import rich_tables

ANA, ROME = (
    Entity(id="a", start=0, end=3, label="PER", ref="ana"),
    Entity(id="r", start=6, end=10, label="LOC"),
)


def doc(*entities: Entity, relations: tuple[Relation, ...] = ()) -> Document:
    return Document("d", "Ana à Rome", entities, relations)


def test_values_and_relations_are_compared_on_shared_mentions() -> None:
    one = doc(ANA, ROME, relations=(Relation(head="a", tail="r", label="LOCATED_IN"),))
    other = doc(Entity(id="x", start=0, end=3, label="PER", ref="anna"), ROME)
    agreement = compare_passes({"A": [one], "B": [other]})
    assert [(each.value, each.items, each.same) for each in agreement.values] == [("ref", 1, 0)]
    assert [each.kind for each in agreement.disagreements] == [
        ("LOCATED_IN", "–"),
        ("ref", "ana", "anna"),
    ]
    titles = [sheet.title for sheet in agreement.sheets()]
    assert titles[-3:] == [
        "differing relations, 1 of 1: A / B",
        "differing values, 1 of 1: A / B",
        "work",
    ]
    assert agreement.to_json()["work"]["A"]["mentions"] == 2


def test_a_relation_on_a_mention_that_one_annotator_lacks_is_no_second_disagreement() -> None:
    one = doc(ANA, ROME, relations=(Relation(head="a", tail="r", label="LOCATED_IN"),))
    assert compare_passes({"A": [one], "B": [doc(ANA)]}).disagreements == ()


def test_tables_of_full_agreement_are_empty() -> None:
    sheets = list(compare_passes({"A": [doc(ANA)], "B": [doc(ANA)]}).sheets())
    (sheet,) = [sheet for sheet in sheets if "disagreements" in sheet.title]
    assert [table.row_count for table in rich_tables(sheet, 80)] == [0]


def test_both_boundaries_and_the_ends_of_relations_are_shown() -> None:
    longer = Entity(id="r", start=4, end=10, label="LOC")
    relation = Relation(head="a", tail="r", label="LOCATED_IN")
    passes = {
        "A": [doc(ANA, ROME, relations=(relation,))],
        "B": [doc(ANA, longer, relations=(relation,))],
    }
    sheets = {each.title: each.rows for each in compare_passes(passes).sheets()}
    assert sheets["disagreements, 1 of 1: A / B"] == (
        ("LOC «Rome» / LOC «à Rome»", "d", "Ana [à Rome]"),
    )
    assert sheets["differing ends of relations, 1 of 1: A / B"] == (
        (
            "LOCATED_IN: → LOC «Rome» / → LOC «à Rome»",
            "d",
            "Ana … à Rome",
        ),
    )
