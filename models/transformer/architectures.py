"""The architecture `aloi.TransformerVectors.v1`, for networks of entities and relations.

The torch module has an AdamW of its own. Of the optimiser in a training config it uses `learn_rate`
with its schedule, `beta1`, `beta2` and `eps`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model

from aloi.corpus.optional_dependencies import need
from aloi.models.arrays import FloatArray
from aloi.models.transformer.states import MarkedDoc

VectorModel = Model[Sequence[Doc | MarkedDoc], list[FloatArray]]
"""A network that returns one array per doc, with one row per token."""


def make_transformer_vectors(
    weights: str | None,
    frozen: int = 6,
    trained: int = 2,
    width: int = 128,
    marks: int = 0,
    rate: float = 0.1,
    quantised: bool = True,
) -> VectorModel:
    """Return a network that computes the vectors of tokens from those of `aloi_encoder`.

    Shape of the vectors of a doc: (tokens, width). weights: the folder of a checkpoint, or the name
    of a checkpoint on the Hugging Face Hub. `initialize` reads the checkpoint; a trained pipeline
    does not need it. Other parameters: see `TrainedLayers`. Raises `DataError` if torch or
    transformers is not installed.
    """
    need("torch", extra="transformers")
    need("transformers", extra="transformers")
    from aloi.models.transformer.torch_wrapper import TrainedLayers  # noqa: PLC0415

    layers = TrainedLayers(
        frozen, trained, width=width, marks=marks, rate=rate, quantised=quantised
    )

    def initialize(model: Model[Any, Any], X: object = None, Y: object = None) -> None:  # noqa: N803
        layers.load_checkpoint(weights)

    return Model(
        "transformer_vectors", _forward, init=initialize, dims={"nO": width}, shims=[layers]
    )


def _forward(
    model: VectorModel, docs: Sequence[Doc | MarkedDoc], is_train: bool
) -> tuple[list[FloatArray], Callable[[list[FloatArray]], None]]:
    marked = [each if isinstance(each, MarkedDoc) else MarkedDoc(each) for each in docs]
    if not marked:
        return [], lambda gradients: None
    vectors, backprop = model.shims[0](marked, is_train)
    ends = np.cumsum([len(each.doc) for each in marked])
    return np.split(vectors, ends[:-1]), lambda gradients: backprop(np.concatenate(gradients))
