"""Mentions get the probabilities that the recogniser's own steps give them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import spacy
from scipy.special import log_softmax
from spacy.language import Language
from toy import NAMES, sentence, train_ner

from aloi.models.probabilities import Stretch, mention_probabilities

TEXT = "Ana vit à Rome et rencontre Bob. Eva ignore Oslo. Nul ne vit ici"


@pytest.fixture(scope="module")
def nlp() -> Language:
    # Little taught, so that it doubts.
    return train_ner(spacy.blank("fr"), [sentence(number) for number in range(12)], steps=6)


def readings(nlp: Language, text: str) -> Iterator[tuple[float, list[tuple[int, int, str]]]]:
    """Every reading of a short text with its probability, walked step by step."""
    ner: Any = nlp.get_pipe("ner")
    doc = nlp.make_doc(text)
    step = ner.model.predict([doc])
    names = [ner.moves.get_class_name(number) for number in range(ner.moves.n_moves)]

    def walk(state: Any, total: float) -> Iterator[tuple[float, Any]]:
        if state.is_final():
            yield total, state
            return
        scores = log_softmax(step.predict([state])[0])
        for number, name in enumerate(names):
            if ner.moves.is_valid(state, name):
                following = state.copy()
                ner.moves.apply_transition(following, name)
                yield from walk(following, total + scores[number])

    every = list(walk(ner.moves.init_batch([doc])[0], 0.0))
    mass = sum(np.exp(total) for total, _ in every)
    for total, state in every:
        found = doc.copy()
        ner.set_annotations([found], [state])
        ents = [(ent.start_char, ent.end_char, ent.label_) for ent in found.ents]
        yield np.exp(total) / mass, ents


@pytest.mark.parametrize("text", ["Ana", "Ana Rome", "à Rome Bob"])
def test_a_beam_as_wide_as_all_readings_gives_their_exact_probabilities(
    nlp: Language, text: str
) -> None:
    expected: dict[Stretch, float] = defaultdict(float)
    for probability, ents in readings(nlp, text):
        for ent in ents:
            expected[ent] += probability
    found = mention_probabilities(nlp, text, width=500)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, abs=1e-5)
    assert 0.01 < max(found.values()) < 0.99  # else it would prove little


def test_mentions_that_meet_exclude_one_another(nlp: Language) -> None:
    # Readings are flat, so over one character the probabilities add up to one at most.
    found = mention_probabilities(nlp, TEXT)
    assert all(0 <= probability <= 1 for probability in found.values())
    for place in range(len(TEXT)):
        assert sum(p for (start, end, _), p in found.items() if start <= place < end) < 1 + 1e-5


def test_what_is_well_learnt_is_probable_where_it_stands() -> None:
    # The second sentence is read by itself; its offsets are still those of the whole text.
    nlp = train_ner(spacy.blank("fr"), [sentence(number) for number in range(24)], steps=40)
    found = mention_probabilities(nlp, TEXT)
    likely = {TEXT[s:e]: label for (s, e, label), p in found.items() if p > 0.9}
    assert {"Ana": "PER", "Rome": "LOC", "Bob": "PER", "Eva": "PER"}.items() <= likely.items()
    assert set(likely) <= {*NAMES, "Rome", "Oslo", "Nul"}


def test_a_text_without_words_has_no_mention(nlp: Language) -> None:
    assert mention_probabilities(nlp, "") == {}
    assert not any(p > 0.9 for p in mention_probabilities(nlp, "\n\n").values())
