"""A logistic regression over hashed features, as a Thinc model.

Input: hashed features of shape (pairs, columns), 0 where there is none. Output: a logit for each
label, shape (pairs, labels). Every hash picks a row of the weight table; a pair's logits are the
sum of its rows, so the product with the table is sparse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from thinc.api import Model

Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]

RARE = -3.0
"""The bias a label starts from: most pairs bear no relation."""

SparseLogistic = Model[Hashes, Floats]


def make_sparse_logistic(buckets: int = 2**18) -> SparseLogistic:
    """The model; its number of labels is set by `initialize(Y=…)` or `set_dim("nO", …)`."""
    return Model(
        "sparse_logistic",
        _forward,
        init=_init,
        dims={"nO": None, "nI": buckets},
        params={"W": None, "b": None},
    )


def _init(
    model: SparseLogistic,
    X: Hashes | None = None,  # noqa: N803
    Y: Floats | None = None,  # noqa: N803
) -> None:
    if Y is not None:
        model.set_dim("nO", Y.shape[1])
    labels = model.get_dim("nO")
    weights: Any = np.zeros((model.get_dim("nI"), labels), dtype=np.float32)
    bias: Any = np.full(labels, RARE, dtype=np.float32)
    model.set_param("W", weights)
    model.set_param("b", bias)


def _forward(
    model: SparseLogistic,
    X: Hashes,  # noqa: N803
    is_train: bool,
) -> tuple[Floats, Callable[[Floats], Hashes]]:
    design = _design(X, model.get_dim("nI"))
    logits = np.asarray(design @ model.get_param("W") + model.get_param("b"), dtype=np.float32)

    def backprop(gradient: Floats) -> Hashes:
        weights: Any = np.asarray(design.T @ gradient, dtype=np.float32)
        bias: Any = gradient.sum(axis=0)
        model.inc_grad("W", weights)
        model.inc_grad("b", bias)
        return X

    return logits, backprop


def _design(hashes: Hashes, buckets: int) -> scipy.sparse.csr_array:
    """The (pairs, buckets) matrix of feature values; each row has length one."""
    seen = hashes != 0
    counts = seen.sum(axis=1)
    indices = (hashes[seen] % np.uint64(buckets)).astype(np.int32)
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return scipy.sparse.csr_array((values, indices, indptr), shape=(len(hashes), buckets))
