"""Probabilities of all possible mentions in a text, according to a trained pipeline."""

from __future__ import annotations

from spacy.language import Language

from aloi.models.entities.component import MentionRecognizer

MIN_PROBABILITY = 0.001
"""Mentions with a lower probability are omitted."""

CharSpan = tuple[int, int, str]
"""A mention as (start, end, label), with offsets in code points; the end is exclusive."""


def mention_probabilities(
    nlp: Language, text: str, *, component: str = "ner"
) -> dict[CharSpan, float]:
    """Return the probabilities of possible outermost mentions in a text, by mention.

    Mentions with a probability below `MIN_PROBABILITY` are omitted.
    """
    doc, recognizer = nlp.make_doc(text), nlp.get_pipe(component)
    assert isinstance(recognizer, MentionRecognizer)
    mentions = recognizer.probabilities(doc, min_probability=MIN_PROBABILITY)
    return {
        (doc[start].idx, doc[start:end].end_char, label): probability
        for (start, end, label), probability in mentions.items()
    }
