"""The fuzzy scheme of HIPE: mentions are paired from left to right."""

from hypothesis import given
from hypothesis import strategies as st
from mentions import pair_mentions

from aloi.eval.alignment import align_pair
from aloi.eval.hipe_fuzzy import score_hipe_fuzzy
from aloi.eval.score_counts import Counts
from aloi.eval.semeval import score_semeval

Spans = list[tuple[int, int, str]]

SPANS = st.lists(
    st.tuples(st.integers(0, 15), st.integers(1, 6), st.sampled_from("AB")).map(
        lambda each: (each[0], each[0] + each[1], each[2])
    ),
    max_size=10,
    unique=True,
)


def plain_pairs(gold: Spans, pred: Spans) -> int:
    """Return the number of pairs, found by two loops."""
    unused = sorted(pred, key=lambda each: (each[0], -each[1]))
    pairs = 0
    for start, end, label in sorted(gold, key=lambda each: (each[0], -each[1])):
        for other in unused:
            if other[2] == label and start < other[1] and other[0] < end:
                unused.remove(other)
                pairs += 1
                break
    return pairs


def test_an_earlier_mention_takes_the_prediction_of_a_later_one() -> None:
    # 0-4 overlaps both predictions and takes 2-9, which is all that 5-9 overlaps.
    gold, pred = [(0, 4, "A"), (5, 9, "A")], [(2, 9, "A"), (3, 5, "A")]
    assert score_hipe_fuzzy(pair_mentions(gold, pred)).micro == Counts(tp=1, fp=1, fn=1)
    pair = pair_mentions(gold, pred)
    assert score_semeval(pair, align_pair(pair))["semeval-type"].micro.gold[0] == 2


def test_a_wrong_label_counts_under_each_label() -> None:
    scores = score_hipe_fuzzy(pair_mentions([(0, 4, "A")], [(0, 4, "B"), (0, 4, "B")]))
    assert scores.types == {"A": Counts(fn=1), "B": Counts(fp=1)}
    assert scores.duplicates == {"gold": 0, "pred": 1}


@given(SPANS, SPANS)
def test_counts_equal_those_of_plain_loops(gold: Spans, pred: Spans) -> None:
    pairs = plain_pairs(gold, pred)
    micro = score_hipe_fuzzy(pair_mentions(gold, pred)).micro
    assert micro == Counts(tp=pairs, fp=len(pred) - pairs, fn=len(gold) - pairs)
