"""Mentions in layers: worked by hand."""

from aloi.models.entities.crf import Stretch
from aloi.models.entities.nesting import layered, within

WAR = Stretch(0, 4, "EVENT")  # guerre en Ukraine de 2022
UKRAINE, YEAR = Stretch(2, 3, "LOC"), Stretch(3, 4, "DATE")


def test_a_layer_for_each_mention_around() -> None:
    after = Stretch(5, 6, "LOC")
    assert layered([YEAR, after, UKRAINE, WAR], 2) == [[WAR, after], [UKRAINE, YEAR]]


def test_of_two_on_the_same_tokens_one_is_inside_the_other() -> None:
    """Élysée is a place and an institution: labels decide, so that all documents agree."""
    both = [Stretch(1, 2, "ORG"), Stretch(1, 2, "LOC")]
    assert layered(both, 3) == [[Stretch(1, 2, "LOC")], [Stretch(1, 2, "ORG")], []]


def test_what_crosses_or_is_too_deep_is_left_out() -> None:
    crossing = Stretch(3, 6, "ORG")  # begins inside the war and ends outside
    assert layered([WAR, crossing, UKRAINE], 2) == [[WAR], [UKRAINE]]
    assert layered([WAR, UKRAINE], 1) == [[WAR]]


def test_inner_mentions_are_counted_from_the_outer_one() -> None:
    outer = Stretch(10, 14, "EVENT")
    assert within(outer, [Stretch(12, 13, "LOC"), Stretch(15, 16, "LOC")]) == [Stretch(2, 3, "LOC")]
