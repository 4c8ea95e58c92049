"""Mention probabilities in characters; tests/models/entities/test_crf.py tests their values."""

import pytest
import spacy
from spacy.language import Language
from toy import NAMES, sentence, train_ner

from aloi.models.entities.probabilities import mention_probabilities

TEXT = "Ana vit à Rome et rencontre Bob. Eva ignore Oslo. Nul ne vit ici"


@pytest.fixture(scope="module")
def nlp() -> Language:
    # Few training steps, so that many mentions are uncertain.
    return train_ner(spacy.blank("fr"), [sentence(number) for number in range(12)], steps=6)


def test_overlapping_mentions_exclude_one_another(nlp: Language) -> None:
    """Outermost mentions do not overlap, so the probabilities at a character sum to at most 1."""
    probabilities = mention_probabilities(nlp, TEXT)
    assert probabilities
    assert all(0 <= probability <= 1 for probability in probabilities.values())
    for position in range(len(TEXT)):
        overlapping = [p for (start, end, _), p in probabilities.items() if start <= position < end]
        assert sum(overlapping) < 1 + 1e-5


def test_well_learned_mentions_are_probable() -> None:
    nlp = train_ner(spacy.blank("fr"), [sentence(number) for number in range(24)], steps=40)
    probabilities = mention_probabilities(nlp, TEXT)
    probable = {TEXT[s:e]: label for (s, e, label), p in probabilities.items() if p > 0.9}
    assert {"Ana": "PER", "Rome": "LOC", "Bob": "PER", "Eva": "PER"}.items() <= probable.items()
    assert set(probable) <= {*NAMES, "Rome", "Oslo", "Nul"}


def test_a_text_without_words_has_no_mentions(nlp: Language) -> None:
    assert mention_probabilities(nlp, "") == {}
    assert not any(p > 0.9 for p in mention_probabilities(nlp, "\n\n").values())
