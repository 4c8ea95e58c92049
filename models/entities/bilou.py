"""The BILOU encoding, which represents the mentions in a token sequence by one tag per token.

Each label has the tags B (begin), I (inside), L (last) and U (unit, for mentions of one token).
Tokens outside of mentions have the tag O (outside).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from aloi.models.arrays import BoolArray, IntArray


class TokenSpan(NamedTuple):
    """A labelled span of tokens; the end is exclusive."""

    start: int
    end: int
    label: str

    def shifted(self, tokens: int) -> TokenSpan:
        """Return the span with `tokens` added to its start and its end."""
        return TokenSpan(self.start + tokens, self.end + tokens, self.label)


@dataclass(frozen=True)
class BilouTags:
    """The numbers of the BILOU tags: 0 for O, then four numbers (B, I, L, U) for each label."""

    labels: tuple[str, ...]

    def __len__(self) -> int:
        return 1 + 4 * len(self.labels)

    def begin(self, label: str) -> int:
        """Return the number of a label's B tag; the next three numbers are the tags I, L and U."""
        return 1 + 4 * self.labels.index(label)

    @cached_property
    def allowed(self) -> BoolArray:
        """A mask of the allowed transitions from one tag (row) to the following tag (column).

        Shape: (tags, tags).
        """
        number = np.arange(len(self))
        position, label = (number - 1) % 4, (number - 1) // 4
        is_open = (number > 0) & (position < 2)  # B or I
        continues = (number > 0) & ((position == 1) | (position == 2))  # I or L
        same_label = label[:, None] == label[None, :]
        allowed: BoolArray = np.where(is_open[:, None], continues & same_label, ~continues)
        return allowed

    @cached_property
    def allowed_first(self) -> BoolArray:
        """A mask of the tags allowed at the start of a sequence. Shape: (tags,)."""
        after_outside: BoolArray = self.allowed[0]
        return after_outside

    @cached_property
    def allowed_last(self) -> BoolArray:
        """A mask of the tags allowed at the end of a sequence. Shape: (tags,)."""
        return self.allowed[:, 0]

    def encode(self, length: int, mentions: Iterable[TokenSpan]) -> IntArray:
        """Return the tag numbers of a sequence of `length` tokens with these mentions.

        The mentions must not overlap.
        """
        tags = np.zeros(length, dtype=np.int64)
        for start, end, label in mentions:
            begin = self.begin(label)
            tags[start:end] = begin + 1
            tags[start], tags[end - 1] = begin, begin + 2
            if end - start == 1:
                tags[start] = begin + 3
        return tags

    def decode(self, tags: Sequence[int]) -> list[TokenSpan]:
        """Return the mentions that a valid tag sequence encodes, in text order."""
        mentions, start = [], 0
        for token, tag in enumerate(tags):
            position = (tag - 1) % 4
            if tag and position in (0, 3):
                start = token
            if tag and position > 1:
                mentions.append(TokenSpan(start, token + 1, self.labels[(tag - 1) // 4]))
        return mentions
