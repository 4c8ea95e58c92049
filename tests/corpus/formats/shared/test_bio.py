"""BIO tags: encoding, decoding, invalid tags and repairs, compared with seqscore."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqscore.encoding import get_encoding
from seqscore.validation import validate_labels

from aloi.corpus.formats.shared import bio

TAGS = st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=8)
WIDE_TAGS = st.lists(st.sampled_from(["O", *(f"{p}-{x}" for p in "BILU" for x in "AB")]))


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bilou"])
def test_decoding_restores_encoded_spans(scheme: bio.TagScheme) -> None:
    spans = [bio.TokenSpan(0, 2, "A"), bio.TokenSpan(2, 3, "A"), bio.TokenSpan(4, 5, "B")]
    assert bio.decode_tags(bio.encode_tags(spans, 6, scheme), scheme) == (spans, [])


def test_the_tags_of_each_scheme() -> None:
    spans = [bio.TokenSpan(0, 2, "A"), bio.TokenSpan(2, 3, "A"), bio.TokenSpan(4, 5, "B")]
    # IOB1 writes B- only where a mention touches one of its own label.
    assert bio.encode_tags(spans, 5, "iob1") == ["I-A", "I-A", "B-A", "O", "I-B"]
    assert bio.encode_tags(spans, 5, "iob2") == ["B-A", "I-A", "B-A", "O", "B-B"]
    assert bio.encode_tags(spans, 5, "bilou") == ["B-A", "L-A", "U-A", "O", "U-B"]


def test_iobes_is_read_as_bilou() -> None:
    spans, invalid = bio.decode_tags(["B-A", "I-A", "E-A", "S-B"], "bilou")
    assert (spans, invalid) == ([bio.TokenSpan(0, 3, "A"), bio.TokenSpan(3, 4, "B")], [])


@pytest.mark.parametrize(
    ("tags", "invalid"),
    [
        (["B-A", "O"], [0]),  # begins a span that is never closed
        (["B-A", "I-A"], [1]),  # the sentence ends before L
        (["B-A", "L-B"], [0, 1]),  # L has another label
        (["L-A"], [0]),  # no span to close
        (["I-A", "L-A"], [0]),  # begins a span
        (["U-A", "I-A"], [1]),  # no open span after U
    ],
)
def test_invalid_bilou_tags(tags: list[str], invalid: list[int]) -> None:
    assert bio.decode_tags(tags, "bilou")[1] == invalid


def test_bilou_prefixes_are_invalid_in_iob2() -> None:
    assert bio.decode_tags(["B-A", "L-A", "U-A"], "iob2") == ([bio.TokenSpan(0, 1, "A")], [1, 2])


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["I-A", "I-A", "O", "I-B", "B-B"], "iob1"),
        (["B-A", "I-A", "O"], "iob2"),
        (["O", "I-A", "B-B"], "iob2"),  # both prefixes begin a span: IOB2 with an invalid tag
        (["B-A", "E-A", "S-B"], "bilou"),
        ([], "iob2"),
    ],
)
def test_scheme_detection(tags: list[str], scheme: str) -> None:
    assert bio.detect_scheme([tags]) == scheme


def repaired_spans(
    tags: list[str], scheme: bio.TagScheme, repair: bio.TagRepair
) -> list[bio.TokenSpan]:
    return bio.decode_with_repair(tags, scheme, repair).spans


@pytest.mark.parametrize("repair", ["conlleval", "discard"])
@given(tags=TAGS)
def test_repairs_match_seqscore(repair: bio.TagRepair, tags: list[str]) -> None:
    encoding = get_encoding("BIO")
    valid = encoding.repair_labels(tags, repair)
    mentions = [(m.span.start, m.span.end, m.type) for m in encoding.decode_labels(valid)]
    assert repaired_spans(tags, "iob2", repair) == mentions


@given(WIDE_TAGS)
def test_bilou_validation_matches_seqscore(tags: list[str]) -> None:
    valid = validate_labels(tags, get_encoding("BILOU")).is_valid()
    assert (bio.decode_tags(tags, "bilou")[1] == []) == valid


def test_discard_drops_an_unclosed_mention() -> None:
    assert repaired_spans(["B-A", "I-A", "O", "U-B"], "bilou", "discard") == [(3, 4, "B")]
    assert repaired_spans(["B-A", "I-A", "O", "U-B"], "bilou", "conlleval") == [
        (0, 2, "A"),
        (3, 4, "B"),
    ]


def test_a_string_that_is_no_tag_is_an_error_under_every_repair() -> None:
    assert bio.decode_with_repair(["O", "PER"], "iob2", "discard").errors == [1]
