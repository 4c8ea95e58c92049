"""Relation probabilities of a trained pipeline, for all candidate pairs of gold mentions."""

from __future__ import annotations

from spacy.language import Language

from aloi.corpus.document import Document
from aloi.models.arrays import FloatArray
from aloi.models.examples import make_example
from aloi.models.relations.candidates import Candidates
from aloi.models.relations.component import RelationExtractor


def relation_probabilities(
    nlp: Language, extractor: RelationExtractor, document: Document
) -> tuple[Candidates, FloatArray, FloatArray]:
    """Return the candidate pairs of a document's gold mentions, their probabilities and the truth.

    Both arrays have the shape (pairs, labels); the truth is 1 where gold has the relation, else 0.
    Gold relations that no candidate pair joins are not included.
    """
    example = make_example(nlp, document, skip=extractor.name)
    candidates = extractor.candidates(example.predicted)
    probabilities = extractor.probabilities([candidates])
    return candidates, probabilities, extractor.gold_matrix(candidates, example)
