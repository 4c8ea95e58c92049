"""Tuning of a trained relation extractor on the dev documents: calibration and thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.models.examples import make_example
from aloi.models.relations.calibration import (
    ScoredCells,
    calibrate,
    cross_calibrate,
    fit_calibration,
    reliability,
)
from aloi.models.relations.component import RelationExtractor
from aloi.models.relations.gold_pairs import cluster_distance, gold_relations
from aloi.models.relations.thresholds import choose_thresholds


def tune(
    nlp: Language, extractor: RelationExtractor, documents: Sequence[Document]
) -> dict[str, Any]:
    """Calibrate a trained extractor and set its thresholds.

    documents: the dev documents. Returns JSON values for the training record: `coverage`,
    `thresholds` and `reliability`.
    """
    examples = [make_example(nlp, document, before=extractor.name) for document in documents]
    cells = score_cells(extractor, examples)
    gold_coverage = coverage(extractor, examples)
    settings = extractor.settings
    calibration = fit_calibration(cells)
    settings.scale, settings.shift = calibration
    settings.threshold, own = choose_thresholds(
        cells,
        calibrate(cells, calibration),
        labels=len(extractor.labels),
        gold=gold_coverage["gold"],
    )
    settings.thresholds = dict(zip(extractor.labels, own, strict=True))
    return {
        "coverage": gold_coverage,
        "thresholds": settings.thresholds,
        "reliability": reliability(cells, cross_calibrate(cells)),
    }


def score_cells(extractor: RelationExtractor, examples: Iterable[Example]) -> ScoredCells:
    """Return the cells (see `ScoredCells`) of the predicted docs, with uncalibrated logits."""
    parts = []
    for number, example in enumerate(examples):
        for block in extractor.candidate_blocks(example.predicted):
            row, column = np.nonzero(block.permitted)
            logit = extractor.model.predict([block])[row, column]
            truth = extractor.gold_matrix(block, example)[row, column]
            parts.append(ScoredCells(np.full(len(row), number), column, logit, truth))
    if not parts:
        integers, floats = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return ScoredCells(integers, integers, floats, floats)
    return ScoredCells(*map(np.concatenate, zip(*parts, strict=True)))


def coverage(extractor: RelationExtractor, examples: Iterable[Example]) -> dict[str, Any]:
    """Return how many gold relations the candidate pairs cover, and how many they miss.

    The keys are `gold` (all gold relations), `proposed` (covered relations) and `missed`. The value
    of `missed` contains counts by reason. `end`: a mention was not found, or the relation label is
    unknown. `distance`: the mentions are too far apart. `type`: the relation does not permit these
    entity labels.
    """
    distinct = covered = no_end = too_far = 0
    max_distance = extractor.settings.max_distance or 0
    for example in examples:
        candidates = extractor.candidates(example.predicted)
        arrays = candidates.mentions
        gold = gold_relations(example, candidates.spans, arrays, extractor.inventory)
        no_end += len(get_relations(example.reference)) - len(gold)
        covered += int(extractor.gold_matrix(candidates, example).sum())
        distances = [cluster_distance(arrays, head, tail) for head, tail, *_ in set(gold)]
        too_far += sum(distance > max_distance for distance in distances)
        distinct += len(distances)
    missed = {"end": no_end, "distance": too_far, "type": distinct - covered - too_far}
    return {"gold": distinct + no_end, "proposed": covered, "missed": missed}
