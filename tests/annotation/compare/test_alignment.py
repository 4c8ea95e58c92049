"""Alignment of mentions, on a title that annotators can mark in several ways."""

from aloi.annotation.compare.alignment import AlignedVersions
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import RelationType, Schema

TEXT = "le président chinois Xi à Moscou"
SCHEMA = Schema("s", "1", {}, {"MEETS": RelationType((), (), symmetric=True)})


def mention(surface: str, label: str) -> Entity:
    start = TEXT.index(surface)
    return Entity(id=f"{label}-{surface}", start=start, end=start + len(surface), label=label)


def slots(**versions: list[Entity]) -> list[dict[str, str]]:
    """Return the surface and label of each annotator's mention in each slot."""
    documents = {name: Document("d", TEXT, tuple(each)) for name, each in versions.items()}
    return [
        {name: f"{TEXT[start:end]} {label}" for name, (start, end, label) in each.mentions.items()}
        for each in AlignedVersions(documents, SCHEMA).slots
    ]


LONG, SHORT = mention("président chinois", "ROLE"), mention("président", "ROLE")
CHINESE = mention("chinois", "NORP")


def test_equal_mentions_are_aligned() -> None:
    assert slots(A=[LONG, CHINESE], B=[CHINESE]) == [
        {"A": "président chinois ROLE"},
        {"A": "chinois NORP", "B": "chinois NORP"},
    ]


def test_different_boundaries_are_aligned_and_a_nested_mention_is_not() -> None:
    assert slots(A=[LONG, CHINESE], B=[SHORT]) == [
        {"A": "président chinois ROLE", "B": "président ROLE"},
        {"A": "chinois NORP"},
    ]


def test_different_types_and_different_types_with_boundaries_are_aligned() -> None:
    other = mention("président chinois Xi", "PER")
    assert slots(A=[mention("Moscou", "LOC")], B=[mention("Moscou", "ORG")]) == [
        {"A": "Moscou LOC", "B": "Moscou ORG"}
    ]
    assert slots(A=[LONG], B=[other]) == [
        {"A": "président chinois ROLE", "B": "président chinois Xi PER"}
    ]


def test_three_annotators_are_in_one_slot_with_at_most_one_mention_each() -> None:
    assert slots(A=[LONG], B=[SHORT, CHINESE], C=[SHORT]) == [
        {"A": "président chinois ROLE", "B": "président ROLE", "C": "président ROLE"},
        {"B": "chinois NORP"},
    ]


def test_relations_are_compared_between_slots_and_symmetric_ones_have_no_direction() -> None:
    xi = mention("Xi", "PER")
    versions = {
        "A": Document("d", TEXT, (LONG, xi), (Relation(head=LONG.id, tail=xi.id, label="MEETS"),)),
        "B": Document(
            "d", TEXT, (SHORT, xi), (Relation(head=xi.id, tail=SHORT.id, label="MEETS"),)
        ),
    }
    assert AlignedVersions(versions, SCHEMA).relations == {
        "A": {(0, 1, "MEETS"): {}},
        "B": {(0, 1, "MEETS"): {}},
    }
