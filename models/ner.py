"""What NER training takes from the pipeline it starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import spacy
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from thinc.api import Model


def copy_tok2vec(source: str, component: str = "ner") -> Callable[[Language], Language]:
    """A callback (`aloi.CopyTok2Vec.v1`) that copies trained weights after initialisation.

    The token-to-vector layers of `component` take the weights of the same component of the
    pipeline `source`: what it knows of words stays, while its output layer, whose labels are
    others, starts anew. The layers must be of one shape.
    """

    def callback(nlp: Language) -> Language:
        taught, learner = _layers(spacy.load(source), component), _layers(nlp, component)
        learner.from_bytes(taught.to_bytes())
        return nlp

    return callback


def _layers(nlp: Language, component: str) -> Model[Any, Any]:
    pipe = nlp.get_pipe(component)
    assert isinstance(pipe, TrainablePipe)
    layers: Model[Any, Any] = pipe.model.get_ref("tok2vec")
    return layers
