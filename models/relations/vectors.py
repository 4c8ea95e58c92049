"""Vectors for pairs of mentions: read from the tokens, then gathered where each pair needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from thinc.api import Maxout, Model, chain, expand_window, residual, with_array

from aloi.models.relations.candidates import Bools, Floats, Ints, ramp

if TYPE_CHECKING:
    from aloi.models.relations.features import Scene, View

MEANS = 11
"""Stretches of tokens whose means are taken for each pair."""
PARTS = MEANS + 2
"""Vectors of each pair."""
LONGEST = 1000
"""Tokens of a stretch that are looked at: a mention may be as long as its document."""


def make_reader(inputs: int, width: int) -> Model[Scene, Floats]:
    """Vectors of a scene's tokens that know of the mentions around: (rows of `tokens`, width).

    Each token is read by itself, then with its two neighbours.
    """
    token: Model[Any, Any] = Maxout(width, inputs, nP=2, normalize=True)
    three: Model[Any, Any] = chain(
        expand_window(window_size=1), Maxout(width, 3 * width, nP=3, normalize=True)
    )
    layer: Model[Any, Any] = with_array(chain(token, residual(three)), pad=1)
    return Model("reader", _read, init=_init_reader, dims={"nO": width}, layers=[layer])


def _init_reader(model: Model[Scene, Floats], X: object = None, Y: object = None) -> None:  # noqa: N803
    model.layers[0].initialize()


def _read(
    model: Model[Scene, Floats],
    X: Scene,  # noqa: N803
    is_train: bool,
) -> tuple[Floats, Callable[[Floats], Any]]:
    reading, docs = X.reading(), X.tokens.docs
    made, back = model.layers[0]([reading[rows] for rows in docs], is_train)
    vectors = np.zeros((len(reading), model.get_dim("nO")), dtype=np.float32)
    for rows, each in zip(docs, made, strict=True):
        vectors[rows] = each
    return vectors, lambda gradient: back([gradient[rows] for rows in docs])


def gather(view: View, vectors: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """The vectors of some pairs side by side, (pairs, `PARTS` * width), from those of all tokens.

    They are the means over `stretches`, the product of those of head and tail, and the largest
    value in each dimension between. The callback takes a gradient of them to one of `vectors`.
    """
    share = _shares(*stretches(view), tokens=len(vectors))
    means = (share @ vectors).reshape(MEANS, len(view.head), -1)
    peaks = _peaks(view, vectors)

    def back(gradient: Floats) -> Floats:
        parts = np.stack(np.split(gradient, PARTS, axis=1))
        *_, product, top = parts
        parts[0] += product * means[1]
        parts[1] += product * means[0]
        found: Floats = share.T @ parts[:MEANS].reshape(share.shape[0], -1)
        row, width = _where(view, vectors, peaks), vectors.shape[1]
        cells = (row * width + np.arange(width))[row >= 0]
        of_peaks = np.bincount(cells, top[row >= 0], vectors.size).reshape(vectors.shape)
        return found + of_peaks.astype(np.float32)

    return np.concatenate([*means, means[0] * means[1], peaks], axis=1), back


def stretches(view: View) -> tuple[Ints, Ints]:
    """Where tokens stand that say something of a pair, end exclusive: (`MEANS`, pairs) each.

    The head and the tail, what stands between, and of each mention the syntactic head, its
    governor, and the tokens before and after.
    """
    start, end = view.mentions.start, view.mentions.end
    single = []
    for mention, root in zip((view.head, view.tail), view.roots, strict=True):
        single += [root, view.tokens.parent[root], start[mention] - 1, end[mention]]
    starts = [start[view.head], start[view.tail], view.gap_start, *single]
    ends = [end[view.head], end[view.tail], view.gap_end, *(each + 1 for each in single)]
    start, end = np.stack(starts), np.stack(ends)
    return start, np.minimum(end, start + LONGEST)


def _shares(start: Ints, end: Ints, *, tokens: int) -> Any:  # noqa: ANN401 - a sparse matrix
    """The matrix that makes means over stretches from all tokens; 0 for an empty one."""
    size = (end - start).ravel()
    column = np.repeat(start.ravel(), size) + ramp(size)
    share = np.repeat(1 / np.maximum(size, 1), size).astype(np.float32)
    ends = np.concatenate([[0], np.cumsum(size)])
    return scipy.sparse.csr_array((share, column, ends), shape=(len(size), tokens))


def _peaks(view: View, vectors: Floats) -> Floats:
    """The largest value in each dimension between the mentions; 0 if nothing is there."""
    peaks: Floats = np.full((len(view.head), vectors.shape[1]), -np.inf, dtype=np.float32)
    for token, inside in _between(view):
        rows = np.flatnonzero(inside)
        peaks[rows] = np.maximum(peaks[rows], vectors[token[rows]])
    return np.where(view.gap[:, None] > 0, peaks, 0)


def _where(view: View, vectors: Floats, peaks: Floats) -> Ints:
    """The token that has each of the largest values, -1 if nothing is between."""
    row: Ints = np.full(peaks.shape, -1, dtype=np.int64)
    for token, inside in _between(view):
        rows = np.flatnonzero(inside)
        row[rows] = np.where(vectors[token[rows]] == peaks[rows], token[rows, None], row[rows])
    return row


def _between(view: View) -> Iterator[tuple[Ints, Bools]]:
    """A token of each pair's gap at a time, and for which pairs it is in it."""
    for places, seen in view.gap_places():
        yield from zip(places.T, seen.T, strict=True)
