"""Logits of pairs of mentions: a linear model over hashed features plus a small neural one.

Input: the proposals of some docs. Output: a logit for each label, shape (pairs, labels), proposal
after proposal. Pairs go through in blocks, so that memory does not grow with a doc's pairs.

Why both parts: on French CrossRE, cross-validated over the news and politics development sentences,
the hashed features alone came to 0.436 micro-F1 (0.456 by L-BFGS with an L2 penalty, which takes
minutes and much memory), the neural part alone to 0.409, and the mean of both, each trained by
itself, to 0.458. Trained as one, they do best when the hashed ones learn slowly (`LENGTH`): half
of the politics sentences and all of news held out, at most 0.469 against 0.437 at five times the
pace, at which what is seen once is soon learnt by heart. On the folds of the first figures, with
thresholds from the other folds and one seed, the two as one come to 0.454, 0.457 and 0.462 after
800, 1,200 and 1,600 steps; with a linear layer over the probabilities of the pairs that share a
mention, 0.458, 0.466 and 0.463: less than a hundredth, so there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from thinc.api import Dropout, Linear, Maxout, Model, chain, zero_init

from aloi.models.pair_features import Scene, inputs
from aloi.models.pairs import Floats, Hashes

if TYPE_CHECKING:
    from aloi.models.relations import Proposal

RARE = -3.0
"""The bias a label starts from: most pairs bear no relation."""
LENGTH = 10.0
"""The length of a row of hashed features: how fast they learn, at the rate of the neural part."""
ROWS = 2**12
"""Pairs that are scored at once."""

PairScorer = Model[Sequence["Proposal"], Floats]
Backprop = Callable[[Floats], Any]


def make_pair_scorer(buckets: int = 2**16, hidden: int = 64, width: int = 96) -> PairScorer:
    """The architecture `aloi.PairScorer.v1`.

    buckets: rows of the table of hashed features. hidden: units of the neural part. width: of the
    vectors that the pipeline's `tok2vec` sets, 0 to use none. Dropout hides hashed features,
    inputs and units alike.
    """
    neural: Model[Floats, Floats] = chain(
        Dropout(),
        Maxout(hidden, inputs(width), nP=2, dropout=0.0, normalize=True),
        Linear(nI=hidden, init_W=zero_init),
    )
    return Model(
        "pair_scorer",
        _forward,
        init=_init,
        dims={"nO": None},
        attrs={"width": width},
        layers=[make_sparse_linear(buckets), neural],
    )


def _init(model: PairScorer, X: object = None, Y: object = None) -> None:  # noqa: N803
    for layer in (model.layers[0], model.layers[1].layers[-1]):
        layer.set_dim("nO", model.get_dim("nO"), force=True)
    for layer in model.layers:
        layer.initialize()


def _forward(
    model: PairScorer,
    X: Sequence[Proposal],  # noqa: N803
    is_train: bool,
) -> tuple[Floats, Callable[[Floats], Sequence[Proposal]]]:
    scene = Scene.of(X, width=model.attrs["width"])
    sparse, neural = model.layers
    logits: list[Floats] = []
    backprops: list[tuple[Backprop, Backprop]] = []
    for start in range(0, len(scene.pairs), ROWS):
        view = scene.view(start, start + ROWS)
        linear, to_sparse = sparse(view.features(), is_train)
        deep, to_neural = neural(view.inputs(), is_train)
        logits.append(linear + deep)
        backprops.append((to_sparse, to_neural))

    def backprop(gradient: Floats) -> Sequence[Proposal]:
        for number, block in enumerate(backprops):
            for back in block:
                back(gradient[number * ROWS : (number + 1) * ROWS])
        return X

    return np.concatenate(logits), backprop


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
