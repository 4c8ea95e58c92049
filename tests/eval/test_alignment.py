"""Which predicted mention answers to which gold one, and what SemEval's schemes make of it."""

import random
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mentions import compared, mentions

from aloi.eval.alignment import align
from aloi.eval.semeval import Outcomes, outcomes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nervaluate import Evaluator

Spans = list[tuple[int, int, str]]


def paired(gold: Spans, pred: Spans) -> list[tuple[Spans, Spans]]:
    """The pairs that are not exact, as gold and predicted spans."""
    both = compared(gold, pred)
    alignment = align(both)
    return [
        (mentions(both, alignment.gold, [g])[0], mentions(both, alignment.pred, [p])[0])
        for g, p in zip(*alignment.paired, strict=True)
    ]


def test_an_exact_match_is_never_eaten_by_one_that_overlaps() -> None:
    # The first prediction overlaps the gold mention that the second one matches exactly.
    gold, pred = [(3, 9, "PER")], [(0, 5, "PER"), (3, 9, "PER")]
    scores = outcomes(compared(gold, pred), align(compared(gold, pred)))
    assert scores["strict"].micro == Outcomes((1, 0, 0, 0), (1, 0, 0, 1))
    theirs = Evaluator(
        [[{"label": "PER", "start": 3, "end": 8}]],
        [[{"label": "PER", "start": s, "end": e - 1} for s, e, _ in pred]],
        tags=["PER"],
        loader="dict",
    ).evaluate()["overall"]["strict"]
    # nervaluate lets the first prediction take the gold mention: nothing correct is left.
    assert (theirs.correct, theirs.incorrect, theirs.spurious) == (0, 1, 1)


def test_the_nearer_stretch_is_paired() -> None:
    # 12-20 lies nearer to Ukraine (13-20) than to the war (3-20) that contains it.
    assert paired([(3, 20, "EVENT"), (13, 20, "LOC")], [(12, 20, "LOC")]) == [
        ((13, 20, "LOC"), (12, 20, "LOC"))
    ]


def test_more_pairs_come_before_closer_ones() -> None:
    # 4-10 shares most with 5-10, but then 0-5 would answer to nobody.
    assert paired([(0, 6, "A"), (5, 10, "A")], [(0, 5, "A"), (4, 10, "A")]) == [
        ((0, 6, "A"), (0, 5, "A")),
        ((5, 10, "A"), (4, 10, "A")),
    ]
    assert paired([(2, 5, "A"), (5, 10, "A")], [(4, 10, "A"), (9, 12, "A")]) == [
        ((2, 5, "A"), (4, 10, "A")),
        ((5, 10, "A"), (9, 12, "A")),
    ]


def test_the_four_schemes_by_hand() -> None:
    gold = [(0, 2, "PER"), (3, 5, "LOC"), (6, 9, "ORG"), (10, 12, "LOC")]
    pred = [(0, 2, "PER"), (3, 5, "ORG"), (6, 8, "ORG"), (13, 15, "LOC")]
    both = compared(gold, pred)
    found = {name: scores.micro for name, scores in outcomes(both, align(both)).items()}
    # One exact match, one wrong label on the right stretch, one right label on a shorter stretch,
    # one missed and one made up. Gold: correct, incorrect, partial, missed; then the predictions.
    assert found == {
        "strict": Outcomes((1, 2, 0, 1), (1, 2, 0, 1)),
        "exact": Outcomes((2, 1, 0, 1), (2, 1, 0, 1)),
        "partial": Outcomes((2, 0, 1, 1), (2, 0, 1, 1)),
        "type": Outcomes((2, 1, 0, 1), (2, 1, 0, 1)),
    }
    assert found["partial"].ratios["f1"] == pytest.approx(2.5 / 4)


def test_a_row_holds_gold_of_its_type_and_predictions_of_its_type() -> None:
    both = compared([(0, 2, "PER")], [(0, 2, "LOC")])
    exact = outcomes(both, align(both))["exact"]
    # The stretch is right, so PER has its recall and LOC its precision; the other is undefined.
    assert exact.types["PER"].ratios == {"precision": None, "recall": 1.0, "f1": None}
    assert exact.types["LOC"].ratios == {"precision": 1.0, "recall": None, "f1": None}
    assert exact.micro.ratios == {"precision": 1.0, "recall": 1.0, "f1": 1.0}


def flat(rng: random.Random, gaps: tuple[int, int]) -> Spans:
    spans, position = [], 0
    while position < 60:
        start = position + rng.randint(*gaps)
        position = start + rng.randint(1, 5)
        spans.append((start, position, rng.choice("AB")))
    return spans


@pytest.mark.parametrize("seed", range(40))
def test_overall_counts_are_nervaluate_s_on_flat_mentions(seed: int) -> None:
    rng = random.Random(seed)
    gold, pred = flat(rng, (1, 8)), flat(rng, (1, 8))
    both = compared(gold, pred)
    found = outcomes(both, align(both))
    sides = [[{"label": x, "start": s, "end": e - 1} for s, e, x in side] for side in (gold, pred)]
    theirs = Evaluator([sides[0]], [sides[1]], tags=["A", "B"], loader="dict").evaluate()["overall"]
    for ours, name in (("strict", "strict"), ("exact", "exact"), ("partial", "partial")):
        plain = found[ours].micro.plain()
        assert [plain[k] for k in ("correct", "incorrect", "partial", "missed", "spurious")] == [
            theirs[name].correct,
            theirs[name].incorrect,
            theirs[name].partial,
            theirs[name].missed,
            theirs[name].spurious,
        ]
    # The type scheme pairs most mentions of one label; nervaluate takes the nearest in turn, so it
    # never finds more.
    assert found["type"].micro.gold[0] >= theirs["ent_type"].correct


SPANS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from("AB")).map(
        lambda each: (each[0], each[0] + each[1], each[2])
    ),
    max_size=8,
)


@given(SPANS, SPANS, st.randoms())
def test_the_order_of_mentions_never_matters(gold: Spans, pred: Spans, rng: random.Random) -> None:
    shuffled = [rng.sample(side, len(side)) for side in (gold, pred)]
    assert paired(gold, pred) == paired(*shuffled)


@given(SPANS, SPANS)
def test_each_mention_is_paired_once_and_only_with_what_it_touches(
    gold: Spans, pred: Spans
) -> None:
    both = compared(gold, pred)
    alignment = align(both)
    for side in (0, 1):
        rows = [*alignment.exact[side].tolist(), *alignment.paired[side].tolist()]
        assert len(rows) == len(set(rows))
    for one, other in paired(gold, pred):
        assert one != other
        assert one[0] < other[1]
        assert other[0] < one[1]
