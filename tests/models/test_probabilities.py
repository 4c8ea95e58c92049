"""Mentions get the probabilities of the field behind them (tests/models/entities/test_crf.py)."""

import pytest
import spacy
from spacy.language import Language
from toy import NAMES, sentence, train_ner

from aloi.models.probabilities import mention_probabilities

TEXT = "Ana vit à Rome et rencontre Bob. Eva ignore Oslo. Nul ne vit ici"


@pytest.fixture(scope="module")
def nlp() -> Language:
    # Little taught, so that it doubts.
    return train_ner(spacy.blank("fr"), [sentence(number) for number in range(12)], steps=6)


def test_mentions_that_meet_exclude_one_another(nlp: Language) -> None:
    # Outermost mentions never overlap: over a character the probabilities add up to one at most.
    found = mention_probabilities(nlp, TEXT)
    assert all(0 <= probability <= 1 for probability in found.values())
    for place in range(len(TEXT)):
        assert sum(p for (start, end, _), p in found.items() if start <= place < end) < 1 + 1e-5


def test_what_is_well_learnt_is_probable_where_it_stands() -> None:
    nlp = train_ner(spacy.blank("fr"), [sentence(number) for number in range(24)], steps=40)
    found = mention_probabilities(nlp, TEXT)
    likely = {TEXT[s:e]: label for (s, e, label), p in found.items() if p > 0.9}
    assert {"Ana": "PER", "Rome": "LOC", "Bob": "PER", "Eva": "PER"}.items() <= likely.items()
    assert set(likely) <= {*NAMES, "Rome", "Oslo", "Nul"}


def test_a_text_without_words_has_no_mention(nlp: Language) -> None:
    assert mention_probabilities(nlp, "") == {}
    assert not any(p > 0.9 for p in mention_probabilities(nlp, "\n\n").values())
