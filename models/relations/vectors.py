"""Vectors of candidate pairs: token vectors from an encoder, pooled over spans of each pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse
from thinc.api import Maxout, Model, chain, expand_window, residual, with_array

from aloi.models.arrays import BoolArray, FloatArray, IntArray, concatenate_ranges
from aloi.models.relations.candidate_batch import MENTION_COLUMNS, CandidateBatch
from aloi.models.relations.pair_context import PairContext
from aloi.models.transformer.architectures import VectorModel
from aloi.models.transformer.states import MarkedDoc

MEAN_SPANS = 11
"""The number of token spans per pair; the token vectors of each span are averaged."""

VECTORS_PER_PAIR = MEAN_SPANS + 2
"""The number of vectors per pair: the means, a product and a maximum."""

MAX_SPAN_TOKENS = 1000
"""The maximum number of tokens that are used from a span, counted from its start.

Mentions may be very long.
"""


def make_token_encoder(
    inputs: int, width: int, transformer: VectorModel | None = None
) -> Model[CandidateBatch, FloatArray]:
    """Return a network that encodes the tokens of a batch.

    Shape of the output: (rows of `batch.tokens`, width). inputs: the number of columns of the
    vectors in `batch.tokens`. transformer: a network that adds its vectors to the inputs; it
    gets the mentions as marks. The first layer encodes each token alone; the second layer
    encodes each token with its two neighbours.
    """
    if transformer is not None:
        inputs += transformer.get_dim("nO")
    token: Model[Any, Any] = Maxout(width, inputs + MENTION_COLUMNS, nP=2, normalize=True)
    with_neighbours: Model[Any, Any] = chain(
        expand_window(window_size=1), Maxout(width, 3 * width, nP=3, normalize=True)
    )
    layer: Model[Any, Any] = with_array(chain(token, residual(with_neighbours)), pad=1)
    layers = [layer] if transformer is None else [layer, transformer]
    return Model("reader", _encode, init=_initialize, dims={"nO": width}, layers=layers)


def _initialize(
    model: Model[CandidateBatch, FloatArray],
    X: object = None,  # noqa: N803
    Y: object = None,  # noqa: N803
) -> None:
    for layer in model.layers:
        layer.initialize()


def _encode(
    model: Model[CandidateBatch, FloatArray],
    X: CandidateBatch,  # noqa: N803
    is_train: bool,
) -> tuple[FloatArray, Callable[[FloatArray], Any]]:
    layer, *transformers = model.layers
    marks, docs = X.mention_columns(), X.tokens.docs
    columns = [[X.tokens.vector[rows], marks[rows]] for rows in docs]
    backprops = []
    for transformer in transformers:
        marked = [MarkedDoc(*each) for each in zip(X.docs, (marks[r] for r in docs), strict=True)]
        vectors_of_docs, backprop_transformer = transformer(marked, is_train)
        columns = [[*each, more] for each, more in zip(columns, vectors_of_docs, strict=True)]
        backprops.append(backprop_transformer)
    encoded, backprop_layer = layer([np.concatenate(each, axis=1) for each in columns], is_train)
    vectors = np.zeros((len(marks), model.get_dim("nO")), dtype=np.float32)
    for rows, doc_vectors in zip(docs, encoded, strict=True):
        vectors[rows] = doc_vectors

    def backprop(gradient: FloatArray) -> None:
        d_inputs = backprop_layer([gradient[rows] for rows in docs])
        for backprop_transformer, transformer in zip(backprops, transformers, strict=True):
            width = transformer.get_dim("nO")
            backprop_transformer([each[:, -width:] for each in d_inputs])

    return vectors, backprop


def pool_vectors(
    context: PairContext, vectors: FloatArray
) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    """Return the concatenated vectors of each pair, and a function for backpropagation.

    Shape: (pairs, `VECTORS_PER_PAIR` * width). The vectors of a pair are the mean vector of each of
    the `pooled_spans`, the product of the mean vectors of head and tail, and the maximum of each
    dimension over the gap. vectors: the vectors of all tokens. The function takes the gradient with
    respect to the concatenated vectors and returns the gradient with respect to `vectors`.
    """
    weights = _mean_weights(*pooled_spans(context), tokens=len(vectors))
    means = (weights @ vectors).reshape(MEAN_SPANS, len(context.head), -1)
    maxima = _gap_maxima(context, vectors)

    def backprop(gradient: FloatArray) -> FloatArray:
        parts = np.stack(np.split(gradient, VECTORS_PER_PAIR, axis=1))
        *_, d_product, d_maxima = parts
        parts[0] += d_product * means[1]
        parts[1] += d_product * means[0]
        d_means: FloatArray = weights.T @ parts[:MEAN_SPANS].reshape(weights.shape[0], -1)
        row, width = _rows_of_maxima(context, vectors, maxima), vectors.shape[1]
        cells = (row * width + np.arange(width))[row >= 0]
        from_maxima = np.bincount(cells, d_maxima[row >= 0], vectors.size).reshape(vectors.shape)
        return d_means + from_maxima.astype(np.float32)

    return np.concatenate([*means, means[0] * means[1], maxima], axis=1), backprop


def pooled_spans(context: PairContext) -> tuple[IntArray, IntArray]:
    """Return the starts and ends (exclusive) of the spans of each pair.

    Shapes: (`MEAN_SPANS`, pairs). Three spans are the head, the tail and the gap. For each of the
    two mentions, four more spans consist of one token: the syntactic head of the mention, the
    parent of the syntactic head, the token before the mention, and the token after it.
    """
    start, end = context.mentions.start, context.mentions.end
    tokens = []
    for mention, root in zip((context.head, context.tail), context.roots, strict=True):
        tokens += [root, context.tokens.parent[root], start[mention] - 1, end[mention]]
    starts = [start[context.head], start[context.tail], context.gap_start, *tokens]
    ends = [end[context.head], end[context.tail], context.gap_end, *(token + 1 for token in tokens)]
    start, end = np.stack(starts), np.stack(ends)
    return start, np.minimum(end, start + MAX_SPAN_TOKENS)


def _mean_weights(start: IntArray, end: IntArray, *, tokens: int) -> Any:  # noqa: ANN401 - sparse
    """Return the sparse matrix that maps token vectors to the mean vector of each span.

    Shape: (spans, tokens). The mean of an empty span is 0.
    """
    size = (end - start).ravel()
    column = np.repeat(start.ravel(), size) + concatenate_ranges(size)
    weight = np.repeat(1 / np.maximum(size, 1), size).astype(np.float32)
    row_ends = np.concatenate([[0], np.cumsum(size)])
    return scipy.sparse.csr_array((weight, column, row_ends), shape=(len(size), tokens))


def _gap_maxima(context: PairContext, vectors: FloatArray) -> FloatArray:
    """Return the maximum of each dimension over the tokens of the gap, 0 for empty gaps.

    Shape: (pairs, width).
    """
    maxima: FloatArray = np.full((len(context.head), vectors.shape[1]), -np.inf, dtype=np.float32)
    for token, in_gap in _gap_columns(context):
        rows = np.flatnonzero(in_gap)
        maxima[rows] = np.maximum(maxima[rows], vectors[token[rows]])
    return np.where(context.gap[:, None] > 0, maxima, 0)


def _rows_of_maxima(context: PairContext, vectors: FloatArray, maxima: FloatArray) -> IntArray:
    """Return, for each maximum, the row of a token with this value; -1 for empty gaps.

    Shape: (pairs, width).
    """
    row: IntArray = np.full(maxima.shape, -1, dtype=np.int64)
    for token, in_gap in _gap_columns(context):
        rows = np.flatnonzero(in_gap)
        is_maximum = vectors[token[rows]] == maxima[rows]
        row[rows] = np.where(is_maximum, token[rows, None], row[rows])
    return row


def _gap_columns(context: PairContext) -> Iterator[tuple[IntArray, BoolArray]]:
    """Yield the columns of the gap windows: a token per pair, and a mask of tokens in the gap."""
    for tokens, in_gap in context.gap_tokens():
        yield from zip(tokens.T, in_gap.T, strict=True)
