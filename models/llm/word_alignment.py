"""Alignment of two texts word by word, with the cost of every way to align a word.

The cost of an alignment is an edit distance over words and punctuation marks: 2 for a word that
only one text contains, 1 for two words that differ only in accents, case or the form of quotation
marks. Two different words in the same place cost as much as two words that only one text contains:
otherwise, an invented word would seem to replace a missing one. Time and memory are proportional to
the product of the two numbers of words.
Source of the recurrence: Wagner and Fischer 1974, The string-to-string correction problem.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

ONE_SIDED = 2
"""The cost of a word that only one of the texts contains."""

CHANGED = 3
"""The cost of two different words in the same place, where contexts are compared."""

SIMILAR = 1
"""The cost of two words that differ only in accents, case or the form of quotation marks."""

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts without spaces between words; each character counts as a word."""

_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+|[^\w\s]")

_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„«»″", '"'))

FoldedWord = tuple[str, str]
"""A word and its folded form, without accents and in lower case."""

Costs = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Words:
    """The words and punctuation marks of a text, with their offsets."""

    text: str

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The start and end of each word."""
        return [match.span() for match in _WORD.finditer(self.text)]

    @cached_property
    def forms(self) -> list[str]:
        """The words."""
        return [self.text[start:end] for start, end in self.spans]

    @cached_property
    def folded(self) -> list[str]:
        """The words without accents, in lower case, with straight quotation marks."""
        return [_fold(form) for form in self.forms]

    @cached_property
    def pairs(self) -> list[FoldedWord]:
        """Each word with its folded form."""
        return list(zip(self.forms, self.folded, strict=True))

    @cached_property
    def _folded_places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for index, word in enumerate(self.folded):
            places.setdefault(word, []).append(index)
        return places

    def find_folded(self, folded: Sequence[str]) -> list[int]:
        """Return the numbers of the words at which a sequence of folded words begins."""
        size = len(folded)
        starts = self._folded_places.get(folded[0], [])
        return [start for start in starts if self.folded[start : start + size] == list(folded)]

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.spans]

    def __len__(self) -> int:
        return len(self.spans)

    def covering(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of words that a span without white space at its edges overlaps."""
        return bisect_right(self._starts, start) - 1, bisect_left(self._starts, end)

    def edges(self, start: int, end: int) -> tuple[bool, bool]:
        """Return whether a span begins at the start of a word, and ends at the end of a word."""
        first, last = self.covering(start, end)
        return self.spans[first][0] == start, self.spans[last - 1][1] == end


@lru_cache(maxsize=10_000)
def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.translate(_QUOTES))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@dataclass(frozen=True)
class WordAlignment:
    """The costs of all alignments of two texts.

    `forward[i, j]` is the lowest cost of aligning the first `i` words of `one` with the first `j`
    words of `other`, and `backward[i, j]` the lowest cost of aligning the remaining words.
    """

    one: Words
    other: Words
    forward: Costs
    backward: Costs

    @classmethod
    def of(cls, one: Words, other: Words) -> WordAlignment:
        """Align two texts."""
        left, right = _word_ids(one, other)
        forward = _prefix_costs(left, right)
        backward = _prefix_costs(left[:, ::-1], right[:, ::-1])[::-1, ::-1]
        return cls(one, other, forward, backward)

    @property
    def cost(self) -> int:
        """The cost of the best alignment."""
        return int(self.forward[-1, -1])


def _word_ids(one: Words, other: Words) -> tuple[Costs, Costs]:
    """Return the numbers of the words and of the folded words of two texts, in two rows each."""
    forms: dict[str, int] = {}
    rows = [
        [forms.setdefault(form, len(forms)) for form in listed]
        for words in (one, other)
        for listed in (words.forms, words.folded)
    ]
    arrays = [np.asarray(row, dtype=np.int32) for row in rows]
    return np.stack(arrays[:2]), np.stack(arrays[2:])


def _prefix_costs(left: Costs, right: Costs) -> Costs:
    """Return the lowest cost of aligning each prefix of one text with each prefix of the other."""
    same, similar = (left[kind][:, None] == right[kind] for kind in (0, 1))
    paired = np.where(similar, np.int8(SIMILAR), np.int8(2 * ONE_SIDED))
    paired[same] = 0
    rows, columns = paired.shape
    along = ONE_SIDED * np.arange(columns + 1, dtype=np.int32)
    costs = np.empty((rows + 1, columns + 1), dtype=np.int32)
    costs[0] = along
    for row in range(rows):
        best = costs[row] + ONE_SIDED
        np.minimum(best[1:], costs[row, :-1] + paired[row], out=best[1:])
        best -= along
        np.minimum.accumulate(best, out=best)
        np.add(best, along, out=costs[row + 1])
    return costs


def prefix_row_costs(one: Sequence[FoldedWord], other: Sequence[FoldedWord]) -> list[list[int]]:
    """Return the costs of `_prefix_costs` for short sequences of words and folded words."""
    above = [ONE_SIDED * column for column in range(len(other) + 1)]
    rows = [above]
    for word in one:
        form, folded = word
        before, left = above[0], above[0] + ONE_SIDED
        row = [left]
        for (other_form, other_folded), over in zip(other, above[1:], strict=True):
            if form == other_form:
                paired = before
            else:
                paired = before + (SIMILAR if folded == other_folded else CHANGED)
            left = min(left + ONE_SIDED, over + ONE_SIDED, paired)
            row.append(left)
            before = over
        rows.append(row)
        above = row
    return rows
