"""Where the mentions of a text stand in a changed copy of it, told by hashes alone.

There is no text to compare the copy with: a release has offsets and a salted hash for each mention.
So the diff is one of mentions. Wherever the copy has a stretch with a mention's length and hash,
the mention may stand; its *drift* is how far that is from its old offset. An edit of a character
changes the drift of what follows by one at most. Of all ways to choose places in order, the one
with the least change of drift is taken, a mention left out counting as `SPOILT`.

A mention so placed is accepted only if nothing else is likely to have led there. Where its own
place was spoilt, an equal stretch that stood at distance d may have moved in, but not without about
d edits beside it, which the drift shows unless as many undo them. The least such d, where a
stretch can overlap an equal one, is its period (3 for *été*, 1 for *aa*): so the drift must change
by less than half of it on the way from the mention before to the mention after, and no equal
stretch may stand within `NEAR`. What is left in doubt is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from aloi.corpus.release.read.layout import Mark

Ints = npt.NDArray[np.int64]

COMMON = 64
"""A mention with more possible places tells nothing, and is lost."""

SPOILT = 3
"""What a mention left out costs, in characters of drift."""

NEAR = 24
"""Within how many code points of its place a mention must be the only one of its kind."""

ENOUGH = 0.5
"""With less than this share of its mentions found, a copy is taken for another text."""


def align(
    marks: Sequence[Mark], length: int, copy: str, hashed: Callable[[str], str]
) -> dict[str, int]:
    """The new start of each mention that surely stands in the copy, by id.

    `length` is that of the old text in code points; `hashed` gives the hash of a mention's text.
    """
    ordered = sorted(marks, key=lambda mark: (mark.start, -mark.end))
    places = _places(ordered, copy, hashed)
    drifts = [places[mark.hash, mark.end - mark.start] - mark.start for mark in ordered]
    chain = _chain(drifts, len(copy) - length)
    found = {}
    for (_, before), (position, drift), (_, after) in zip(
        chain, chain[1:], chain[2:], strict=False
    ):
        mark = ordered[position]
        start = mark.start + drift
        change = abs(drift - before) + abs(after - drift)
        twins = abs(drifts[position] - drift)
        alone = np.count_nonzero(twins <= NEAR) == 1
        if alone and 2 * change < period(copy[start : mark.end + drift]):
            found[mark.id] = start
    return found if len(found) >= ENOUGH * len(marks) else {}


def period(text: str) -> int:
    """The least distance at which a text can overlap itself; its length if it cannot."""
    return next(step for step in range(1, len(text) + 1) if text.startswith(text[step:]))


def _places(
    marks: Sequence[Mark], copy: str, hashed: Callable[[str], str]
) -> dict[tuple[str, int], Ints]:
    """Where the copy has a stretch of each hash and length; nowhere for what is common."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for mark in marks:
        wanted[mark.end - mark.start].add(mark.hash)
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for length, hashes in wanted.items():
        for start in range(len(copy) - length + 1):
            if (hash_ := hashed(copy[start : start + length])) in hashes:
                found[hash_, length].append(start)
    telling = {key: starts for key, starts in found.items() if len(starts) <= COMMON}
    keys = ((mark.hash, mark.end - mark.start) for mark in marks)
    return {key: np.array(telling.get(key, []), dtype=np.int64) for key in keys}


def _chain(drifts: Sequence[Ints], last: int) -> list[tuple[int, int]]:
    """The mentions chosen, as (position, drift), between the beginning and the end of the text."""
    steps = [np.zeros(1, np.int64), *drifts, np.array([last])]
    drift = np.concatenate(steps)
    position = np.repeat(np.arange(len(steps)), [len(step) for step in steps])
    cost, before = np.zeros(len(drift), np.int64), np.zeros(len(drift), np.int64)
    ends = np.cumsum([len(step) for step in steps])
    for number, (start, end) in enumerate(pairwise(ends), start=1):
        skipped = number - 1 - position[:start]
        ways = cost[:start] + SPOILT * skipped + abs(drift[start:end, None] - drift[:start])
        before[start:end] = ways.argmin(axis=1)
        cost[start:end] = ways.min(axis=1)
    chain, node = [], len(drift) - 1
    while node:
        chain.append((int(position[node]) - 1, int(drift[node])))
        node = int(before[node])
    return [(-1, 0), *reversed(chain)]
