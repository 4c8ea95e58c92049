"""Conversion of docs with span scores to documents with mention scores."""

import numpy as np
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, SpanGroup

from aloi.corpus.formats.shared.spacy_docs import SPANS_KEY, to_document

NLP = spacy.blank("fr")


def make_doc(scores: object, key: str = SPANS_KEY) -> Doc:
    """Return a doc with three spans, not in text order, and these scores."""
    doc = NLP("Ana vit à Rome avec Bob")
    spans = [doc[5:6], doc[0:1], doc[3:4]]
    for span, label in zip(spans, ("PER", "PER", "LOC"), strict=True):
        span.label_ = label
    doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs={"scores": scores})
    return doc


def test_mentions_have_the_scores_of_their_spans() -> None:
    for scores in ([0.5, 0.25, 1.0], np.array([0.5, 0.25, 1.0], dtype="float32")):
        document = to_document(make_doc(scores), id_="d")
        found = [(document.surface(e), e.score) for e in document.entities]
        assert found == [("Ana", 0.25), ("Rome", 1.0), ("Bob", 0.5)]


def test_scores_of_another_span_group() -> None:
    doc = make_doc([0.5, 0.25, 1.0], key="sc")
    document = to_document(doc, id_="d", spans=doc.spans["sc"])
    assert [entity.score for entity in document.entities] == [0.25, 1.0, 0.5]


def test_incomplete_scores_are_ignored() -> None:
    for scores in ([], [0.5, 0.25], None):
        document = to_document(make_doc(scores), id_="d")
        assert [entity.score for entity in document.entities] == [None] * 3


@given(st.permutations(range(5)), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_span_order_does_not_matter(order: list[int], scores: list[float]) -> None:
    doc = NLP("a b c d e")
    spans = [doc[place : place + 1] for place in order]
    doc.spans[SPANS_KEY] = SpanGroup(doc, spans=spans, attrs={"scores": scores})
    found = {entity.start // 2: entity.score for entity in to_document(doc, id_="d").entities}
    assert found == dict(zip(order, scores, strict=True))
