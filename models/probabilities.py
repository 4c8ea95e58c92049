"""How probable a trained pipeline holds each mention and each relation, gold's among them."""

from __future__ import annotations

from spacy.language import Language
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities
from aloi.models.entities.component import MentionRecognizer
from aloi.models.relations.candidates import Floats
from aloi.models.relations.component import Proposal, RelationExtractor

LEAST = 0.001
"""Mentions that are less probable are left out."""

Stretch = tuple[int, int, str]
"""A mention as start and end, in code points, and label."""


def mention_probabilities(
    nlp: Language, text: str, *, component: str = "ner"
) -> dict[Stretch, float]:
    """Each outermost mention that may stand in the text, and how probable it is, 0 to 1."""
    doc, recogniser = nlp.make_doc(text), nlp.get_pipe(component)
    assert isinstance(recogniser, MentionRecognizer)
    found = recogniser.probabilities(doc, least=LEAST)
    return {
        (doc[start].idx, doc[start:end].end_char, label): probability
        for (start, end, label), probability in found.items()
    }


def relation_probabilities(
    nlp: Language, relations: RelationExtractor, document: Document
) -> tuple[Proposal, Floats, Floats]:
    """The pairs of gold's mentions, their probability for each label, and 1 where gold has it.

    Both arrays are of shape (pairs, labels). A gold relation that no pair proposes is not there.
    """
    example = annotated(nlp, relations, document)
    proposal = relations.propose(example.predicted)
    return proposal, relations.probabilities([proposal]), relations.truth(proposal, example)


def annotated(nlp: Language, relations: RelationExtractor, document: Document) -> Example:
    """The document with gold's mentions, ready for relations, and as gold has it."""
    doc = nlp.make_doc(document.text)
    set_entities(doc, document.entities)
    for name, pipe in nlp.pipeline:
        if name != relations.name:
            doc = pipe(doc)
    return Example(doc, annotate(nlp.make_doc(document.text), document))
