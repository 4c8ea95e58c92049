"""Documents: validation, order, and the helpers on their entities."""

import pytest

from aloi.corpus.document import (
    Document,
    Draft,
    Entity,
    InvalidDocumentError,
    Relation,
    hash_documents,
    outermost,
    salvage,
)

TEXT = "Ana vit à Rome"
ANA, ROME = Entity("e1", 0, 3, "PER"), Entity("e2", 10, 14, "LOC")


def test_offsets_are_code_points_with_the_end_exclusive() -> None:
    document = Document("d", "🇫🇷 Ana", (Entity("e", 3, 6, "PER"),))
    assert document.surface(document.entities[0]) == "Ana"  # the flag is two code points


def test_entities_and_relations_are_in_text_order() -> None:
    relations = (Relation("e2", "e1", "B"), Relation("e1", "e2", "A"))
    document = Document("d", TEXT, (ROME, ANA), relations)
    assert document.entities == (ANA, ROME)
    assert document.relations == relations[::-1]
    assert document == Document("d", TEXT, (ANA, ROME), relations[::-1])


def test_all_problems_are_reported_at_once() -> None:
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


def test_salvage_keeps_the_valid_part_of_a_draft() -> None:
    entities = (ANA, Entity("e2", 10, 99, "LOC"), Entity("e3", 10, 14, "LOC"))
    relations = (Relation("e1", "e2", "LIVES_IN"), Relation("e1", "e3", "LIVES_IN"))
    document, problems = salvage(Draft("d", TEXT, entities, relations))
    assert document == Document("d", TEXT, (ANA, entities[2]), relations[1:])
    assert [problem.kind for problem in problems] == ["offset-outside-text", "lost-relation"]


def test_outermost_removes_mentions_inside_longer_ones() -> None:
    war = Entity("war", 0, 10, "EVENT")
    inside, crossing = Entity("in", 5, 10, "LOC"), Entity("cross", 8, 14, "LOC")
    same_span = Entity("same", 8, 14, "ORG")
    assert outermost((inside, war, crossing, same_span)) == (war, crossing, same_span)


def test_the_hash_does_not_depend_on_the_order_of_documents() -> None:
    documents = [Document(id_, TEXT, (ANA,)) for id_ in "abc"]
    assert hash_documents(documents) == hash_documents(documents[::-1])
    assert hash_documents(documents) != hash_documents(documents[1:])
