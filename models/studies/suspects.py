"""Likely label errors: where gold and a model that never saw the document disagree most.

After confident learning (Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating
Uncertainty in Dataset Labels"). The confidence of an item is the probability, held out, of what
gold says of it (cleanlab's self-confidence): for a mention or relation that gold has its own, for
one that gold lacks one minus it. Under `DOUBT` it is suspect. The score that suspects are ranked
by, lowest first, is the confidence less what is usual (cleanlab's adjusted probabilities): for what
gold has the mean confidence of its label, so that a label which is easy to learn, and missed, comes
before one that the model never learned; for what gold lacks 1, since most of what gold lacks is
improbable. Nothing is pruned: a person looks at each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO

import numpy as np
from spacy.language import Language

from aloi.corpus.document import Document, Entity, Relation, outermost
from aloi.corpus.formats.shared.spacy_docs import set_entities
from aloi.corpus.quality.findings import span_context
from aloi.models.entities.probabilities import CharSpan, mention_probabilities
from aloi.models.relations.component import RelationExtractor
from aloi.models.relations.probabilities import relation_probabilities
from aloi.models.studies.folds import Fold, Rounds

DOUBT = 0.5
"""What is less probable is suspect: the model holds gold rather wrong than right."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One likely error; `gold` tells what gold has there, `model` what the model would say.

    kind, of mentions: `label`, `boundary`, `label and boundary` (gold's mention is another),
    `extra` (none), `missing` (gold has none there). Of relations between gold's mentions: `label`,
    `direction` (gold's is another), `extra`, `missing`. `item` is gold's, if it has one; `surface`
    is the mention's, or for a relation `head LABEL tail`. `confidence` is the probability of what
    gold says, `usual` what the like of it has on average.
    """

    confidence: float
    task: str
    kind: str
    document: str
    item: str | None
    surface: str
    context: str
    gold: str
    model: str
    usual: float = 1.0

    @property
    def score(self) -> float:
        """The lower, the likelier an error."""
        return self.confidence - self.usual


Confidences = dict[str, list[float]]
"""How probable each mention or relation of gold is, by label."""


def cross_checked(rounds: Rounds, parts: Sequence[Fold], *, progress: IO[str]) -> list[Suspect]:
    """The suspects of all folds, the likeliest error first."""
    found: list[Suspect] = []
    confidences: Confidences = defaultdict(list)
    for nlp, fold in rounds.run(parts, progress=progress):
        for document in fold:
            found += suspects(nlp, document, confidences)
    return ranked(found, confidences)


def ranked(suspects: Iterable[Suspect], confidences: Confidences) -> list[Suspect]:
    """The suspects by score, which takes into account how sure the model is of gold's labels."""
    usual = {label: sum(each) / len(each) for label, each in confidences.items()}
    weighed = (s if s.kind == "missing" else replace(s, usual=usual[s.gold]) for s in suspects)
    return sorted(weighed, key=lambda s: (s.score, s.document, s.context, s.surface))


def suspects(nlp: Language, document: Document, confidences: Confidences) -> Iterator[Suspect]:
    """What a trained pipeline, of mentions or relations, doubts in a document it never saw.

    How probable it holds what gold has is added to `confidences`.
    """
    if nlp.has_pipe("aloi_relations"):
        scored = scored_relations(nlp, document)
        for one in scored:
            if one.in_gold:
                confidences[one.label].append(one.probability)
        return relation_suspects(document, scored)
    gold, probability = _on_tokens(nlp, document), mention_probabilities(nlp, document.text)
    for stretch in gold.values():
        confidences[stretch[2]].append(probability.get(stretch, 0.0))
    return mention_suspects(document, gold, probability)


def _on_tokens(nlp: Language, document: Document) -> dict[str, CharSpan]:
    """The outermost mentions by id, grown to the tokens they touch: a model has no others."""
    spans = set_entities(nlp.make_doc(document.text), outermost(document.entities))
    return {id_: (span.start_char, span.end_char, span.label_) for id_, span in spans.items()}


def mention_suspects(
    document: Document, gold: dict[str, CharSpan], probability: dict[CharSpan, float]
) -> Iterator[Suspect]:
    """The suspect mentions of a document, given how probable each is.

    `gold`: where the outermost mentions stand, by id. A mention that the model would rather have
    and that meets one of gold's is told with that one.
    """
    wanted = set(gold.values())
    others = {s: p for s, p in probability.items() if s not in wanted}
    for id_, stretch in gold.items():
        confidence = probability.get(stretch, 0.0)
        if confidence < DOUBT:
            rivals = {other: p for other, p in others.items() if _meet(stretch, other)}
            yield _doubted(document, id_, stretch, confidence, rivals)
    for other, p in others.items():
        if 1 - p < DOUBT and not any(_meet(other, stretch) for stretch in wanted):
            told = f"{other[2]} {p:.2f}"
            yield _of_mention(document, 1 - p, "missing", None, other, "none", told)


def _doubted(
    document: Document,
    id_: str,
    stretch: CharSpan,
    confidence: float,
    rivals: dict[CharSpan, float],
) -> Suspect:
    """A mention of gold's, with what the model would have instead."""
    rival = max(rivals, key=lambda other: (rivals[other], other), default=None)
    nothing = 1 - min(confidence + sum(rivals.values()), 1)
    if rival is None or rivals[rival] < nothing:
        kind, told = "extra", f"none {nothing:.2f}"
    else:
        labels, places = stretch[2] != rival[2], stretch[:2] != rival[:2]
        kind = " and ".join(
            name for name, differs in (("label", labels), ("boundary", places)) if differs
        )
        shown = f"«{document.text[rival[0] : rival[1]]}» " if places else ""
        told = f"{shown}{rival[2]} {rivals[rival]:.2f}"
    return _of_mention(document, confidence, kind, id_, stretch, stretch[2], told)


def _of_mention(
    document: Document,
    confidence: float,
    kind: str,
    item: str | None,
    stretch: CharSpan,
    gold: str,
    model: str,
) -> Suspect:
    start, end, _ = stretch
    surface, around = document.text[start:end], span_context(document, (start, end))
    return Suspect(confidence, "entities", kind, document.id, item, surface, around, gold, model)


def _meet(one: CharSpan, other: CharSpan) -> bool:
    return one[0] < other[1] and other[0] < one[1]


@dataclass(frozen=True, slots=True)
class Scored:
    """A relation that a pair of gold's mentions may bear, and how probable the model holds it."""

    head: Entity
    tail: Entity
    label: str
    probability: float
    in_gold: bool

    @property
    def confidence(self) -> float:
        """The probability of what gold says."""
        return self.probability if self.in_gold else 1 - self.probability


def scored_relations(nlp: Language, document: Document) -> list[Scored]:
    """Every relation that the schema and the distance permit between gold's mentions."""
    relations = nlp.get_pipe("aloi_relations")
    assert isinstance(relations, RelationExtractor)
    proposal, probability, truth = relation_probabilities(nlp, relations, document)
    entities = document.by_id()
    return [
        Scored(
            entities[proposal.spans[proposal.pairs[row, 0]].id_],
            entities[proposal.spans[proposal.pairs[row, 1]].id_],
            relations.labels[column],
            float(probability[row, column]),
            bool(truth[row, column]),
        )
        for row, column in np.argwhere(proposal.permitted)
    ]


def relation_suspects(document: Document, scored: Iterable[Scored]) -> Iterator[Suspect]:
    """The suspects among the relations of a document, mentions being gold's.

    A relation that the model would rather have between the same two mentions is told with gold's.
    """
    between: dict[frozenset[str], list[Scored]] = defaultdict(list)
    for one in scored:
        between[frozenset((one.head.id, one.tail.id))].append(one)
    for group in between.values():
        doubted = [one for one in group if one.in_gold and one.confidence < DOUBT]
        wanted = [one for one in group if not one.in_gold and one.confidence < DOUBT]
        for one in doubted:
            yield _replaced(document, one, wanted)
        for one in wanted if not doubted else ():
            told = f"{one.label} {one.probability:.2f}"
            yield _of_relation(document, one, "missing", _in_gold(document, one, group), told)


def _replaced(document: Document, gold: Scored, wanted: list[Scored]) -> Suspect:
    """A relation of gold's, with what the model would have instead."""
    if not wanted:
        told = f"none {1 - gold.probability:.2f}"
        return _of_relation(document, gold, "extra", gold.label, told)
    rival = max(wanted, key=lambda one: (one.probability, one.label))
    turned = rival.head.id != gold.head.id
    kind = "label" if rival.label != gold.label else "direction"
    told = f"{rival.label}{' turned round' if turned else ''} {rival.probability:.2f}"
    return _of_relation(document, gold, kind, gold.label, told)


def _in_gold(document: Document, wanted: Scored, group: list[Scored]) -> str:
    """What gold has between these mentions, or of the same fact between others."""
    held = [one.label for one in group if one.in_gold]
    if held:
        return ", ".join(sorted(held))
    entities, refs = document.by_id(), (wanted.head.ref, wanted.tail.ref)
    for relation in document.relations if None not in refs else ():
        ends = (entities[relation.head].ref, entities[relation.tail].ref)
        if relation.label == wanted.label and ends in (refs, refs[::-1]):
            return f"none here; the same between {relation.head} and {relation.tail}"
    return "none"


def _of_relation(document: Document, one: Scored, kind: str, gold: str, model: str) -> Suspect:
    head, tail = _as_written(document, one)
    surface = f"{document.surface(head)} {one.label} {document.surface(tail)}"
    item = str(Relation(head.id, tail.id, one.label))
    around = span_context(document, (min(head.start, tail.start), max(head.end, tail.end)))
    confidence = one.confidence
    return Suspect(confidence, "relations", kind, document.id, item, surface, around, gold, model)


def _as_written(document: Document, one: Scored) -> tuple[Entity, Entity]:
    """The ends in gold's order: symmetric relations are scored in text order, whatever gold's."""
    arcs = {(r.head, r.tail) for r in document.relations if r.label == one.label}
    if one.in_gold and (one.head.id, one.tail.id) not in arcs:
        return one.tail, one.head
    return one.head, one.tail
