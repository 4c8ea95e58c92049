"""How probable a trained pipeline holds each mention and each relation, gold's among them."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import log_softmax
from spacy.language import Language
from spacy.pipeline import EntityRecognizer
from spacy.pipeline._parser_internals._beam_utils import BeamBatch  # type: ignore[import-not-found]
from spacy.tokens import Doc
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.spacy_docs import annotate, set_entities
from aloi.corpus.sentences import sentence_starts
from aloi.models.relations import Floats, Proposal, RelationExtractor

WIDTH = 32
"""Readings of a sentence that are kept beside one another."""

Stretch = tuple[int, int, str]
"""A mention as start and end, in code points, and label."""


def mention_probabilities(
    nlp: Language, text: str, *, width: int = WIDTH, component: str = "ner"
) -> dict[Stretch, float]:
    """Each mention that some reading of the text has, and how probable it is, 0 to 1.

    A beam search over the recogniser's transitions keeps the `width` likeliest readings of each
    sentence; a mention's probability is that of the readings that have it, together. The scores
    of every step are first turned into the logarithms of probabilities, which is how training
    takes them: summed as they come, as `EntityRecognizer.beam_parse` does, they make long beams
    worse than short ones. Sentences are read one by one, since a beam over a whole text varies
    only its few most doubtful places.
    """
    doc, recogniser = nlp.make_doc(text), nlp.get_pipe(component)
    assert isinstance(recogniser, EntityRecognizer)
    places = [token.idx for token in doc]
    cuts = sorted({bisect_left(places, start) for start in sentence_starts(text)} | {len(doc)})
    pieces = [doc[start:end] for start, end in pairwise(cuts)]
    found: dict[Stretch, float] = {}
    for piece, scored in zip(
        pieces, _scored(recogniser, [piece.as_doc() for piece in pieces], width), strict=True
    ):
        for (start, end, label), probability in scored.items():
            span = piece[start:end]
            found[span.start_char, span.end_char, label] = min(float(probability), 1.0)
    return found


def _scored(
    recogniser: EntityRecognizer, docs: list[Doc], width: int
) -> list[dict[tuple[int, int, str], float]]:
    """The probability of each mention, in tokens, of each doc."""
    if not docs:
        return []
    batch = BeamBatch(recogniser.moves, recogniser.moves.init_batch(docs), None, width, density=0.0)
    step: Any = recogniser.model.predict(docs)
    while states := batch.get_unfinished_states():
        normalised = log_softmax(step.predict(states), axis=1)
        batch.advance(np.ascontiguousarray(normalised, dtype=np.float32))
    step.clear_memory()
    scored: list[dict[tuple[int, int, str], float]] = recogniser.scored_ents(list(batch))
    return scored


def relation_probabilities(
    nlp: Language, relations: RelationExtractor, document: Document
) -> tuple[Proposal, Floats, Floats]:
    """The pairs of gold's mentions, their probability for each label, and 1 where gold has it.

    Both arrays are of shape (pairs, labels). A gold relation that no pair proposes is not there.
    """
    doc = nlp.make_doc(document.text)
    set_entities(doc, document.entities)
    for name, pipe in nlp.pipeline:
        if name != relations.name:
            doc = pipe(doc)
    reference = annotate(nlp.make_doc(document.text), document)
    ((proposal, probability),) = relations.predict([doc])
    return proposal, probability, relations.truth(proposal, Example(doc, reference))
