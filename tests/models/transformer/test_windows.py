"""Alignment of tokens and subwords: each token gets the subwords it overlaps, from one window."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aloi.models.transformer.windows import SubwordAlignment


@st.composite
def tokenized_texts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], int]:
    """Draw token starts and ends, the character offsets of subwords in windows, and the overlap."""
    token_ends, subword_ends = (
        np.cumsum(draw(st.lists(st.integers(1, 5), min_size=1, max_size=60))) for _ in range(2)
    )
    starts = np.concatenate([[0], token_ends[:-1]]) + draw(st.integers(0, 1))
    keep = starts < token_ends
    offsets = np.stack([np.concatenate([[0], subword_ends[:-1]]), subword_ends], axis=1)
    size = draw(st.integers(2, 20))
    overlap = draw(st.integers(0, size // 2))
    last = max(len(offsets) - overlap, 1)
    windows = [offsets[first : first + size] for first in range(0, last, size - overlap)]
    return starts[keep], token_ends[keep], windows, overlap


@given(tokenized_texts())
def test_a_token_has_the_subwords_it_overlaps_in_one_window(
    case: tuple[np.ndarray, np.ndarray, list[np.ndarray], int],
) -> None:
    """In that window the first subword has at least half the overlap as context on each side."""
    starts, ends, windows, overlap = case
    alignment = SubwordAlignment.align(starts, ends, windows, overlap=overlap)
    rows = [
        (number, position, *offsets)
        for number, window in enumerate(windows)
        for position, offsets in enumerate(window.tolist())
    ]
    for token, (start, end) in enumerate(zip(starts, ends, strict=True)):
        overlapping = [row for row in rows if row[2] < end and start < row[3]]
        aligned = [rows[row] for row in alignment.row[alignment.token == token]]
        used = {window for window, *_ in aligned}
        assert len(used) == bool(overlapping)
        assert aligned == [row for row in overlapping if row[0] in used]
        for window, position, *_ in aligned[:1]:
            following = len(windows[window]) - position
            assert window == 0 or position >= overlap // 2
            assert window == len(windows) - 1 or following > overlap - overlap // 2


def test_white_space_between_subwords_has_no_entry() -> None:
    starts, ends = np.array([0, 3, 4]), np.array([3, 4, 7])
    windows = [np.array([[0, 2], [2, 3], [4, 7]])]
    alignment = SubwordAlignment.align(starts, ends, windows, overlap=1)
    assert list(zip(alignment.token, alignment.row, strict=True)) == [(0, 0), (0, 1), (2, 2)]
