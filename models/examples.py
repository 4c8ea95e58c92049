"""spaCy training examples made from annotated documents."""

from __future__ import annotations

from spacy.language import Language
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities


def make_example(nlp: Language, document: Document, *, skip: str) -> Example:
    """Return a document as a training example for a relation component.

    The predicted doc contains the gold entities and the annotations of all components except
    `skip`. The reference doc contains the gold entities and the gold relations.
    """
    doc = nlp.make_doc(document.text)
    set_entities(doc, document.entities)
    for name, component in nlp.pipeline:
        if name != skip:
            doc = component(doc)
    return Example(doc, annotate(nlp.make_doc(document.text), document))
