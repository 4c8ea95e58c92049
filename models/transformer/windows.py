"""Alignment of tokens with the subwords of overlapping windows.

A window is a sequence of subwords that an encoder reads at once. Neighbouring windows overlap; a
token in the overlap takes its subwords from the window where it has more context: tokens in the
first half from the earlier window, the others from the later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aloi.models.arrays import IntArray, concatenate_ranges


@dataclass(frozen=True, slots=True)
class SubwordAlignment:
    """The subwords of each token, an entry for each token and subword that share characters.

    token: the number of the token in its doc. row: the number of the subword, counted through all
    windows of the doc. All subwords of a token belong to one window. Tokens that no subword
    touches, such as line breaks, have no entry.
    """

    token: IntArray
    row: IntArray

    @classmethod
    def align(
        cls, starts: IntArray, ends: IntArray, windows: Sequence[IntArray], *, overlap: int
    ) -> SubwordAlignment:
        """Return the alignment of tokens at these character offsets (ends exclusive).

        windows: the character offsets of each window's subwords, (subwords, 2), in text order.
        overlap: the number of subwords that each window shares with the one before.
        """
        lengths = [len(window) for window in windows]
        token, row = _overlapping(starts, ends, np.concatenate(windows))
        window = np.repeat(np.arange(len(windows)), lengths)[row]
        number = row - overlap * window  # of the subword in the text
        first = np.full(len(starts), np.iinfo(np.int64).max)
        np.minimum.at(first, token, number)
        begins = np.cumsum(lengths[:-1]) - overlap * np.arange(1, len(windows))
        window_of_token = np.searchsorted(begins + overlap // 2, first, side="right")
        kept = window == window_of_token[token]
        return cls(token[kept], row[kept])


def _overlapping(starts: IntArray, ends: IntArray, subwords: IntArray) -> tuple[IntArray, IntArray]:
    """Return all (token, row of `subwords`) that share a character, in the order of the rows."""
    first = np.searchsorted(ends, subwords[:, 0], side="right")
    last = np.searchsorted(starts, subwords[:, 1], side="left")
    counts = np.where(subwords[:, 0] < subwords[:, 1], np.maximum(last - first, 0), 0)
    row = np.repeat(np.arange(len(subwords)), counts)
    return first[row] + concatenate_ranges(counts), row
