"""Alignment of tokens with the subwords of overlapping windows.

A window is a sequence of subwords that an encoder reads at once. Neighbouring windows overlap. A
token in the overlap is aligned with subwords of the window where the token has more context: the
earlier window for tokens in the first half of the overlap, the later window for the second half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aloi.models.arrays import IntArray, concatenate_ranges


@dataclass(frozen=True, slots=True)
class SubwordAlignment:
    """The subwords of each token: one entry per overlapping pair of a token and a subword.

    token: the index of the token in its doc. row: the index of the subword in the concatenated
    windows of the doc. All subwords of a token belong to one window. Tokens without subwords, such
    as line breaks, have no entry.
    """

    token: IntArray
    row: IntArray

    @classmethod
    def align(
        cls, starts: IntArray, ends: IntArray, windows: Sequence[IntArray], *, overlap: int
    ) -> SubwordAlignment:
        """Return the alignment of the tokens of a doc with the subwords of all windows.

        starts, ends: the character offsets of the tokens; ends are exclusive. windows: for each
        window, the character offsets of its subwords in text order. Shape: (subwords, 2). overlap:
        the number of subwords that are in two neighbouring windows.
        """
        lengths = [len(window) for window in windows]
        token, row = _overlapping(starts, ends, np.concatenate(windows))
        window = np.repeat(np.arange(len(windows)), lengths)[row]
        number = row - overlap * window  # index of the subword in the text
        first = np.full(len(starts), np.iinfo(np.int64).max)
        np.minimum.at(first, token, number)
        begins = np.cumsum(lengths[:-1]) - overlap * np.arange(1, len(windows))
        window_of_token = np.searchsorted(begins + overlap // 2, first, side="right")
        kept = window == window_of_token[token]
        return cls(token[kept], row[kept])


def _overlapping(starts: IntArray, ends: IntArray, subwords: IntArray) -> tuple[IntArray, IntArray]:
    """Return the indices of all overlapping tokens and subwords, sorted by subword."""
    first = np.searchsorted(ends, subwords[:, 0], side="right")
    last = np.searchsorted(starts, subwords[:, 1], side="left")
    counts = np.where(subwords[:, 0] < subwords[:, 1], np.maximum(last - first, 0), 0)
    row = np.repeat(np.arange(len(subwords)), counts)
    return first[row] + concatenate_ranges(counts), row
