"""Tags and spans: what each scheme means, what breaks it, and what seqscore makes of the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqscore.encoding import get_encoding
from seqscore.validation import validate_labels

from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.column_writer import Tags
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import Problem

TAGS = st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=8)
WIDE_TAGS = st.lists(st.sampled_from(["O", *(f"{p}-{x}" for p in "BILU" for x in "AB")]))


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bilou"])
def test_spans_come_back_from_tags(scheme: bio.TagScheme) -> None:
    spans = [bio.TokenSpan(0, 2, "A"), bio.TokenSpan(2, 3, "A"), bio.TokenSpan(4, 5, "B")]
    assert bio.decode_tags(bio.encode_tags(spans, 6, scheme), scheme) == (spans, [])


def test_the_tags_of_each_scheme() -> None:
    spans = [bio.TokenSpan(0, 2, "A"), bio.TokenSpan(2, 3, "A"), bio.TokenSpan(4, 5, "B")]
    # IOB1 writes B- only where a mention touches one of its own label.
    assert bio.encode_tags(spans, 5, "iob1") == ["I-A", "I-A", "B-A", "O", "I-B"]
    assert bio.encode_tags(spans, 5, "iob2") == ["B-A", "I-A", "B-A", "O", "B-B"]
    assert bio.encode_tags(spans, 5, "bilou") == ["B-A", "L-A", "U-A", "O", "U-B"]


def test_iobes_is_bilou_by_other_letters() -> None:
    found, wrong = bio.decode_tags(["B-A", "I-A", "E-A", "S-B"], "bilou")
    assert (found, wrong) == ([bio.TokenSpan(0, 3, "A"), bio.TokenSpan(3, 4, "B")], [])


@pytest.mark.parametrize(
    ("tags", "wrong"),
    [
        (["B-A", "O"], [0]),  # begun, never closed
        (["B-A", "I-A"], [1]),  # the sentence ends first
        (["B-A", "L-B"], [0, 1]),  # closed by another label
        (["L-A"], [0]),  # closes nothing
        (["I-A", "L-A"], [0]),  # begins with I
        (["U-A", "I-A"], [1]),  # U is closed already; this I neither begins nor ends right
    ],
)
def test_what_breaks_bilou(tags: list[str], wrong: list[int]) -> None:
    assert bio.decode_tags(tags, "bilou")[1] == wrong


def test_letters_of_bilou_are_no_tags_elsewhere() -> None:
    assert bio.decode_tags(["B-A", "L-A", "U-A"], "iob2") == ([bio.TokenSpan(0, 1, "A")], [1, 2])


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["I-A", "I-A", "O", "I-B", "B-B"], "iob1"),
        (["B-A", "I-A", "O"], "iob2"),
        (["O", "I-A", "B-B"], "iob2"),  # both are free: IOB2 with a fault
        (["B-A", "E-A", "S-B"], "bilou"),
        ([], "iob2"),
    ],
)
def test_the_scheme_that_tags_speak_for(tags: list[str], scheme: str) -> None:
    assert bio.detect_scheme([tags]) == scheme


def repaired(tags: list[str], scheme: bio.TagScheme, repair: bio.TagRepair) -> list[bio.TokenSpan]:
    reading = Tags(Path("f"), scheme, repair, Notes(), [])
    return reading.spans(tags, range(len(tags)), "d")


@pytest.mark.parametrize("repair", ["conlleval", "discard"])
@given(tags=TAGS)
def test_repairs_are_seqscores(repair: bio.TagRepair, tags: list[str]) -> None:
    theirs = get_encoding("BIO")
    valid = theirs.repair_labels(tags, repair)
    mentions = [(m.span.start, m.span.end, m.type) for m in theirs.decode_labels(valid)]
    assert repaired(tags, "iob2", repair) == mentions


@given(WIDE_TAGS)
def test_bilou_is_broken_where_seqscore_says_so(tags: list[str]) -> None:
    valid = validate_labels(tags, get_encoding("BILOU")).is_valid()
    assert (bio.decode_tags(tags, "bilou")[1] == []) == valid


def test_discard_leaves_out_a_mention_that_is_never_closed() -> None:
    assert repaired(["B-A", "I-A", "O", "U-B"], "bilou", "discard") == [(3, 4, "B")]
    assert repaired(["B-A", "I-A", "O", "U-B"], "bilou", "conlleval") == [(0, 2, "A"), (3, 4, "B")]


def test_no_repair_makes_a_tag_of_what_is_none() -> None:
    problems: list[Problem] = []
    Tags(Path("f"), "iob2", "discard", Notes(), problems).spans(["O", "PER"], [7, 8], "d")
    assert [(problem.kind, problem.line) for problem in problems] == [("bad-tag", 8)]
