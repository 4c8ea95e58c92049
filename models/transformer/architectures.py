"""Architectures over a pretrained transformer, for `aloi_ner` and `aloi_relations`.

What a training config says of `Adam.v1` holds for the torch module inside: `learn_rate` and its
schedule, `L2` (decoupled weight decay) and `grad_clip` (of the norm of all gradients together).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model

from aloi.corpus.extras import need
from aloi.models.entities.network import Floats, Vectors, tagger

if TYPE_CHECKING:
    from aloi.models.relations.component import Proposal


def make_tagger(weights: str | None, window: int = 512) -> Vectors:
    """`aloi.TransformerTagger.v1`: for each doc an array of scores, shape (tokens, columns).

    weights: a checkpoint's folder, or its name on the Hugging Face hub; `initialize` reads it, and
    a trained pipeline needs it no more. window: the most sub-words that are read at once.
    """
    scores = _network("Tagger", _score_docs, weights, window)
    return tagger(scores, output=scores)


def make_pair_scorer(weights: str | None, window: int = 512) -> Model[Sequence[Proposal], Floats]:
    """`aloi.TransformerPairs.v1`: logits of relation labels, (pairs, labels), all docs' in one."""
    return _network("PairScorer", _score_pairs, weights, window)


def _network(
    head: str, forward: Callable[..., Any], weights: str | None, window: int
) -> Model[Any, Any]:
    need("torch", extra="transformers")
    need("transformers", extra="transformers")
    from aloi.models.transformer import heads  # noqa: PLC0415
    from aloi.models.transformer.torch_wrapper import Network  # noqa: PLC0415

    network = Network(getattr(heads, head))

    def start(model: Model[Any, Any], X: object = None, Y: object = None) -> None:  # noqa: N803
        network.start(weights, window, model.get_dim("nO"))

    return Model(
        f"transformer_{head}",
        forward,
        init=start,
        dims={"nO": None},
        attrs={"dropout_rate": 0.0},
        shims=[network],
    )


def _score_docs(
    model: Vectors, docs: list[Doc], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], None]]:
    if not docs:
        return [], lambda gradients: None
    scores, backprop = model.shims[0]((docs, model.attrs["dropout_rate"]), is_train)
    ends = np.cumsum([len(doc) for doc in docs])
    return np.split(scores, ends[:-1]), lambda gradients: backprop(np.concatenate(gradients))


def _score_pairs(
    model: Model[Sequence[Proposal], Floats], proposals: Sequence[Proposal], is_train: bool
) -> tuple[Floats, Callable[[Floats], None]]:
    scores: tuple[Floats, Callable[[Floats], None]]
    scores = model.shims[0]((proposals, model.attrs["dropout_rate"]), is_train)
    return scores
