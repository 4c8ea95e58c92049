"""The conditional random field against all taggings, listed and summed one by one."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aloi.models.entities.crf import Lattice, Stretch, Tags

TAGS = Tags(("LOC", "PER"))


def lattice(seed: int, tokens: int, *, spread: float = 2.0) -> Lattice:
    rng = np.random.default_rng(seed)
    size = len(TAGS)
    return Lattice(
        TAGS,
        (spread * rng.normal(size=(tokens, size))).astype(np.float32),
        rng.normal(size=(size, size)).astype(np.float32),
    )


def taggings(found: Lattice) -> dict[tuple[int, ...], float]:
    """Every permitted tagging and its probability."""
    scores = {}
    for path in product(range(len(TAGS)), repeat=len(found.emissions)):
        steps = list(pairwise(path))
        if TAGS.first[path[0]] and TAGS.last[path[-1]] and all(TAGS.follows[s] for s in steps):
            score = sum(found.emissions[i, tag] for i, tag in enumerate(path))
            scores[path] = float(score + sum(found.transitions[s] for s in steps))
    top = max(scores.values())
    total = sum(np.exp(score - top) for score in scores.values())
    return {path: float(np.exp(score - top) / total) for path, score in scores.items()}


def test_tags_in_their_order() -> None:
    """B and I want I or L of the same label after them; O, L and U want what starts or is O."""
    begin, inside, last, unit = range(1, 5)  # of LOC, which comes first
    assert TAGS.follows[begin].nonzero()[0].tolist() == [inside, last]
    assert TAGS.follows[inside].nonzero()[0].tolist() == [inside, last]
    for tag in (0, last, unit):
        assert TAGS.follows[tag].nonzero()[0].tolist() == [0, 1, 4, 5, 8]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(TAGS.labels))))
def test_what_is_encoded_is_decoded(steps: list[tuple[int, int, str]]) -> None:
    mentions, place = [], 0
    for gap, length, label in steps:
        mentions.append(Stretch(place + gap, place + gap + length, label))
        place += gap + length
    assert TAGS.decode(TAGS.encode(place + 1, mentions).tolist()) == mentions


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_the_likeliest_tagging_and_the_loss_are_those_of_the_list(seed: int, tokens: int) -> None:
    found = lattice(seed, tokens)
    listed = taggings(found)
    best = max(listed, key=lambda path: listed[path])
    assert tuple(found.best()) == best
    loss, _, _ = found.loss(found.best())
    assert loss == pytest.approx(-np.log(listed[best]), abs=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_mention_is_as_probable_as_the_taggings_that_have_it(seed: int, tokens: int) -> None:
    found = lattice(seed, tokens)
    expected: dict[Stretch, float] = {}
    for path, probability in taggings(found).items():
        for mention in TAGS.decode(path):
            expected[mention] = expected.get(mention, 0.0) + probability
    every = found.mentions(least=1e-12)
    assert every == pytest.approx(expected, abs=1e-5)
    assert {m: found.probability(m) for m in every} == pytest.approx(every, abs=1e-9)
    likely = {mention for mention, chance in every.items() if chance >= 0.1}
    assert set(found.mentions(least=0.1)) == likely


def test_gradients_are_those_of_finite_differences() -> None:
    found, step = lattice(3, 5, spread=1.0), 1e-2
    truth = TAGS.encode(5, [Stretch(0, 2, "PER"), Stretch(3, 4, "LOC")])
    _, emissions, transitions = found.loss(truth)
    for name, gradient in (("emissions", emissions), ("transitions", transitions)):
        values = getattr(found, name)
        for cell in np.ndindex(values.shape):
            if name == "transitions" and not TAGS.follows[cell]:
                assert gradient[cell] == 0
                continue
            ends = []
            for sign in (1, -1):
                moved = values.copy()
                moved[cell] += sign * step
                loss, _, _ = Lattice(
                    TAGS,
                    **{"emissions": found.emissions, "transitions": found.transitions, name: moved},
                ).loss(truth)
                ends.append(loss)
            assert gradient[cell] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=2e-3)


def test_sure_scores_neither_overflow_nor_vanish() -> None:
    """Emissions a thousand apart: the likeliest tagging has probability 1, the loss is finite."""
    found = lattice(0, 4, spread=1000.0)
    loss, emissions, _ = found.loss(found.best())
    assert np.isfinite(loss)
    assert np.isfinite(emissions).all()
