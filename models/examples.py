"""spaCy training examples made from annotated documents.

Silver examples were annotated by a pipeline (aloi.models.training.teaching). The scores of their
relations are probabilities, which a relation component learns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities

SILVER_KEY = "aloi.silver"
"""The key in `user_data` that marks the reference doc of a silver example."""


def mark_silver(reference: Doc) -> None:
    """Mark the reference doc of an example as silver."""
    reference.user_data[SILVER_KEY] = True


def is_silver(example: Example) -> bool:
    """Return whether an example is silver."""
    return SILVER_KEY in example.reference.user_data


def leading_gold(examples: Iterable[Example]) -> Iterator[Example]:
    """Yield the examples before the first silver example: all gold examples, each once.

    Labels and settings that depend on the data are derived from them.
    """
    return takewhile(lambda example: not is_silver(example), examples)


def make_example(nlp: Language, document: Document, *, before: str) -> Example:
    """Return a document as a training example for the relation component with the name `before`.

    The predicted doc contains the gold entities and the annotations of all components before this
    component. The reference doc contains the gold entities and the gold relations.
    """
    doc = nlp.make_doc(document.text)
    set_entities(doc, document.entities)
    for name, component in nlp.pipeline:
        if name == before:
            break
        doc = component(doc)
    return Example(doc, annotate(nlp.make_doc(document.text), document))
