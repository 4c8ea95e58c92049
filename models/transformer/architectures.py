"""Architectures with a pretrained transformer, for `aloi_ner` and `aloi_relations`.

These `Adam.v1` settings of a training config apply to the torch module: `learn_rate` with its
schedule, `beta1`, `beta2`, `eps`, `L2` (as decoupled weight decay) and `grad_clip` (a limit on the
norm of all gradients together).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model

from aloi.corpus.optional_dependencies import need
from aloi.models.arrays import FloatArray
from aloi.models.entities.network import TokenModel, with_transitions
from aloi.models.relations.candidates import Candidates
from aloi.models.relations.network import PairScorer


def make_transformer_tagger(weights: str | None, window: int = 512) -> TokenModel:
    """Return a network of the architecture `aloi.TransformerTagger.v1` for tag scores.

    Shape of the scores of a doc: (tokens, layers * tags). weights: the folder of a checkpoint, or
    the name of a checkpoint on the Hugging Face Hub. `initialize` reads the checkpoint; a trained
    pipeline does not need it. window: the maximum number of subwords that are encoded together.
    """
    scores = _make_model("transformer_Tagger", "TaggingHead", _score_docs, weights, window)
    return with_transitions(scores, output=scores)


def make_transformer_pair_scorer(weights: str | None, window: int = 512) -> PairScorer:
    """Return a network of the architecture `aloi.TransformerPairs.v1` for relation logits.

    Shape of the logits: (pairs, labels). weights, window: see `make_transformer_tagger`.
    """
    return _make_model("transformer_PairScorer", "PairHead", _score_pairs, weights, window)


def _make_model(
    name: str, head: str, forward: Callable[..., Any], weights: str | None, window: int
) -> Model[Any, Any]:
    """Return a model with an encoder and a head.

    name: the name of the model, which is stored in trained pipelines. head: the name of a class in
    `heads`. Raises `DataError` if torch or transformers is not installed.
    """
    need("torch", extra="transformers")
    need("transformers", extra="transformers")
    from aloi.models.transformer import heads  # noqa: PLC0415
    from aloi.models.transformer.torch_wrapper import TorchNetwork  # noqa: PLC0415

    network = TorchNetwork(getattr(heads, head))

    def initialize(model: Model[Any, Any], X: object = None, Y: object = None) -> None:  # noqa: N803
        network.load_checkpoint(weights, window, outputs=model.get_dim("nO"))

    return Model(
        name,
        forward,
        init=initialize,
        dims={"nO": None},
        attrs={"dropout_rate": 0.0},
        shims=[network],
    )


def _score_docs(
    model: TokenModel, docs: list[Doc], is_train: bool
) -> tuple[list[FloatArray], Callable[[list[FloatArray]], None]]:
    if not docs:
        return [], lambda gradients: None
    scores, backprop = model.shims[0]((docs, model.attrs["dropout_rate"]), is_train)
    ends = np.cumsum([len(doc) for doc in docs])
    return np.split(scores, ends[:-1]), lambda gradients: backprop(np.concatenate(gradients))


def _score_pairs(
    model: PairScorer, blocks: Sequence[Candidates], is_train: bool
) -> tuple[FloatArray, Callable[[FloatArray], None]]:
    scores: tuple[FloatArray, Callable[[FloatArray], None]]
    scores = model.shims[0]((blocks, model.attrs["dropout_rate"]), is_train)
    return scores
