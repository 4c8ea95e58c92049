"""spaCy docs: a document's mentions and relations on a doc, and back.

Source: spaCy 3.8, https://spacy.io/api/doc. A doc carries flat entities in `doc.ents`, all mentions
in `doc.spans["entities"]` (span ids are the entity ids, `kb_id_` the ref), and relations in
`doc._.relations`. The format `spacy`, files of such docs, is `doc_bin`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, NamedTuple

import spacy.util
from spacy.tokens import Doc, Span, SpanGroup

from aloi.corpus.document import Document, Entity, Relation, outermost

SPANS_KEY = "entities"
"""The span group that holds all mentions, nested ones included."""

USER_DATA_KEY = "aloi.relations"
"""Where a doc's relations are kept, as plain lists that `DocBin` can store."""


class RelationSpan(NamedTuple):
    """A relation between two spans of a doc; `score` is the model's, 0 to 1, or None for gold."""

    head: Span
    tail: Span
    label: str
    score: float | None = None


def get_relations(doc: Doc) -> list[RelationSpan]:
    """The doc's relations; each end is the span the relation was made from."""
    return [
        RelationSpan(_span(doc, head), _span(doc, tail), label, score)
        for head, tail, label, score in doc.user_data.get(USER_DATA_KEY, [])
    ]


def set_relations(doc: Doc, relations: Iterable[RelationSpan]) -> None:
    """Replace the doc's relations."""
    doc.user_data[USER_DATA_KEY] = [
        [_plain(head), _plain(tail), label, score] for head, tail, label, score in relations
    ]


if not Doc.has_extension("relations"):
    Doc.set_extension("relations", getter=get_relations, setter=set_relations)


def _plain(span: Span) -> list[Any]:
    return [span.start, span.end, span.label_, span.id_]


def _span(doc: Doc, plain: list[Any]) -> Span:
    start, end, label, id_ = plain
    return Span(doc, start, end, label=label, span_id=id_)


def mentions(doc: Doc) -> list[Span]:
    """All mentions: the span group `entities` where there is one, else `doc.ents`."""
    return list(_mentions(doc))


def _mentions(doc: Doc) -> Iterable[Span]:
    found: Iterable[Span] = doc.spans.get(SPANS_KEY, doc.ents)
    return found


def set_entities(doc: Doc, entities: Iterable[Entity]) -> dict[str, Span]:
    """Give a doc these mentions; returns the span of each entity id.

    A mention that does not fall on tokens takes in the tokens it touches. The outermost mentions
    go into `doc.ents`; of two on the same tokens, the first.
    """
    entities = tuple(entities)
    spans: dict[str, Span] = {}
    for entity in entities:
        span = doc.char_span(
            entity.start,
            entity.end,
            label=entity.label,
            kb_id=entity.ref or "",
            span_id=entity.id,
            alignment_mode="expand",
        )
        if span:  # none, or an empty one, where the mention touches no token
            spans[entity.id] = span
    doc.spans[SPANS_KEY] = list(spans.values())
    flat = [spans[entity.id] for entity in outermost(entities) if entity.id in spans]
    doc.set_ents(spacy.util.filter_spans(flat))
    return spans


def annotate(doc: Doc, document: Document) -> Doc:
    """Give a doc made from the document's text its entities and relations."""
    spans = set_entities(doc, document.entities)
    doc._.relations = [
        RelationSpan(spans[relation.head], spans[relation.tail], relation.label, relation.score)
        for relation in document.relations
        if relation.head in spans and relation.tail in spans
    ]
    return doc


def to_document(
    doc: Doc, *, id_: str, meta: dict[str, Any] | None = None, spans: Iterable[Span] | None = None
) -> Document:
    """The mentions (`spans`, or those of `mentions`) and relations of a doc as a document.

    A span keeps its id if it has one of its own; the others are numbered e1, e2 … in text order.
    A span group with a score for each span in `attrs["scores"]`, as spancat leaves them, gives
    them to the mentions. Relations between other spans are left out.
    """
    scored = sorted(_scored(_mentions(doc) if spans is None else spans), key=itemgetter(0))
    entities: dict[tuple[int, int, str, str], Entity] = {}
    for name, (span, score) in zip(_names([span for span, _ in scored]), scored, strict=True):
        place = span.start_char, span.end_char, span.label_
        entity = Entity(name, *place, ref=span.kb_id_ or None, score=score)
        entities.setdefault(_key(span), entity)
    relations = tuple(
        Relation(entities[_key(head)].id, entities[_key(tail)].id, label, score=score)
        for head, tail, label, score in get_relations(doc)
        if _key(head) in entities and _key(tail) in entities
    )
    return Document(id_, doc.text, tuple(entities.values()), relations, meta or {})


def _scored(spans: Iterable[Span]) -> list[tuple[Span, float | None]]:
    """Each span with its score, if the group has as many scores as spans."""
    found = list(spans)
    scores = spans.attrs.get("scores") if isinstance(spans, SpanGroup) else None
    if scores is None or len(scores) != len(found):
        return [(span, None) for span in found]
    return [(span, float(score)) for span, score in zip(found, scores, strict=True)]


def _names(spans: list[Span]) -> list[str]:
    """The id of each span: its own, or the next number that is free."""
    shared = Counter(span.id_ for span in spans)
    free = (name for number in itertools.count(1) if (name := f"e{number}") not in shared)
    return [span.id_ if span.id_ and shared[span.id_] == 1 else next(free) for span in spans]


def _key(span: Span) -> tuple[int, int, str, str]:
    return span.start, span.end, span.label_, span.id_
