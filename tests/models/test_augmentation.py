"""Varied copies: what changes, and that mentions stay where they belong."""

import random

import pytest
from hypothesis import given, settings
from strategies import documents

from aloi.corpus.document import Document, Entity
from aloi.models.augmentation import (
    TYPOGRAPHY,
    Change,
    Variation,
    augmented,
    bare_capitals,
    renamed,
    rewritten,
    straight_quotes,
    surfaces,
)

TEXT = "L’Élysée : « Macron ira à Rome », dit Macron."


def document() -> Document:
    places = ((2, 8, "ORG"), (13, 19, "PER"), (26, 30, "LOC"), (38, 44, "PER"))
    entities = (Entity(f"e{start}", start, end, label) for start, end, label in places)
    return Document("d", TEXT, tuple(entities))


def test_typography_changes_and_mentions_move_with_it() -> None:
    """Two quotation marks lose their spaces: what comes after stands two characters earlier."""
    copy = rewritten(document(), straight_quotes(TEXT))
    assert copy.text == 'L’Élysée : "Macron ira à Rome", dit Macron.'
    assert [copy.surface(entity) for entity in copy.entities] == [
        "Élysée",
        "Macron",
        "Rome",
        "Macron",
    ]
    assert rewritten(document(), bare_capitals(TEXT)).text == TEXT.replace("É", "E")


def test_a_name_gives_way_to_another_in_all_its_places() -> None:
    names = {"PER": ["Merkel"], "ORG": ["Kremlin"], "LOC": ["Oslo"]}
    seen = set()
    for seed in range(20):
        copy = rewritten(document(), renamed(document(), names, random.Random(seed)))
        found = [copy.surface(entity) for entity in copy.entities]
        assert found[1] == found[3]
        seen.update(found)
    # «L’Kremlin» would be no French, and «à Oslo» in place of «à Rome» starts otherwise.
    assert seen == {"Élysée", "Macron", "Merkel", "Rome"}


def test_a_mention_with_another_inside_keeps_its_name() -> None:
    nested = Document(
        "d", "guerre en Ukraine", (Entity("a", 0, 17, "EVENT"), Entity("b", 10, 17, "LOC"))
    )
    names = {"EVENT": ["sommet"], "LOC": ["Chine"]}
    assert not any(renamed(nested, names, random.Random(seed)) for seed in range(20))


def test_no_change_is_made_across_the_edge_of_a_mention() -> None:
    assert rewritten(document(), [Change(6, 10, "x")]) == document()


def test_copies_are_the_same_for_one_seed_and_come_after_their_document() -> None:
    found = list(augmented([document()], copies=2, seed=1))
    assert [each.id for each in found] == ["d", "d~1", "d~2"]
    assert found == list(augmented([document()], copies=2, seed=1))
    assert list(augmented([document()], copies=0, seed=1)) == [document()]


@settings(max_examples=60, deadline=None)
@given(documents())
@pytest.mark.parametrize("variation", TYPOGRAPHY)
def test_every_mention_is_kept(variation: Variation, each: Document) -> None:
    copy = rewritten(each, variation(each.text))
    assert [(e.id, e.label) for e in copy.entities] == [(e.id, e.label) for e in each.entities]
    whole = rewritten(each, renamed(each, surfaces([each]), random.Random(0)))
    assert len(whole.entities) == len(each.entities)
