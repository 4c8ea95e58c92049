"""Probabilities of all relations between gold mentions, according to a trained pipeline."""

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
    """Return the candidate pairs of gold mentions, the relation probabilities, and the truth.

    The truth is 1 if gold contains the relation, else 0. Shape of both arrays: (pairs, labels). A
    gold relation is not included if its mentions are not a candidate pair.
    """
    example = make_example(nlp, document, before=extractor.name)
    candidates = extractor.candidates(example.predicted)
    probabilities = extractor.probabilities([candidates])
    return candidates, probabilities, extractor.gold_matrix(candidates, example)
