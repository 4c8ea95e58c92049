"""Long texts in overlapping windows of sub-words, and which sub-words make up each token.

A window is what an encoder reads at once. Neighbours share some sub-words; what stands in the
shared part is taken from the window where it has more context: its first half from the earlier
window, its second half from the later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pieces:
    """The sub-words of each token: an entry for each token and sub-word that share characters.

    token: the token's number in its doc. row: the sub-word's, counted through all windows of the
    doc, one after the other. All sub-words of a token are taken from one window. A token that no
    sub-word touches, such as a line break, has no entry.
    """

    token: Ints
    row: Ints

    @classmethod
    def of(cls, starts: Ints, ends: Ints, windows: Sequence[Ints], *, shared: int) -> Pieces:
        """The sub-words of tokens that stand on these characters (ends exclusive).

        windows: the characters of each window's sub-words, (sub-words, 2), in text order. shared:
        how many sub-words each window has in common with the one before.
        """
        lengths = [len(window) for window in windows]
        token, row = _touching(starts, ends, np.concatenate(windows))
        window = np.repeat(np.arange(len(windows)), lengths)[row]
        number = row - shared * window  # of the sub-word in the text
        first = np.full(len(starts), np.iinfo(np.int64).max)
        np.minimum.at(first, token, number)
        begins = np.cumsum(lengths[:-1]) - shared * np.arange(1, len(windows))
        home = np.searchsorted(begins + shared // 2, first, side="right")
        kept = window == home[token]
        return cls(token[kept], row[kept])


def _touching(starts: Ints, ends: Ints, pieces: Ints) -> tuple[Ints, Ints]:
    """The (token, row of `pieces`) of all that share a character, in the order of the rows."""
    first = np.searchsorted(ends, pieces[:, 0], side="right")
    last = np.searchsorted(starts, pieces[:, 1], side="left")
    counts = np.where(pieces[:, 0] < pieces[:, 1], np.maximum(last - first, 0), 0)
    row = np.repeat(np.arange(len(pieces)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first[row] + within, row
