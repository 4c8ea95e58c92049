"""Logits of pairs of mentions: a linear model over hashed features plus a small neural one.

Input: the proposals of some docs. Output: a logit for each label, shape (pairs, labels), proposal
after proposal. Pairs go through in blocks, so that memory does not grow with a doc's pairs.

The neural part first reads the tokens, knowing which mention each stands in, then looks at what it
made of those in, around and between the two mentions (aloi.models.relations.vectors).

Why it is so, by micro-F1 on French CrossRE, where another seed is worth up to a hundredth:
- With two quarters of every domain's development sentences held out in turn, the threshold taken
  from the other: 0.464 with the pipeline's vectors as they come, 0.472 with weight decay too, 0.486
  with a layer of its own that reads them, 0.489 with the words' vectors beside them. Dropout in
  that layer costs a hundredth. No more comes of a second layer, of attention over the sentence for
  each pair, of the sentence's mean or the tree's path. As it stands, thresholds from the quarter
  itself: 0.461 and 0.521, where the pipeline's vectors as they come gave 0.432 and 0.495.
- Why both parts, before any of that, over the news and politics sentences: 0.436 by the hashed
  features alone (0.456 as a logistic regression trained to its end, which takes minutes and much
  memory), 0.409 by the neural part alone, 0.462 by both, which do best as one if the hashed ones
  learn slowly (`LENGTH`): at five times the pace, what is seen once is learnt by heart.
- A second pass over the probabilities of pairs that share a mention brought less than a hundredth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from thinc.api import Dropout, Linear, Maxout, Model, chain, zero_init

from aloi.models.relations.candidates import Floats, Hashes
from aloi.models.relations.features import READ, TRAITS, Scene, View
from aloi.models.relations.vectors import PARTS, gather, make_reader

if TYPE_CHECKING:
    from aloi.models.relations.component import Proposal

RARE = -3.0
"""The bias a label starts from: most pairs bear no relation."""
LENGTH = 10.0
"""The length of a row of hashed features: how fast they learn, at the rate of the neural part."""
ROWS = 2**12
"""Pairs that are scored at once."""

PairScorer = Model[Sequence["Proposal"], Floats]
Backprop = Callable[[Floats], Any]


def make_pair_scorer(
    buckets: int = 2**16, hidden: int = 64, width: int = 96, static: int = 300
) -> PairScorer:
    """The architecture `aloi.PairScorer.v1`.

    buckets: rows of the table of hashed features. hidden: units of each neural layer. width: of the
    vectors that the pipeline's `tok2vec` sets, static: of the vocabulary's, 0 to use none. Dropout
    hides hashed features, inputs and units alike.
    """
    reader = make_reader(width + static + READ, hidden)
    neural: Model[Floats, Floats] = chain(
        Dropout(),
        Maxout(hidden, TRAITS + PARTS * hidden, nP=2, dropout=0.0, normalize=True),
        Linear(nI=hidden, init_W=zero_init),
    )
    return Model(
        "pair_scorer",
        _forward,
        init=_init,
        dims={"nO": None},
        attrs={"width": width, "static": static},
        layers=[make_sparse_linear(buckets), reader, neural],
    )


def _init(model: PairScorer, X: object = None, Y: object = None) -> None:  # noqa: N803
    for layer in (model.layers[0], model.layers[-1].layers[-1]):
        layer.set_dim("nO", model.get_dim("nO"), force=True)
    for layer in model.layers:
        layer.initialize()


def _forward(
    model: PairScorer,
    X: Sequence[Proposal],  # noqa: N803
    is_train: bool,
) -> tuple[Floats, Callable[[Floats], Sequence[Proposal]]]:
    scene = Scene.of(X, width=model.attrs["width"], static=model.attrs["static"])
    sparse, reader, neural = model.layers
    vectors, to_reader = reader(scene, is_train)
    logits: list[Floats] = []
    backprops: list[tuple[Backprop, Backprop]] = []
    for start in range(0, len(scene.pairs), ROWS):
        view = scene.view(start, start + ROWS)
        linear, to_sparse = sparse(view.features(), is_train)
        deep, to_neural = _deep(neural, view, vectors, is_train)
        logits.append(linear + deep)
        backprops.append((to_sparse, to_neural))

    def backprop(gradient: Floats) -> Sequence[Proposal]:
        of_vectors = np.zeros_like(vectors)
        for number, (to_sparse, to_neural) in enumerate(backprops):
            part = gradient[number * ROWS : (number + 1) * ROWS]
            to_sparse(part)
            of_vectors += to_neural(part)
        to_reader(of_vectors)
        return X

    return np.concatenate(logits), backprop


def _deep(
    neural: Model[Floats, Floats], view: View, vectors: Floats, is_train: bool
) -> tuple[Floats, Backprop]:
    """The neural part's logits, and what takes their gradient to the tokens' vectors."""
    gathered, to_vectors = gather(view, vectors)
    logits, to_inputs = neural(np.concatenate([view.traits(), gathered], axis=1), is_train)
    return logits, lambda gradient: to_vectors(to_inputs(gradient)[:, TRAITS:])


def make_sparse_linear(buckets: int) -> Model[Hashes, Floats]:
    """Hashed features of shape (pairs, columns), 0 where there is none, to logits.

    Every hash picks a row of the weight table; a pair's logits are the sum of its rows, so the
    product with the table is sparse. Dropout hides features.
    """
    return Model(
        "sparse_linear",
        _sparse_forward,
        init=_sparse_init,
        dims={"nO": None, "nI": buckets},
        attrs={"dropout_rate": 0.0},
        params={"W": None, "b": None},
    )


def _sparse_init(
    model: Model[Hashes, Floats],
    X: object = None,  # noqa: N803
    Y: object = None,  # noqa: N803
) -> None:
    labels = model.get_dim("nO")
    model.set_param("W", model.ops.alloc2f(model.get_dim("nI"), labels))
    model.set_param("b", model.ops.alloc1f(labels) + RARE)


def _sparse_forward(
    model: Model[Hashes, Floats],
    X: Hashes,  # noqa: N803
    is_train: bool,
) -> tuple[Floats, Callable[[Floats], Hashes]]:
    design = _design(X, model.get_dim("nI"))
    if is_train and model.attrs["dropout_rate"]:
        kept = model.ops.get_dropout_mask(design.data.shape, model.attrs["dropout_rate"])
        design.data *= kept
    logits = np.asarray(design @ model.get_param("W") + model.get_param("b"), dtype=np.float32)

    def backprop(gradient: Floats) -> Hashes:
        weights: Any = np.asarray(design.T @ gradient, dtype=np.float32)
        bias: Any = gradient.sum(axis=0)
        model.inc_grad("W", weights)
        model.inc_grad("b", bias)
        return X

    return logits, backprop


def _design(hashes: Hashes, buckets: int) -> scipy.sparse.csr_array:
    """The (pairs, buckets) matrix of feature values; each row is `LENGTH` long."""
    seen = hashes != 0
    counts = seen.sum(axis=1)
    indices = (hashes[seen] % np.uint64(buckets)).astype(np.int32)
    values = np.repeat(LENGTH / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return scipy.sparse.csr_array((values, indices, indptr), shape=(len(hashes), buckets))
