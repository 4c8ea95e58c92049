"""A document is valid, or it does not exist."""

import pytest

from aloi.corpus.document import Document, Entity, InvalidDocumentError, Relation, outermost

TEXT = "Ana vit à Rome"
ANA, ROME = Entity("e1", 0, 3, "PER"), Entity("e2", 10, 14, "LOC")


def test_offsets_are_code_points_with_the_end_exclusive() -> None:
    document = Document("d", "🇫🇷 Ana", (Entity("e", 3, 6, "PER"),))
    assert document.surface(document.entities[0]) == "Ana"  # the flag is two code points


def test_entities_and_relations_come_in_text_order() -> None:
    arcs = (Relation("e2", "e1", "B"), Relation("e1", "e2", "A"))
    document = Document("d", TEXT, (ROME, ANA), arcs)
    assert document.entities == (ANA, ROME)
    assert document.relations == arcs[::-1]
    assert document == Document("d", TEXT, (ANA, ROME), arcs[::-1])


def test_all_that_is_wrong_is_told_at_once() -> None:
    entities = (
        Entity("e1", 0, 99, "PER"),
        Entity("e1", 2, 2, "PER"),
        Entity("e3", -1, 2, "PER", score=float("nan")),
    )
    with pytest.raises(InvalidDocumentError) as caught:
        Document("", TEXT, entities, (Relation("e1", "nobody", "A"),))
    assert [problem.kind for problem in caught.value.problems] == [
        "missing-id",
        "offset-outside-text",
        "empty-span",
        "entity-id-twice",
        "offset-outside-text",
        "score-not-a-number",
        "dangling-relation",
    ]


def test_outermost_leaves_out_what_another_mention_contains() -> None:
    war = Entity("war", 0, 10, "EVENT")
    inside, crossing = Entity("in", 5, 10, "LOC"), Entity("cross", 8, 14, "LOC")
    twin = Entity("twin", 8, 14, "ORG")
    assert outermost((inside, war, crossing, twin)) == (war, crossing, twin)
