"""Windows of sub-words: every token gets the sub-words that it shares characters with, once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aloi.models.transformer.windows import Pieces


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], int]:
    """Tokens with gaps between, sub-words that cut the same characters anyhow, in windows."""
    tokens, pieces = (
        np.cumsum(draw(st.lists(st.integers(1, 5), min_size=1, max_size=60))) for _ in range(2)
    )
    starts = np.concatenate([[0], tokens[:-1]]) + draw(st.integers(0, 1))
    keep = starts < tokens
    offsets = np.stack([np.concatenate([[0], pieces[:-1]]), pieces], axis=1)
    size = draw(st.integers(2, 20))
    shared = draw(st.integers(0, size // 2))
    last = max(len(offsets) - shared, 1)
    windows = [offsets[first : first + size] for first in range(0, last, size - shared)]
    return starts[keep], tokens[keep], windows, shared


@given(cut_texts())
def test_a_token_has_the_sub_words_it_touches_in_one_window(
    case: tuple[np.ndarray, np.ndarray, list[np.ndarray], int],
) -> None:
    """And the window is one where its first sub-word has the most context on the poorer side."""
    starts, ends, windows, shared = case
    found = Pieces.of(starts, ends, windows, shared=shared)
    rows = [(w, n, *piece) for w, own in enumerate(windows) for n, piece in enumerate(own.tolist())]
    for token, (start, end) in enumerate(zip(starts, ends, strict=True)):
        touching = [row for row in rows if row[2] < end and start < row[3]]
        mine = [rows[row] for row in found.row[found.token == token]]
        homes = {window for window, *_ in mine}
        assert len(homes) == bool(touching)
        assert mine == [row for row in touching if row[0] in homes]
        for window, place, *_ in mine[:1]:
            assert window == 0 or place >= shared // 2
            assert window == len(windows) - 1 or len(windows[window]) - place > shared - shared // 2


def test_white_space_between_sub_words_belongs_to_no_window() -> None:
    starts, ends = np.array([0, 3, 4]), np.array([3, 4, 7])
    windows = [np.array([[0, 2], [2, 3], [4, 7]])]
    found = Pieces.of(starts, ends, windows, shared=1)
    assert list(zip(found.token, found.row, strict=True)) == [(0, 0), (0, 1), (2, 2)]
