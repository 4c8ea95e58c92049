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
ANA, ROME = (
    Entity(id="e1", start=0, end=3, label="PER"),
    Entity(id="e2", start=10, end=14, label="LOC"),
)


def test_offsets_are_code_points_with_the_end_exclusive() -> None:
    document = Document("d", "🇫🇷 Ana", (Entity(id="e", start=3, end=6, label="PER"),))
    assert document.surface(document.entities[0]) == "Ana"  # the flag is two code points


def test_entities_and_relations_are_in_text_order() -> None:
    relations = (
        Relation(head="e2", tail="e1", label="B"),
        Relation(head="e1", tail="e2", label="A"),
    )
    document = Document("d", TEXT, (ROME, ANA), relations)
    assert document.entities == (ANA, ROME)
    assert document.relations == relations[::-1]
    assert document == Document("d", TEXT, (ANA, ROME), relations[::-1])


def test_all_problems_are_reported_at_once() -> None:
    entities = (
        Entity(id="e1", start=0, end=99, label="PER"),
        Entity(id="e1", start=2, end=2, label="PER"),
        Entity(id="e3", start=-1, end=2, label="PER", score=float("nan")),
    )
    with pytest.raises(InvalidDocumentError) as caught:
        Document("", TEXT, entities, (Relation(head="e1", tail="nobody", label="A"),))
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
    entities = (
        ANA,
        Entity(id="e2", start=10, end=99, label="LOC"),
        Entity(id="e3", start=10, end=14, label="LOC"),
    )
    relations = (
        Relation(head="e1", tail="e2", label="LIVES_IN"),
        Relation(head="e1", tail="e3", label="LIVES_IN"),
    )
    document, problems = salvage(Draft("d", TEXT, entities, relations))
    assert document == Document("d", TEXT, (ANA, entities[2]), relations[1:])
    assert [problem.kind for problem in problems] == ["offset-outside-text", "lost-relation"]


def test_outermost_removes_mentions_inside_longer_ones() -> None:
    war = Entity(id="war", start=0, end=10, label="EVENT")
    inside, crossing = (
        Entity(id="in", start=5, end=10, label="LOC"),
        Entity(id="cross", start=8, end=14, label="LOC"),
    )
    same_span = Entity(id="same", start=8, end=14, label="ORG")
    assert outermost((inside, war, crossing, same_span)) == (war, crossing, same_span)


def test_the_hash_does_not_depend_on_the_order_of_documents() -> None:
    documents = [Document(id_, TEXT, (ANA,)) for id_ in "abc"]
    assert hash_documents(documents) == hash_documents(documents[::-1])
    assert hash_documents(documents) != hash_documents(documents[1:])
