"""Suspect relations: gold disagrees with a model that was not trained on the document.

Only relations between gold mentions are checked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from spacy.language import Language

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.quality.findings import span_context
from aloi.models.relations.component import RelationExtractor
from aloi.models.relations.probabilities import relation_probabilities
from aloi.models.studies.suspect_record import (
    MAX_CONFIDENCE,
    Confidences,
    DocumentSuspects,
    Suspect,
)


@dataclass(frozen=True, slots=True)
class ScoredRelation:
    """A possible relation between two gold mentions, with its probability under a model."""

    head: Entity
    tail: Entity
    label: str
    probability: float
    in_gold: bool

    @property
    def confidence(self) -> float:
        """The probability that gold is right to contain, or not to contain, the relation."""
        return self.probability if self.in_gold else 1 - self.probability


def check_relations(nlp: Language, document: Document) -> DocumentSuspects:
    """Return the suspect relations of a document.

    The pipeline must not have been trained on the document.
    """
    scored = score_relations(nlp, document)
    confidences: Confidences = defaultdict(list)
    for each in scored:
        if each.in_gold:
            confidences[each.label].append(each.probability)
    return DocumentSuspects(list(relation_suspects(document, scored)), confidences)


def score_relations(nlp: Language, document: Document) -> list[ScoredRelation]:
    """Return all relations between gold mentions that the schema and `max_distance` permit."""
    relations = nlp.get_pipe("aloi_relations")
    assert isinstance(relations, RelationExtractor)
    candidates, probability, truth = relation_probabilities(nlp, relations, document)
    entities = document.by_id()
    return [
        ScoredRelation(
            entities[candidates.spans[candidates.pairs[row, 0]].id_],
            entities[candidates.spans[candidates.pairs[row, 1]].id_],
            relations.labels[column],
            float(probability[row, column]),
            bool(truth[row, column]),
        )
        for row, column in np.argwhere(candidates.permitted)
    ]


def relation_suspects(document: Document, scored: Iterable[ScoredRelation]) -> Iterator[Suspect]:
    """Yield the suspect relations of a document.

    If a gold relation between the same two mentions is suspect, a predicted relation is not yielded
    separately, but may be shown as the alternative to the gold relation.
    """
    by_mentions: dict[frozenset[str], list[ScoredRelation]] = defaultdict(list)
    for each in scored:
        by_mentions[frozenset((each.head.id, each.tail.id))].append(each)
    for group in by_mentions.values():
        suspicious = [each for each in group if each.confidence < MAX_CONFIDENCE]
        in_gold = [each for each in suspicious if each.in_gold]
        predicted = [each for each in suspicious if not each.in_gold]
        for each in in_gold:
            kind, model = _compare(each, predicted)
            yield _suspect(document, each, kind, gold=each.label, model=model)
        for each in predicted if not in_gold else ():
            gold = _gold_between(document, each, group)
            model = f"{each.label} {each.probability:.2f}"
            yield _suspect(document, each, "missing", gold=gold, model=model)


def _compare(gold: ScoredRelation, predicted: list[ScoredRelation]) -> tuple[str, str]:
    """Return the kind of a suspect gold relation, and a text with the likeliest alternative."""
    if not predicted:
        return "extra", f"none {1 - gold.probability:.2f}"
    rival = max(predicted, key=lambda each: (each.probability, each.label))
    is_reversed = rival.head.id != gold.head.id
    kind = "label" if rival.label != gold.label else "direction"
    return kind, f"{rival.label}{' reversed' if is_reversed else ''} {rival.probability:.2f}"


def _gold_between(
    document: Document, predicted: ScoredRelation, group: list[ScoredRelation]
) -> str:
    """Return the gold labels between the mentions of a predicted relation, as text.

    Without such labels, the text is "none". If gold contains the same relation between other
    mentions of the two entities, the text also names these mentions.
    """
    labels = [each.label for each in group if each.in_gold]
    if labels:
        return ", ".join(sorted(labels))
    entities, refs = document.by_id(), (predicted.head.ref, predicted.tail.ref)
    for relation in document.relations if None not in refs else ():
        ends = (entities[relation.head].ref, entities[relation.tail].ref)
        if relation.label == predicted.label and ends in (refs, refs[::-1]):
            return f"none; same fact between {relation.head} and {relation.tail}"
    return "none"


def _suspect(
    document: Document, relation: ScoredRelation, kind: str, *, gold: str, model: str
) -> Suspect:
    head, tail = _gold_direction(document, relation)
    return Suspect(
        relation.confidence,
        "relations",
        kind,
        document.id,
        item=str(Relation(head=head.id, tail=tail.id, label=relation.label)),
        surface=f"{document.surface(head)} {relation.label} {document.surface(tail)}",
        context=span_context(document, (min(head.start, tail.start), max(head.end, tail.end))),
        gold=gold,
        model=model,
    )


def _gold_direction(document: Document, relation: ScoredRelation) -> tuple[Entity, Entity]:
    """Return head and tail of a relation in the order of gold.

    This order may differ for symmetric relations, which are scored in text order.
    """
    pairs = {(r.head, r.tail) for r in document.relations if r.label == relation.label}
    if relation.in_gold and (relation.head.id, relation.tail.id) not in pairs:
        return relation.tail, relation.head
    return relation.head, relation.tail
