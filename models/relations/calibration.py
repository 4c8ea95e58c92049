"""What is chosen on development documents: how sure the probabilities are, and the thresholds.

Probabilities are calibrated by a line through the logits (Platt 1999, "Probabilistic Outputs for
Support Vector Machines"). How far they can be trusted is measured on documents that the line was
not fitted on: the development documents are halved, and each half judged by the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from spacy.language import Language
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import get_relations
from aloi.models.probabilities import annotated
from aloi.models.relations.candidates import Bools, Floats, Ints
from aloi.models.relations.component import RelationExtractor, sigmoid

BINS = 10
"""Classes of probability in a table of reliability."""
FAITH = 100
"""Gold relations of a label that its own threshold needs to weigh as much as the common one.

With 10, thresholds from one part of the development documents lost up to a hundredth of micro-F1 on
the rest (CrossRE, POPCORN, this corpus), with 100 nothing beside the common threshold alone.
"""
LEAST = 0.01
"""Reliability is that of what is at least so probable: most pairs are all but impossible."""
STEPS = np.arange(0.02, 0.96, 0.01)


Record = dict[str, Any]
Line = tuple[float, float]


class Cells(NamedTuple):
    """What was scored: for each permitted (pair, label) its document, label, logit, and truth."""

    document: Ints
    label: Ints
    logit: Floats
    truth: Floats

    def of(self, chosen: Bools) -> Cells:
        """Some of the cells."""
        document, label, logit, truth = self
        return Cells(document[chosen], label[chosen], logit[chosen], truth[chosen])


class Bin(NamedTuple):
    """Relations that were held about equally probable: how probable, and how many were right."""

    cells: int
    probability: float
    right: float


def tune(nlp: Language, relations: RelationExtractor, documents: Sequence[Document]) -> Record:
    """Calibrate a trained component and choose its thresholds, on development documents.

    Returns what a model's record says of it: `coverage`, `thresholds`, `reliability`.
    """
    examples = [annotated(nlp, relations, document) for document in documents]
    cells = scored(relations, examples)
    covered = coverage(relations, examples)
    settings = relations.settings
    settings.scale, settings.shift = platt(cells)
    probability = calibrated(cells, (settings.scale, settings.shift))
    settings.threshold, chosen = thresholds(
        cells, probability, labels=len(relations.labels), gold=covered["gold"]
    )
    settings.thresholds = dict(zip(relations.labels, chosen, strict=True))
    return {
        "coverage": covered,
        "thresholds": settings.thresholds,
        "reliability": reliability(cells, crossed(cells)),
    }


def scored(relations: RelationExtractor, examples: Iterable[Example]) -> Cells:
    """The permitted cells of some documents, with the model's logits as they come."""
    parts = []
    for number, example in enumerate(examples):
        for block in relations.blocks(example.predicted):
            row, column = np.nonzero(block.permitted)
            logit = relations.model.predict([block])[row, column]
            truth = relations.truth(block, example)[row, column]
            parts.append(Cells(np.full(len(row), number), column, logit, truth))
    if not parts:
        empty = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return Cells(empty[0], empty[0], empty[1], empty[1])
    return Cells(*map(np.concatenate, zip(*parts, strict=True)))


def coverage(relations: RelationExtractor, examples: Iterable[Example]) -> dict[str, Any]:
    """How many gold relations some pair proposes, and how many none does, by reason.

    `end`: a mention that is not there; `distance`: too far apart; `type`: labels that the inventory
    does not join so.
    """
    found: Counter[str] = Counter()
    reach = relations.settings.max_distance or 0
    for example in examples:
        proposal = relations.propose(example.predicted)
        wanted = relations.gold(example, proposal.spans, proposal.mentions)
        found["end"] += len(get_relations(example.reference)) - len(wanted)
        found["proposed"] += int(relations.truth(proposal, example).sum())
        for head, tail, _ in set(wanted):
            far = relations.apart(proposal.mentions, head, tail) > reach
            found["distance"] += far
            found["wanted"] += 1
    missed = {name: found[name] for name in ("end", "distance")}
    missed["type"] = found["wanted"] - found["proposed"] - found["distance"]
    gold = found["wanted"] + found["end"]
    return {"gold": gold, "proposed": found["proposed"], "missed": missed}


def platt(cells: Cells) -> Line:
    """The scale and shift of logits that make truth likeliest; (1, 0) if nothing tells."""
    if len(np.unique(cells.truth)) < 2:
        return 1.0, 0.0
    model = LogisticRegression(C=1e6).fit(cells.logit[:, None], cells.truth)
    return round(float(model.coef_[0, 0]), 4), round(float(model.intercept_[0]), 4)


def calibrated(cells: Cells, line: Line) -> Floats:
    """The probabilities of some cells."""
    return sigmoid(line[0] * cells.logit + line[1])


def crossed(cells: Cells) -> Floats:
    """Probabilities of each half of the documents by the line that the other half gives."""
    odd = cells.document % 2 == 1
    found = np.zeros(len(odd), dtype=np.float32)
    for half in (odd, ~odd):
        found[half] = calibrated(cells.of(half), platt(cells.of(~half)))
    return found


def thresholds(
    cells: Cells, probability: Floats, *, labels: int, gold: int
) -> tuple[float, list[float]]:
    """The common threshold, and each label's own.

    With calibrated probabilities one threshold is best for all: half the best F1 (Lipton et al.
    2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure"). A label's own is where its
    right ones, less that half of all kept, are the most, of equals the middle one; it is mixed with
    the common threshold, which weighs as much as `FAITH` gold relations of the label. A gold
    relation that no pair proposes counts as missed, whatever the threshold.
    """
    right, kept = np.zeros((2, labels, len(STEPS)))
    for step, least in enumerate(STEPS):
        at = probability >= least
        kept[:, step] = np.bincount(cells.label[at], minlength=labels)
        right[:, step] = np.bincount(cells.label[at], cells.truth[at], minlength=labels)
    f1 = 2 * right.sum(axis=0) / np.maximum(kept.sum(axis=0) + gold, 1)
    common = float(f1.max()) / 2
    best = np.array([STEPS[_middle(row)] for row in right - common * kept])
    known = np.bincount(cells.label, cells.truth, minlength=labels)
    own = (known * best + FAITH * common) / (known + FAITH)
    return round(common, 3), own.round(3).tolist()


def _middle(values: npt.NDArray[np.float64]) -> int:
    """Where the largest value stands, of equals the middle one."""
    best = np.flatnonzero(np.isclose(values, values.max()))
    return int(best[len(best) // 2])


def reliability(cells: Cells, probability: Floats) -> dict[str, Any]:
    """How far probabilities can be trusted, over the cells that are not all but impossible.

    `error`: the expected calibration error (Naeini et al. 2015), the mean distance of probability
    and share right over `BINS` classes of equal width. `bins`: the classes.
    """
    likely = probability >= LEAST
    truth, probability = cells.truth[likely], probability[likely]
    number = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    bins = [
        Bin(int(at.sum()), _share(probability[at]), _share(truth[at]))
        for at in (number == each for each in range(BINS))
        if at.any()
    ]
    distance = sum(each.cells * abs(each.probability - each.right) for each in bins)
    return {
        "error": round(distance / max(len(truth), 1), 4),
        "bins": [each._asdict() for each in bins],
    }


def _share(values: Floats) -> float:
    return round(float(values.mean()), 4)
