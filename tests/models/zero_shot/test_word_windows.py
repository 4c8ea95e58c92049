"""Windows of words: every short mention is whole in one window, and is taken from one."""

import re

from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.document import Entity, Relation
from aloi.models.llm.windows import Findings, Window, merge_windows
from aloi.models.zero_shot.word_windows import split_words, without_crossing

TEXTS = st.text(st.sampled_from("ab éA. \n🙂"), max_size=300)


def words_of(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|\S", text)]


@given(TEXTS, st.integers(1, 12), st.integers(1, 12), st.integers(0, 6), st.data())
def test_windows_cover_a_text_within_the_limits(
    text: str, max_words: int, max_subwords: int, overlap: int, data: st.DataObject
) -> None:
    words = words_of(text)
    subwords = data.draw(st.lists(st.integers(1, 3), min_size=len(words), max_size=len(words)))
    windows = split_words(
        text,
        words,
        subwords,
        max_words=max_words,
        max_subwords=max_subwords,
        overlap=overlap,
    )
    assert "".join(text[w.core_start : w.core_end] for w in windows) == (text if words else "")
    for window in windows:
        inside = [
            number
            for number, (start, end) in enumerate(words)
            if window.start <= start and end <= window.end
        ]
        assert (words[inside[0]][0], words[inside[-1]][1]) == (window.start, window.end)
        assert len(inside) <= max_words
        assert sum(subwords[number] for number in inside) <= max_subwords or len(inside) == 1


@given(TEXTS, st.integers(1, 3))
def test_short_mentions_are_whole_in_the_window_of_their_core(text: str, length: int) -> None:
    words = words_of(text)
    windows = split_words(
        text, words, [1] * len(words), max_words=24, max_subwords=99, overlap=2 * length
    )
    for first in range(len(words) - length + 1):
        start, end = words[first][0], words[first + length - 1][1]
        (own,) = [w for w in windows if w.core_start <= start < w.core_end]
        assert own.start <= start
        assert end <= own.end


def test_windows_end_with_sentences() -> None:
    text = "Un deux trois. Quatre cinq six. Sept huit neuf."
    words = words_of(text)
    windows = split_words(text, words, [1] * len(words), max_words=9, max_subwords=99, overlap=2)
    assert [text[w.start : w.end] for w in windows] == [
        "Un deux trois. Quatre cinq six.",
        "six. Sept huit neuf.",
    ]


def test_the_stronger_of_two_crossing_mentions_is_kept() -> None:
    """`ab cd` of the left window crosses `cd ef` of the right one."""
    windows = Window(0, 8, 0, 3), Window(3, 11, 3, 11)
    for left, right, expected in [(0.9, 0.6, [(0, 5)]), (0.6, 0.9, [(3, 8)])]:
        first = Entity(id="m0", start=0, end=5, label="A", score=left)
        ends = [Entity(id=f"m{n}", start=0, end=5 - n, label="AB"[n], score=right) for n in (0, 1)]
        found = Findings(tuple(ends[:1]), (Relation(head="m0", tail="m0", label="R"),))
        parts = [(windows[0], Findings((first,), ())), (windows[1], found)]
        merged = merge_windows(without_crossing(parts))
        assert [(entity.start, entity.end) for entity in merged.entities] == expected
        assert len(merged.relations) == (right > left)
