"""The network behind mention recognition: docs in, a score for every token and tag out.

A doc's tokens are read by a token-to-vector layer; each is then joined with the mean of what that
layer made of all the places in the doc where the same capitalised word stands, so that a name
which one sentence explains is understood in the others (as pooled contextual embeddings do: Akbik,
Bergmann and Vollgraf 2019). A hidden layer turns both into scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from spacy.attrs import LOWER
from spacy.tokens import Doc
from thinc.api import Linear, Maxout, Model, chain, with_array, zero_init

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

Vectors = Model[list[Doc], list[Floats]]
"""One row of numbers for each token of each doc."""


def make_mention_tagger(tok2vec: Vectors, width: int, hidden_width: int) -> Vectors:
    """`aloi.MentionTagger.v1`: for each doc an array of scores, shape (tokens, columns).

    width: of the vectors that `tok2vec` makes.
    """
    hidden = Maxout(hidden_width, 2 * width, nP=3, normalize=True, dropout=0.0)
    output = Linear(None, hidden_width, init_W=zero_init)
    scores: Vectors = chain(with_memory(tok2vec, width), with_array(chain(hidden, output)))
    made = tagger(scores, output)
    made.set_ref("tok2vec", tok2vec)
    return made


def tagger(scores: Vectors, output: Model[Any, Any]) -> Vectors:
    """A network with room for the transitions of the fields over its scores.

    The parameter `transitions` is of shape (layers, tags, tags); `output` is the layer that has
    as many columns as there are layers and tags together. `shape` makes both so.
    """
    return Model(
        "mention_tagger",
        lambda model, docs, is_train: model.layers[0](docs, is_train),
        init=_initialize,
        layers=[scores],
        params={"transitions": None},
        refs={"output": output},
    )


def shape(model: Vectors, *, tags: int, layers: int) -> None:
    """Give a tagger its columns, and transitions that favour nothing."""
    model.get_ref("output").set_dim("nO", tags * layers, force=True)
    transitions: Any = np.zeros((layers, tags, tags), dtype=np.float32)
    model.set_param("transitions", transitions)


def _initialize(model: Vectors, X: list[Doc] | None = None, Y: object = None) -> None:  # noqa: N803
    model.layers[0].initialize(X=X)


def with_memory(tok2vec: Vectors, width: int) -> Vectors:
    """A layer that adds to each vector the mean of its word's vectors in the doc.

    Words that do not start with a capital have no memory: zeros.
    """
    layers, dims = [tok2vec], dict[str, int | None](nO=2 * width)
    return Model("with_memory", _forward, init=_initialize, layers=layers, dims=dims)


def _forward(
    model: Vectors, docs: list[Doc], is_train: bool
) -> tuple[list[Floats], Callable[[list[Floats]], Any]]:
    vectors, backprop = model.layers[0](docs, is_train)
    words = [_capitalised(doc) for doc in docs]
    joined = [
        np.concatenate([own, each @ (_share(each).T @ own)], axis=1)
        for own, each in zip(vectors, words, strict=True)
    ]

    def back(gradients: list[Floats]) -> Any:  # noqa: ANN401
        halves = [np.split(gradient, 2, axis=1) for gradient in gradients]
        return backprop(
            [
                own + _share(each) @ (each.T @ pooled)
                for (own, pooled), each in zip(halves, words, strict=True)
            ]
        )

    return joined, back


def _capitalised(doc: Doc) -> scipy.sparse.csr_array:
    """Which token is which capitalised word, whatever its case: shape (tokens, words)."""
    rows = np.flatnonzero([len(token) > 1 and token.text[0].isupper() for token in doc])
    words, columns = np.unique(doc.to_array(LOWER)[rows], return_inverse=True)
    ones = np.ones(len(rows), dtype=np.float32)
    return scipy.sparse.csr_array((ones, (rows, columns)), shape=(len(doc), len(words)))


def _share(words: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Each place of a word weighs the same, all of them together 1."""
    return words * (1 / np.maximum(words.sum(axis=0), 1)).astype(np.float32)
