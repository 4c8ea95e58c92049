"""Nested mentions in layers: examples worked by hand."""

from aloi.models.entities.bilou import TokenSpan
from aloi.models.entities.nesting import spans_inside, split_into_layers

WAR = TokenSpan(0, 4, "EVENT")  # guerre en Ukraine de 2022
UKRAINE, YEAR = TokenSpan(2, 3, "LOC"), TokenSpan(3, 4, "DATE")


def test_the_layer_is_the_number_of_mentions_around() -> None:
    later = TokenSpan(5, 6, "LOC")
    assert split_into_layers([YEAR, later, UKRAINE, WAR], 2) == [[WAR, later], [UKRAINE, YEAR]]


def test_labels_order_two_mentions_on_the_same_tokens() -> None:
    """Élysée is both a place and an institution: the label that sorts first is the outer one."""
    both = [TokenSpan(1, 2, "ORG"), TokenSpan(1, 2, "LOC")]
    assert split_into_layers(both, 3) == [[TokenSpan(1, 2, "LOC")], [TokenSpan(1, 2, "ORG")], []]


def test_partly_overlapping_and_too_deep_mentions_are_dropped() -> None:
    overlapping = TokenSpan(3, 6, "ORG")  # begins inside the war and ends outside
    assert split_into_layers([WAR, overlapping, UKRAINE], 2) == [[WAR], [UKRAINE]]
    assert split_into_layers([WAR, UKRAINE], 1) == [[WAR]]


def test_inner_offsets_count_from_the_outer_mention() -> None:
    outer = TokenSpan(10, 14, "EVENT")
    mentions = [TokenSpan(12, 13, "LOC"), TokenSpan(15, 16, "LOC")]
    assert spans_inside(outer, mentions) == [TokenSpan(2, 3, "LOC")]
