"""The network of the mention recogniser: it computes a score for every token and tag.

One or two token-to-vector layers encode the tokens of a doc. If a word is capitalised, its vector
is concatenated with the mean vector of all capitalised occurrences of the word in the doc. Thus the
context of one occurrence helps to classify the other occurrences. Pooled contextual embeddings are
a similar method (Akbik, Bergmann and Vollgraf 2019). A hidden layer computes the scores from the
concatenated vectors.
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
from aloi.models.transformer.architectures import VectorModel

TokenModel = Model[list[Doc], list[FloatArray]]
"""A network that returns one array per doc, with one row per token."""


def make_mention_tagger(
    tok2vec: TokenModel, width: int, hidden_width: int, transformer: VectorModel | None = None
) -> TokenModel:
    """Return a network of the architecture `aloi.MentionTagger.v1`, which computes tag scores.

    Shape of the scores of a doc: (tokens, layers * tags). width: the size of the vectors that
    `tok2vec` returns. hidden_width: the number of units in the hidden layer. transformer: a network
    that adds its token vectors.
    """
    encoders: list[Model[Any, list[FloatArray]]] = [tok2vec]
    if transformer is not None:
        encoders.append(transformer)
        width += transformer.get_dim("nO")
    hidden = Maxout(hidden_width, 2 * width, nP=3, normalize=True, dropout=0.0)
    output = Linear(None, hidden_width, init_W=zero_init)
    scores: TokenModel = chain(
        with_pooled_words(encoders, width), with_array(chain(hidden, output))
    )
    tagger = with_transitions(scores, output)
    tagger.set_ref("tok2vec", tok2vec)
    tagger.set_ref("transformer", transformer)
    return tagger


def with_transitions(scores: TokenModel, output: Model[Any, Any]) -> TokenModel:
    """Return the network `scores` with an additional parameter for the random fields.

    The parameter `transitions` contains the transition scores. Shape: (layers, tags, tags). output:
    the layer of `scores` that returns layers * tags columns. `set_output_shape` sets the shapes of
    `transitions` and of `output`.
    """
    return Model(
        "mention_tagger",
        lambda model, docs, is_train: model.layers[0](docs, is_train),
        init=_initialize_all,
        layers=[scores],
        params={"transitions": None},
        refs={"output": output},
    )


def set_output_shape(model: TokenModel, *, tags: int, layers: int) -> None:
    """Set the number of output columns of a tagger, and set its transition scores to 0."""
    model.get_ref("output").set_dim("nO", tags * layers, force=True)
    transitions: Any = np.zeros((layers, tags, tags), dtype=np.float32)
    model.set_param("transitions", transitions)


def with_pooled_words(encoders: list[Model[Any, list[FloatArray]]], width: int) -> TokenModel:
    """Return a layer that extends each token's vector by the mean vector of the token's word.

    The vector of a token is the concatenation of its vectors from all encoders; `width` is its
    size. The mean vector is computed over all capitalised occurrences of the word in the doc. It is
    0 for tokens that do not start with a capital letter, and for tokens of one character.
    """
    dims = dict[str, int | None](nO=2 * width)
    return Model("with_memory", _forward, init=_initialize_all, layers=encoders, dims=dims)


def _initialize_all(
    model: TokenModel,
    X: list[Doc] | None = None,  # noqa: N803
    Y: object = None,  # noqa: N803
) -> None:
    for layer in model.layers:
        layer.initialize(X=X)


def _forward(
    model: TokenModel, docs: list[Doc], is_train: bool
) -> tuple[list[FloatArray], Callable[[list[FloatArray]], Any]]:
    outputs, backprops = zip(*(layer(docs, is_train) for layer in model.layers), strict=True)
    vectors = [np.concatenate(parts, axis=1) for parts in zip(*outputs, strict=True)]
    words = [_capitalised_words(doc) for doc in docs]
    concatenated = [
        np.concatenate([own, word @ (_column_means(word).T @ own)], axis=1)
        for own, word in zip(vectors, words, strict=True)
    ]

    def backprop(gradients: list[FloatArray]) -> Any:  # noqa: ANN401
        halves = [np.split(gradient, 2, axis=1) for gradient in gradients]
        d_vectors = [
            own + _column_means(word) @ (word.T @ pooled)
            for (own, pooled), word in zip(halves, words, strict=True)
        ]
        start = 0
        for layer, backprop_layer in zip(model.layers, backprops, strict=True):
            columns = slice(start, start + layer.get_dim("nO"))
            backprop_layer([np.ascontiguousarray(each[:, columns]) for each in d_vectors])
            start = columns.stop
        return docs

    return concatenated, backprop


def _capitalised_words(doc: Doc) -> scipy.sparse.csr_array:
    """Return a matrix with 1 if a token is an occurrence of a capitalised word, else 0.

    Shape: (tokens, distinct words). Case is ignored when words are compared. Tokens of one
    character are not included.
    """
    rows = np.flatnonzero([len(token) > 1 and token.text[0].isupper() for token in doc])
    words, columns = np.unique(doc.to_array(LOWER)[rows], return_inverse=True)
    ones = np.ones(len(rows), dtype=np.float32)
    return scipy.sparse.csr_array((ones, (rows, columns)), shape=(len(doc), len(words)))


def _column_means(words: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return the matrix with each column scaled to the sum 1, as weights for mean vectors."""
    return words * (1 / np.maximum(words.sum(axis=0), 1)).astype(np.float32)
