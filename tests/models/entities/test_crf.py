"""The conditional random field against an enumeration of all tag sequences."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aloi.models.entities.bilou import BilouTags, TokenSpan
from aloi.models.entities.crf import Lattice

TAGS = BilouTags(("LOC", "PER"))


def random_lattice(seed: int, tokens: int, *, scale: float = 2.0) -> Lattice:
    rng = np.random.default_rng(seed)
    size = len(TAGS)
    return Lattice(
        TAGS,
        (scale * rng.normal(size=(tokens, size))).astype(np.float32),
        rng.normal(size=(size, size)).astype(np.float32),
    )


def enumerate_sequences(lattice: Lattice) -> dict[tuple[int, ...], float]:
    """Return every allowed tag sequence with its probability."""
    scores = {}
    for path in product(range(len(TAGS)), repeat=len(lattice.emissions)):
        steps = list(pairwise(path))
        in_order = all(TAGS.allowed[step] for step in steps)
        if TAGS.allowed_first[path[0]] and TAGS.allowed_last[path[-1]] and in_order:
            score = sum(lattice.emissions[token, tag] for token, tag in enumerate(path))
            scores[path] = float(score + sum(lattice.transitions[step] for step in steps))
    top = max(scores.values())
    total = sum(np.exp(score - top) for score in scores.values())
    return {path: float(np.exp(score - top) / total) for path, score in scores.items()}


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_the_best_sequence_and_the_loss_match_the_enumeration(seed: int, tokens: int) -> None:
    lattice = random_lattice(seed, tokens)
    probabilities = enumerate_sequences(lattice)
    best = max(probabilities, key=lambda path: probabilities[path])
    assert tuple(lattice.best()) == best
    loss, _, _ = lattice.loss(lattice.best())
    assert loss == pytest.approx(-np.log(probabilities[best]), abs=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_mention_s_probability_is_the_sum_over_its_sequences(seed: int, tokens: int) -> None:
    lattice = random_lattice(seed, tokens)
    expected: dict[TokenSpan, float] = {}
    for path, probability in enumerate_sequences(lattice).items():
        for mention in TAGS.decode(path):
            expected[mention] = expected.get(mention, 0.0) + probability
    mentions = lattice.mentions(min_probability=1e-12)
    assert mentions == pytest.approx(expected, abs=1e-5)
    assert {m: lattice.probability(m) for m in mentions} == pytest.approx(mentions, abs=1e-9)
    probable = {mention for mention, probability in mentions.items() if probability >= 0.1}
    assert set(lattice.mentions(min_probability=0.1)) == probable


def test_gradients_match_finite_differences() -> None:
    lattice, step = random_lattice(3, 5, scale=1.0), 1e-2
    gold = TAGS.encode(5, [TokenSpan(0, 2, "PER"), TokenSpan(3, 4, "LOC")])
    _, emissions, transitions = lattice.loss(gold)
    arrays = {"emissions": lattice.emissions, "transitions": lattice.transitions}
    for name, gradient in (("emissions", emissions), ("transitions", transitions)):
        for cell in np.ndindex(gradient.shape):
            if name == "transitions" and not TAGS.allowed[cell]:
                assert gradient[cell] == 0
                continue
            losses = []
            for sign in (1, -1):
                changed = arrays[name].copy()
                changed[cell] += sign * step
                loss, _, _ = Lattice(TAGS, **{**arrays, name: changed}).loss(gold)
                losses.append(loss)
            slope = (losses[0] - losses[1]) / (2 * step)
            assert gradient[cell] == pytest.approx(slope, abs=2e-3)


def test_extreme_scores_neither_overflow_nor_underflow() -> None:
    """With emissions in the thousands, the loss and its gradient are finite."""
    lattice = random_lattice(0, 4, scale=1000.0)
    loss, emissions, _ = lattice.loss(lattice.best())
    assert np.isfinite(loss)
    assert np.isfinite(emissions).all()
