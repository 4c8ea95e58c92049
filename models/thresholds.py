"""The threshold of a relation extractor, chosen on development documents."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from spacy.language import Language

from aloi.corpus.document import Document
from aloi.models.probabilities import relation_probabilities
from aloi.models.relations import RelationExtractor

STEPS = np.arange(0.05, 0.96, 0.01)


def best_threshold(
    nlp: Language, relations: RelationExtractor, documents: Iterable[Document]
) -> float:
    """The threshold of the best micro-F1 over gold mentions; of equals, the middle one.

    A gold relation that no pair proposes counts as missed, whatever the threshold.
    """
    probability, truth, gold = [], [], 0
    for document in documents:
        _, scored, right = relation_probabilities(nlp, relations, document)
        probability.append(scored.ravel())
        truth.append(right.ravel())
        gold += len(document.relations)
    scored, right = np.concatenate(probability), np.concatenate(truth)
    f1 = []
    for threshold in STEPS:
        kept = scored >= threshold
        f1.append(2 * right[kept].sum() / max(kept.sum() + gold, 1))
    best = np.flatnonzero(np.isclose(f1, max(f1)))
    return round(float(STEPS[best[len(best) // 2]]), 2)
