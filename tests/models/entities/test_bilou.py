"""BILOU tags: the order that is allowed, and encoding as the inverse of decoding."""

from hypothesis import given
from hypothesis import strategies as st

from aloi.models.entities.bilou import BilouTags, TokenSpan

TAGS = BilouTags(("LOC", "PER"))


def test_allowed_tag_order() -> None:
    """After B and I only I or L of the same label; after O, L and U only O, B or U."""
    begin, inside, last, unit = range(1, 5)  # of LOC, the first label
    assert TAGS.allowed[begin].nonzero()[0].tolist() == [inside, last]
    assert TAGS.allowed[inside].nonzero()[0].tolist() == [inside, last]
    for tag in (0, last, unit):
        assert TAGS.allowed[tag].nonzero()[0].tolist() == [0, 1, 4, 5, 8]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(TAGS.labels))))
def test_decoding_inverts_encoding(steps: list[tuple[int, int, str]]) -> None:
    mentions, end = [], 0
    for gap, length, label in steps:
        mentions.append(TokenSpan(end + gap, end + gap + length, label))
        end += gap + length
    assert TAGS.decode(TAGS.encode(end + 1, mentions).tolist()) == mentions
