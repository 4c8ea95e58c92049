"""The network of the relation extractor: a linear part over hashed features plus a neural part.

Input: blocks of candidates, from one or several docs. Output: the logits of all blocks,
concatenated. Shape: (pairs, labels). Pairs are processed in chunks to bound memory.

The neural part encodes all tokens of the docs; its input marks the tokens of mentions. For each
pair, it pools the vectors of the tokens in, next to and between the two mentions
(aloi.models.relations.vectors). docs/models.md reports the measurements that led to this
architecture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse
from thinc.api import Dropout, Linear, Maxout, Model, chain, zero_init

from aloi.models.arrays import FloatArray, HashArray
from aloi.models.relations.candidate_batch import CandidateBatch
from aloi.models.relations.candidates import Candidates
from aloi.models.relations.features import DENSE_COLUMNS, dense_features, hashed_features
from aloi.models.relations.pair_context import PairContext
from aloi.models.relations.vectors import VECTORS_PER_PAIR, make_token_encoder, pool_vectors
from aloi.models.transformer.architectures import VectorModel

INITIAL_BIAS = -3.0
"""The initial bias of each label's logit; it is low because most pairs have no relation."""

FEATURE_NORM = 10.0
"""The norm of each pair's hashed features; a larger norm makes the linear part learn faster."""

PAIRS_PER_CHUNK = 2**12
"""The maximum number of pairs that are scored at once."""

PairScorer = Model[Sequence[Candidates], FloatArray]
"""A network that returns the logits of candidate pairs. Shape: (pairs, labels)."""

Backprop = Callable[[FloatArray], Any]


def make_pair_scorer(
    buckets: int = 2**16,
    hidden: int = 64,
    width: int = 96,
    static: int = 300,
    transformer: VectorModel | None = None,
) -> PairScorer:
    """Return a network of the architecture `aloi.PairScorer.v1`, which computes relation logits.

    buckets: the number of rows in the weight table of hashed features. hidden: the number of units
    in each neural layer. width: the size of the vectors of the pipeline's `tok2vec`. static: the
    size of the word vectors, or 0 to omit them. transformer: a network that adds its token vectors.
    Dropout applies to hashed features and to neural layers.
    """
    encoder = make_token_encoder(width + static, hidden, transformer)
    neural: Model[FloatArray, FloatArray] = chain(
        Dropout(),
        Maxout(
            hidden, DENSE_COLUMNS + VECTORS_PER_PAIR * hidden, nP=2, dropout=0.0, normalize=True
        ),
        Linear(nI=hidden, init_W=zero_init),
    )
    return Model(
        "pair_scorer",
        _forward,
        init=_initialize,
        dims={"nO": None},
        attrs={"width": width, "static": static},
        layers=[make_sparse_linear(buckets), encoder, neural],
    )


def _initialize(model: PairScorer, X: object = None, Y: object = None) -> None:  # noqa: N803
    for layer in (model.layers[0], model.layers[-1].layers[-1]):
        layer.set_dim("nO", model.get_dim("nO"), force=True)
    for layer in model.layers:
        layer.initialize()


def _forward(
    model: PairScorer,
    X: Sequence[Candidates],  # noqa: N803
    is_train: bool,
) -> tuple[FloatArray, Callable[[FloatArray], Sequence[Candidates]]]:
    width, static = model.attrs["width"], model.attrs["static"]
    batch = CandidateBatch.from_candidates(X, width=width, static=static)
    sparse, encoder, neural = model.layers
    vectors, backprop_encoder = encoder(batch, is_train)
    logits: list[FloatArray] = []
    backprops: list[tuple[Backprop, Backprop]] = []
    for start in range(0, len(batch.pairs), PAIRS_PER_CHUNK):
        context = PairContext(batch, batch.pairs[start : start + PAIRS_PER_CHUNK])
        linear, backprop_sparse = sparse(hashed_features(context), is_train)
        nonlinear, backprop_neural = _score_neural(neural, context, vectors, is_train)
        logits.append(linear + nonlinear)
        backprops.append((backprop_sparse, backprop_neural))

    def backprop(gradient: FloatArray) -> Sequence[Candidates]:
        d_vectors = np.zeros_like(vectors)
        for number, (backprop_sparse, backprop_neural) in enumerate(backprops):
            chunk = gradient[number * PAIRS_PER_CHUNK : (number + 1) * PAIRS_PER_CHUNK]
            backprop_sparse(chunk)
            d_vectors += backprop_neural(chunk)
        backprop_encoder(d_vectors)
        return X

    return np.concatenate(logits), backprop


def _score_neural(
    neural: Model[FloatArray, FloatArray],
    context: PairContext,
    vectors: FloatArray,
    is_train: bool,
) -> tuple[FloatArray, Backprop]:
    """Return the logits of the neural part, and a function that computes gradients of `vectors`."""
    pooled, backprop_pooled = pool_vectors(context, vectors)
    inputs = np.concatenate([dense_features(context), pooled], axis=1)
    logits, backprop_inputs = neural(inputs, is_train)
    return logits, lambda gradient: backprop_pooled(backprop_inputs(gradient)[:, DENSE_COLUMNS:])


def make_sparse_linear(buckets: int) -> Model[HashArray, FloatArray]:
    """Return a linear layer over hashed features. Shape of the input: (pairs, features).

    Each hash selects a row of the weight table; a hash of 0 means that the feature is absent. The
    logits of a pair are the weighted sum of the selected rows, computed as a sparse matrix product.
    Dropout removes features.
    """
    return Model(
        "sparse_linear",
        _forward_sparse,
        init=_initialize_sparse,
        dims={"nO": None, "nI": buckets},
        attrs={"dropout_rate": 0.0},
        params={"W": None, "b": None},
    )


def _initialize_sparse(
    model: Model[HashArray, FloatArray],
    X: object = None,  # noqa: N803
    Y: object = None,  # noqa: N803
) -> None:
    labels = model.get_dim("nO")
    model.set_param("W", model.ops.alloc2f(model.get_dim("nI"), labels))
    model.set_param("b", model.ops.alloc1f(labels) + INITIAL_BIAS)


def _forward_sparse(
    model: Model[HashArray, FloatArray],
    X: HashArray,  # noqa: N803
    is_train: bool,
) -> tuple[FloatArray, Callable[[FloatArray], HashArray]]:
    features = _feature_matrix(X, model.get_dim("nI"))
    if is_train and model.attrs["dropout_rate"]:
        mask = model.ops.get_dropout_mask(features.data.shape, model.attrs["dropout_rate"])
        features.data *= mask
    scores = features @ model.get_param("W") + model.get_param("b")
    logits = np.asarray(scores, dtype=np.float32)

    def backprop(gradient: FloatArray) -> HashArray:
        d_weights: Any = np.asarray(features.T @ gradient, dtype=np.float32)
        d_bias: Any = gradient.sum(axis=0)
        model.inc_grad("W", d_weights)
        model.inc_grad("b", d_bias)
        return X

    return logits, backprop


def _feature_matrix(hashes: HashArray, buckets: int) -> scipy.sparse.csr_array:
    """Return the sparse feature matrix, whose rows have the norm `FEATURE_NORM`.

    Shape: (pairs, buckets).
    """
    present = hashes != 0
    counts = present.sum(axis=1)
    indices = (hashes[present] % np.uint64(buckets)).astype(np.int32)
    values = np.repeat(FEATURE_NORM / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    row_ends = np.concatenate([[0], np.cumsum(counts)])
    return scipy.sparse.csr_array((values, indices, row_ends), shape=(len(hashes), buckets))
