"""The network of the mention recogniser: a score for every token and tag.

A token-to-vector layer encodes the tokens of a doc. Each token's vector is then concatenated with
the mean of the vectors of all tokens of the doc with the same capitalised word, so that a name can
use the context of its other occurrences (compare pooled contextual embeddings: Akbik, Bergmann and
Vollgraf 2019). A hidden layer turns both halves into scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from spacy.attrs import LOWER
from spacy.tokens import Doc
from thinc.api import Linear, Maxout, Model, chain, with_array, zero_init

from aloi.models.arrays import FloatArray

TokenModel = Model[list[Doc], list[FloatArray]]
"""A network that returns an array for each doc, with a row for each token."""


def make_mention_tagger(tok2vec: TokenModel, width: int, hidden_width: int) -> TokenModel:
    """Return the architecture `aloi.MentionTagger.v1`: tag scores, (tokens, columns), for each doc.

    width: columns of the vectors that `tok2vec` returns. hidden_width: units of the hidden layer.
    """
    hidden = Maxout(hidden_width, 2 * width, nP=3, normalize=True, dropout=0.0)
    output = Linear(None, hidden_width, init_W=zero_init)
    scores: TokenModel = chain(with_pooled_words(tok2vec, width), with_array(chain(hidden, output)))
    tagger = with_transitions(scores, output)
    tagger.set_ref("tok2vec", tok2vec)
    return tagger


def with_transitions(scores: TokenModel, output: Model[Any, Any]) -> TokenModel:
    """Return a network that also holds the transitions of the conditional random fields.

    The parameter `transitions` has the shape (layers, tags, tags); `output` is the layer of the
    network that has layers * tags columns. `set_output_shape` sets both sizes.
    """
    return Model(
        "mention_tagger",
        lambda model, docs, is_train: model.layers[0](docs, is_train),
        init=_initialize,
        layers=[scores],
        params={"transitions": None},
        refs={"output": output},
    )


def set_output_shape(model: TokenModel, *, tags: int, layers: int) -> None:
    """Set the number of a tagger's output columns, and its transitions to zeros."""
    model.get_ref("output").set_dim("nO", tags * layers, force=True)
    transitions: Any = np.zeros((layers, tags, tags), dtype=np.float32)
    model.set_param("transitions", transitions)


def _initialize(
    model: TokenModel,
    X: list[Doc] | None = None,  # noqa: N803
    Y: object = None,  # noqa: N803
) -> None:
    model.layers[0].initialize(X=X)


def with_pooled_words(tok2vec: TokenModel, width: int) -> TokenModel:
    """Return a layer that appends to each token's vector the mean vector of its word in the doc.

    The appended half is 0 for tokens that do not start with a capital letter.
    """
    layers, dims = [tok2vec], dict[str, int | None](nO=2 * width)
    return Model("with_memory", _forward, init=_initialize, layers=layers, dims=dims)


def _forward(
    model: TokenModel, docs: list[Doc], is_train: bool
) -> tuple[list[FloatArray], Callable[[list[FloatArray]], Any]]:
    vectors, backprop_vectors = model.layers[0](docs, is_train)
    words = [_capitalised_words(doc) for doc in docs]
    concatenated = [
        np.concatenate([own, word @ (_column_means(word).T @ own)], axis=1)
        for own, word in zip(vectors, words, strict=True)
    ]

    def backprop(gradients: list[FloatArray]) -> Any:  # noqa: ANN401
        halves = [np.split(gradient, 2, axis=1) for gradient in gradients]
        return backprop_vectors(
            [
                own + _column_means(word) @ (word.T @ pooled)
                for (own, pooled), word in zip(halves, words, strict=True)
            ]
        )

    return concatenated, backprop


def _capitalised_words(doc: Doc) -> scipy.sparse.csr_array:
    """Return the occurrences of capitalised words: 1 or 0, shape (tokens, distinct words).

    Case is ignored when words are compared.
    """
    rows = np.flatnonzero([len(token) > 1 and token.text[0].isupper() for token in doc])
    words, columns = np.unique(doc.to_array(LOWER)[rows], return_inverse=True)
    ones = np.ones(len(rows), dtype=np.float32)
    return scipy.sparse.csr_array((ones, (rows, columns)), shape=(len(doc), len(words)))


def _column_means(words: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return the matrix with columns scaled to a sum of 1, to compute means of vectors."""
    return words * (1 / np.maximum(words.sum(axis=0), 1)).astype(np.float32)
