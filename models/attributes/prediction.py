"""Prediction of the attributes of given mentions and relations, to score the component alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
from spacy.language import Language
from spacy.tokens import Doc

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import (
    annotate,
    get_attributes,
    get_relations,
    mentions,
    span_key,
)

BATCH_SIZE = 32
"""Documents that are in memory at once."""


def predict_attributes(nlp: Language, documents: Iterable[Document]) -> Iterator[Document]:
    """Yield documents with predicted attributes in place of their own; the rest stays as it is.

    nlp: a pipeline with `aloi_attributes` and without components that set mentions or relations.
    """
    waiting = iter(documents)
    while batch := [without_attributes(each) for each in islice(waiting, BATCH_SIZE)]:
        docs = nlp.pipe([annotate(nlp.make_doc(each.text), each) for each in batch])
        yield from map(_with_attributes, batch, docs)


def without_attributes(document: Document) -> Document:
    """Return a document whose mentions and relations have no attributes."""
    replace = msgspec.structs.replace
    return replace(
        document,
        entities=tuple(replace(entity, attributes={}) for entity in document.entities),
        relations=tuple(replace(relation, attributes={}) for relation in document.relations),
    )


def _with_attributes(document: Document, doc: Doc) -> Document:
    """Return a document with the attributes of a doc that was made from it."""
    replace = msgspec.structs.replace
    by_key = get_attributes(doc)
    by_id = {span.id_: by_key.get(span_key(span), {}) for span in mentions(doc)}
    by_relation = {
        (each.head.id_, each.tail.id_, each.label): dict(each.attributes)
        for each in get_relations(doc)
    }
    return replace(
        document,
        entities=tuple(
            replace(entity, attributes=by_id.get(entity.id, {})) for entity in document.entities
        ),
        relations=tuple(
            replace(each, attributes=by_relation.get((each.head, each.tail, each.label), {}))
            for each in document.relations
        ),
    )
