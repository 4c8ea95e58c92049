"""Alignment of gold and predicted mentions, and the schemes of SemEval-2013."""

import random
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mentions import labelled_spans, pair_mentions

from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError
from aloi.eval.alignment import align_pair
from aloi.eval.reports.report import evaluate
from aloi.eval.schemes import EntityScheme
from aloi.eval.semeval import Outcomes, score_semeval

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nervaluate import Evaluator

Spans = list[tuple[int, int, str]]


def aligned(gold: Spans, pred: Spans) -> list[tuple[Spans, Spans]]:
    """Return the aligned pairs that are not exact matches, as gold and predicted spans."""
    pair = pair_mentions(gold, pred)
    alignment = align_pair(pair)
    return [
        (
            labelled_spans(pair, alignment.gold, [g])[0],
            labelled_spans(pair, alignment.pred, [p])[0],
        )
        for g, p in zip(*alignment.paired, strict=True)
    ]


def test_an_overlapping_prediction_does_not_replace_an_exact_match() -> None:
    # The first prediction overlaps the gold mention that the second one matches exactly.
    gold, pred = [(3, 9, "PER")], [(0, 5, "PER"), (3, 9, "PER")]
    pair = pair_mentions(gold, pred)
    scores = score_semeval(pair, align_pair(pair))
    assert scores[EntityScheme.SEMEVAL_STRICT].micro == Outcomes((1, 0, 0, 0), (1, 0, 0, 1))
    theirs = Evaluator(
        [[{"label": "PER", "start": 3, "end": 8}]],
        [[{"label": "PER", "start": s, "end": e - 1} for s, e, _ in pred]],
        tags=["PER"],
        loader="dict",
    ).evaluate()["overall"]["strict"]
    # nervaluate pairs the first prediction with the gold mention, so nothing is correct.
    assert (theirs.correct, theirs.incorrect, theirs.spurious) == (0, 1, 1)


def test_the_mention_with_the_larger_overlap_is_aligned() -> None:
    # 12-20 has a larger overlap with Ukraine (13-20) than with the war (3-20).
    assert aligned([(3, 20, "EVENT"), (13, 20, "LOC")], [(12, 20, "LOC")]) == [
        ((13, 20, "LOC"), (12, 20, "LOC"))
    ]


def test_more_pairs_are_better_than_larger_overlaps() -> None:
    # 0-5 can only be aligned with 0-6, so 4-10 is aligned with 5-10.
    assert aligned([(0, 6, "A"), (5, 10, "A")], [(0, 5, "A"), (4, 10, "A")]) == [
        ((0, 6, "A"), (0, 5, "A")),
        ((5, 10, "A"), (4, 10, "A")),
    ]
    assert aligned([(2, 5, "A"), (5, 10, "A")], [(4, 10, "A"), (9, 12, "A")]) == [
        ((2, 5, "A"), (4, 10, "A")),
        ((5, 10, "A"), (9, 12, "A")),
    ]


def test_the_four_schemes_by_hand() -> None:
    gold = [(0, 2, "PER"), (3, 5, "LOC"), (6, 9, "ORG"), (10, 12, "LOC")]
    pred = [(0, 2, "PER"), (3, 5, "ORG"), (6, 8, "ORG"), (13, 15, "LOC")]
    pair = pair_mentions(gold, pred)
    micro = {name: scores.micro for name, scores in score_semeval(pair, align_pair(pair)).items()}
    # One exact match, one wrong label with the same span, one correct label with a shorter span,
    # one missed and one spurious. Gold: correct, incorrect, partial, missed; then the predictions.
    assert micro == {
        "semeval-strict": Outcomes((1, 2, 0, 1), (1, 2, 0, 1)),
        "semeval-exact": Outcomes((2, 1, 0, 1), (2, 1, 0, 1)),
        "semeval-partial": Outcomes((2, 0, 1, 1), (2, 0, 1, 1)),
        "semeval-type": Outcomes((2, 1, 0, 1), (2, 1, 0, 1)),
    }
    assert micro[EntityScheme.SEMEVAL_PARTIAL].ratios["f1"] == pytest.approx(2.5 / 4)


def test_gold_and_predicted_mentions_count_under_their_own_types() -> None:
    pair = pair_mentions([(0, 2, "PER")], [(0, 2, "LOC")])
    exact = score_semeval(pair, align_pair(pair))[EntityScheme.SEMEVAL_EXACT]
    # The span is correct, so PER has a recall and LOC a precision; the other ratios are undefined.
    assert exact.types["PER"].ratios == {"precision": None, "recall": 1.0, "f1": None}
    assert exact.types["LOC"].ratios == {"precision": 1.0, "recall": None, "f1": None}
    assert exact.micro.ratios == {"precision": 1.0, "recall": 1.0, "f1": 1.0}


def flat(rng: random.Random, gaps: tuple[int, int]) -> Spans:
    """Return random spans that do not overlap."""
    spans, position = [], 0
    while position < 60:
        start = position + rng.randint(*gaps)
        position = start + rng.randint(1, 5)
        spans.append((start, position, rng.choice("AB")))
    return spans


@pytest.mark.parametrize("seed", range(40))
def test_overall_counts_equal_those_of_nervaluate_on_flat_mentions(seed: int) -> None:
    rng = random.Random(seed)
    gold, pred = flat(rng, (1, 8)), flat(rng, (1, 8))
    pair = pair_mentions(gold, pred)
    scores = score_semeval(pair, align_pair(pair))
    sides = [[{"label": x, "start": s, "end": e - 1} for s, e, x in side] for side in (gold, pred)]
    theirs = Evaluator([sides[0]], [sides[1]], tags=["A", "B"], loader="dict").evaluate()["overall"]
    for name in ("strict", "exact", "partial"):
        counts = scores[EntityScheme(f"semeval-{name}")].micro.as_dict()
        assert [counts[k] for k in ("correct", "incorrect", "partial", "missed", "spurious")] == [
            theirs[name].correct,
            theirs[name].incorrect,
            theirs[name].partial,
            theirs[name].missed,
            theirs[name].spurious,
        ]
    # The type scheme aligns as many mentions with the same label as possible. nervaluate aligns
    # greedily, so it never has more.
    assert scores[EntityScheme.SEMEVAL_TYPE].micro.gold[0] >= theirs["ent_type"].correct


def test_too_many_overlapping_mentions_are_an_error() -> None:
    text = "x" * 3000
    sides = [
        Document(
            "d",
            text,
            tuple(Entity(id=f"{n}", start=n, end=last - n, label="A") for n in range(1200)),
        )
        for last in (2999, 3000)
    ]
    with pytest.raises(
        DataError, match=r"document d: 1,440,000 pairs .* overlap; the limit is 1,0"
    ):
        evaluate(sides[:1], sides[1:])
    assert evaluate(sides[:1], sides[1:], schemes=["exact"]).entities["exact"].scores.micro.fn


SPANS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from("AB")).map(
        lambda each: (each[0], each[0] + each[1], each[2])
    ),
    max_size=8,
)


@given(SPANS, SPANS, st.randoms())
def test_the_alignment_does_not_depend_on_the_order_of_mentions(
    gold: Spans, pred: Spans, rng: random.Random
) -> None:
    shuffled = [rng.sample(side, len(side)) for side in (gold, pred)]
    assert aligned(gold, pred) == aligned(*shuffled)


@given(SPANS, SPANS)
def test_each_mention_is_aligned_at_most_once_with_an_overlapping_mention(
    gold: Spans, pred: Spans
) -> None:
    alignment = align_pair(pair_mentions(gold, pred))
    for side in (0, 1):
        rows = [*alignment.exact[side].tolist(), *alignment.paired[side].tolist()]
        assert len(rows) == len(set(rows))
    for one, other in aligned(gold, pred):
        assert one != other
        assert one[0] < other[1]
        assert other[0] < one[1]
