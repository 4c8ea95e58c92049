"""What NER training takes from the pipeline it starts from."""

from __future__ import annotations

from collections.abc import Callable

import spacy
from spacy.language import Language


def copy_tok2vec(source: str, component: str = "ner") -> Callable[[Language], Language]:
    """A callback (`aloi.CopyTok2Vec.v1`) that copies trained weights after initialisation.

    The token-to-vector layers of `component` take the weights of the same component of the
    pipeline `source`: what it knows of words stays, while its output layer, whose labels are
    others, starts anew. The layers must be of one shape.
    """

    def callback(nlp: Language) -> Language:
        taught = spacy.load(source).get_pipe(component).model.get_ref("tok2vec")
        nlp.get_pipe(component).model.get_ref("tok2vec").from_bytes(taught.to_bytes())
        return nlp

    return callback
