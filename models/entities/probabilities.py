"""Mention probabilities of a trained pipeline, for all candidates and not only its predictions."""

from __future__ import annotations

from spacy.language import Language

from aloi.models.entities.component import MentionRecognizer

MIN_PROBABILITY = 0.001
"""Mentions of a lower probability are omitted."""

CharSpan = tuple[int, int, str]
"""A mention as (start, end, label); offsets in code points, end exclusive."""


def mention_probabilities(
    nlp: Language, text: str, *, component: str = "ner"
) -> dict[CharSpan, float]:
    """Return all outermost mentions of at least `MIN_PROBABILITY`, with probabilities, 0 to 1."""
    doc, recognizer = nlp.make_doc(text), nlp.get_pipe(component)
    assert isinstance(recognizer, MentionRecognizer)
    mentions = recognizer.probabilities(doc, min_probability=MIN_PROBABILITY)
    return {
        (doc[start].idx, doc[start:end].end_char, label): probability
        for (start, end, label), probability in mentions.items()
    }
