"""Conversion between documents and spaCy docs.

Source: spaCy 3.8, https://spacy.io/api/doc. `doc.ents` contains the outermost mentions,
`doc.spans["entities"]` contains all mentions, and `doc._.relations` contains the relations. The
span id is the entity id, `kb_id_` is the ref, and `span._.attributes` contains the attributes of a
mention. The format `spacy` (module `doc_bin`) stores such docs in files.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import spacy.util
from spacy.tokens import Doc, Span, SpanGroup

from aloi.corpus.document import Document, Entity, Relation, outermost

SPANS_KEY = "entities"
"""The key of the span group in `doc.spans` that contains all mentions, including nested ones."""

USER_DATA_KEY = "aloi.relations"
"""The key of the relations in `doc.user_data`; they are plain lists, which `DocBin` can store."""


ATTRIBUTES_KEY = "aloi.attributes"
"""The key in `doc.user_data` of the attributes of mentions: a list of spans with attributes."""

SpanKey = tuple[int, int, str, str]
"""First token, last token (exclusive), label and id of a span."""


class RelationSpan(NamedTuple):
    """A relation between two spans of a doc; `score` is between 0 and 1, or None for gold."""

    head: Span
    tail: Span
    label: str
    score: float | None = None
    attributes: Mapping[str, str] = MappingProxyType({})


def get_relations(doc: Doc) -> list[RelationSpan]:
    """Return the relations of a doc; heads and tails are new spans with the stored label and id."""
    return [
        RelationSpan(_to_span(doc, head), _to_span(doc, tail), *rest)
        for head, tail, *rest in doc.user_data.get(USER_DATA_KEY, [])
    ]


def set_relations(doc: Doc, relations: Iterable[RelationSpan]) -> None:
    """Replace the relations of a doc."""
    doc.user_data[USER_DATA_KEY] = [
        [*map(_to_list, each[:2]), each.label, each.score, *filter(None, [dict(each.attributes)])]
        for each in relations
    ]


if not Doc.has_extension("relations"):
    Doc.set_extension("relations", getter=get_relations, setter=set_relations)


def get_attributes(doc: Doc) -> dict[SpanKey, dict[str, str]]:
    """Return the attributes of the mentions that have any, by `span_key`."""
    return {tuple(key): dict(values) for key, values in doc.user_data.get(ATTRIBUTES_KEY, [])}


def set_attributes(doc: Doc, attributes: Mapping[SpanKey, Mapping[str, str]]) -> None:
    """Replace the attributes of all mentions of a doc; the keys are those of `span_key`."""
    doc.user_data[ATTRIBUTES_KEY] = [
        [list(key), dict(values)] for key, values in attributes.items() if values
    ]


def span_key(span: Span) -> SpanKey:
    """Return what identifies a mention of a doc: tokens, label and id."""
    return span.start, span.end, span.label_, span.id_


def _attributes_of(span: Span) -> dict[str, str]:
    return get_attributes(span.doc).get(span_key(span), {})


if not Span.has_extension("attributes"):
    Span.set_extension("attributes", getter=_attributes_of)


def _to_list(span: Span) -> list[Any]:
    return [span.start, span.end, span.label_, span.id_]


def _to_span(doc: Doc, values: list[Any]) -> Span:
    start, end, label, id_ = values
    return Span(doc, start, end, label=label, span_id=id_)


def mentions(doc: Doc) -> list[Span]:
    """Return all mentions: the span group `entities` if the group exists, otherwise `doc.ents`."""
    return list(_mention_spans(doc))


def _mention_spans(doc: Doc) -> Iterable[Span]:
    spans: Iterable[Span] = doc.spans.get(SPANS_KEY, doc.ents)
    return spans


def set_entities(doc: Doc, entities: Iterable[Entity]) -> dict[str, Span]:
    """Replace the mentions of a doc; return the new spans by entity id.

    A mention that is not aligned with tokens is expanded to all tokens that it overlaps; a mention
    that overlaps no token is left out. `doc.ents` is set to the outermost mentions. If outermost
    mentions overlap after the expansion, `doc.ents` contains only the longest of them.
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
        if span:  # None or empty if the mention overlaps no token
            spans[entity.id] = span
    doc.spans[SPANS_KEY] = list(spans.values())
    attributes = {
        span_key(spans[each.id]): each.attributes for each in entities if each.id in spans
    }
    set_attributes(doc, attributes)
    flat = [spans[entity.id] for entity in outermost(entities) if entity.id in spans]
    doc.set_ents(spacy.util.filter_spans(flat))
    return spans


def annotate(doc: Doc, document: Document) -> Doc:
    """Copy the mentions and relations of a document to a doc with the same text; return the doc."""
    spans = set_entities(doc, document.entities)
    doc._.relations = [
        RelationSpan(
            spans[relation.head],
            spans[relation.tail],
            relation.label,
            relation.score,
            relation.attributes,
        )
        for relation in document.relations
        if relation.head in spans and relation.tail in spans
    ]
    return doc


def to_document(
    doc: Doc, *, id_: str, meta: dict[str, Any] | None = None, spans: Iterable[Span] | None = None
) -> Document:
    """Return a document with the text, mentions and relations of a doc.

    `spans` are the spans to use as mentions (default: the result of `mentions`). A span keeps its
    id if that id is unique; all other spans are numbered e1, e2 … in text order. The scores of the
    mentions are the values in `attrs["scores"]` of the span group, as written by spancat, if there
    is one value per span. A relation is left out if its head or tail is not a mention.
    """
    scored = _with_scores(_mention_spans(doc) if spans is None else spans)
    scored.sort(key=itemgetter(0))
    ids = _span_ids([span for span, _ in scored])
    attributes = get_attributes(doc)
    entities: dict[SpanKey, Entity] = {}
    for entity_id, (span, score) in zip(ids, scored, strict=True):
        entity = Entity(
            id=entity_id,
            start=span.start_char,
            end=span.end_char,
            label=span.label_,
            ref=span.kb_id_ or None,
            attributes=attributes.get(span_key(span), {}),
            score=score,
        )
        entities.setdefault(span_key(span), entity)
    relations = tuple(
        Relation(
            head=entities[span_key(each.head)].id,
            tail=entities[span_key(each.tail)].id,
            label=each.label,
            attributes=dict(each.attributes),
            score=each.score,
        )
        for each in get_relations(doc)
        if span_key(each.head) in entities and span_key(each.tail) in entities
    )
    return Document(id_, doc.text, tuple(entities.values()), relations, meta or {})


def _with_scores(spans: Iterable[Span]) -> list[tuple[Span, float | None]]:
    """Return each span with its score; all scores are None unless the group has one per span."""
    items = list(spans)
    scores = spans.attrs.get("scores") if isinstance(spans, SpanGroup) else None
    if scores is None or len(scores) != len(items):
        return [(span, None) for span in items]
    return [(span, float(score)) for span, score in zip(items, scores, strict=True)]


def _span_ids(spans: list[Span]) -> list[str]:
    """Return one id per span: the span's own id if it is unique, else the next free `e<number>`."""
    counts = Counter(span.id_ for span in spans)
    free = (id_ for number in itertools.count(1) if (id_ := f"e{number}") not in counts)
    return [span.id_ if span.id_ and counts[span.id_] == 1 else next(free) for span in spans]
