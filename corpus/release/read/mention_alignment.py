"""Find mentions in a changed copy of a text by the hashes of the mentions.

A release contains the offsets and a salted hash of each mention, but not the text. A possible start
of a mention is a position in the copy at which a substring has the length and hash of the mention.
The *drift* of a possible start is its distance from the start of the mention in the original text.
One edited character changes the drift of all later mentions by at most one.

The alignment goes through the mentions in text order, and chooses at most one start per mention so
that the total cost is minimal. The cost is the sum of the changes of drift from each chosen start
to the next, plus `SKIP_COST` for each mention without a chosen start.

A chosen start may be wrong: if the mention itself was edited, the alignment may choose an equal
substring nearby. If this substring is d code points away, the drift changes by d, unless about d
edits nearby cancel the change. The smallest possible d is the period of the mention: the smallest
shift at which the mention agrees with itself (3 for *abcab*, 1 for *aa*). A chosen start is
therefore accepted only if

- the change of drift from the previous chosen start, plus the change to the next chosen start, is
  less than half the period, and
- no other possible start of the mention is within `MIN_SEPARATION`.

All other mentions are lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from aloi.corpus.release.read.release_folder import StandoffMention

IntArray = npt.NDArray[np.int64]

MAX_STARTS = 64
"""Maximum number of possible starts; a mention with more possible starts is lost."""

SKIP_COST = 3
"""Cost of a mention without a chosen start, in code points of drift."""

MIN_SEPARATION = 24
"""Minimum distance from an accepted start to all other possible starts, in code points."""

MIN_FOUND_SHARE = 0.5
"""Minimum proportion of accepted mentions; with fewer, the copy counts as a different text."""


def locate_mentions(
    mentions: Sequence[StandoffMention], length: int, copy: str, hash_text: Callable[[str], str]
) -> dict[str, int]:
    """Return the start in the copy of each mention with an accepted start, by mention id.

    `length`: length of the original text, in code points. `hash_text` returns the salted hash of a
    mention. The result is empty if fewer than `MIN_FOUND_SHARE` of the mentions are accepted.
    """
    ordered = sorted(mentions, key=lambda mention: (mention.start, -mention.end))
    starts = _possible_starts(ordered, copy, hash_text)
    drifts = [
        starts[mention.hash, mention.end - mention.start] - mention.start for mention in ordered
    ]
    chain = _cheapest_chain(drifts, len(copy) - length)
    located = {}
    for (_, before), (position, drift), (_, after) in zip(
        chain, chain[1:], chain[2:], strict=False
    ):
        mention = ordered[position]
        start = mention.start + drift
        change = abs(drift - before) + abs(after - drift)
        distances = abs(drifts[position] - drift)
        is_unique = np.count_nonzero(distances <= MIN_SEPARATION) == 1
        if is_unique and 2 * change < smallest_period(copy[start : mention.end + drift]):
            located[mention.id] = start
    return located if len(located) >= MIN_FOUND_SHARE * len(mentions) else {}


def smallest_period(text: str) -> int:
    """Return the smallest shift at which a text agrees with itself, for example 3 for *abcab*."""
    return next(shift for shift in range(1, len(text) + 1) if text.startswith(text[shift:]))


def _possible_starts(
    mentions: Sequence[StandoffMention], copy: str, hash_text: Callable[[str], str]
) -> dict[tuple[str, int], IntArray]:
    """Return the possible starts of mentions, by (hash, length).

    A mention with more than `MAX_STARTS` possible starts gets an empty array.
    """
    hashes_of_length: dict[int, set[str]] = defaultdict(set)
    for mention in mentions:
        hashes_of_length[mention.end - mention.start].add(mention.hash)
    starts: dict[tuple[str, int], list[int]] = defaultdict(list)
    for length, hashes in hashes_of_length.items():
        for start in range(len(copy) - length + 1):
            if (hash_ := hash_text(copy[start : start + length])) in hashes:
                starts[hash_, length].append(start)
    usable = {key: values for key, values in starts.items() if len(values) <= MAX_STARTS}
    keys = ((mention.hash, mention.end - mention.start) for mention in mentions)
    return {key: np.array(usable.get(key, []), dtype=np.int64) for key in keys}


def _cheapest_chain(drifts: Sequence[IntArray], final_drift: int) -> list[tuple[int, int]]:
    """Return the chosen starts as pairs (index of the mention, drift).

    The first pair, (-1, 0), represents the start of the text. The last pair, (number of mentions,
    `final_drift`), represents the end of the text.
    """
    steps = [np.zeros(1, np.int64), *drifts, np.array([final_drift])]
    drift = np.concatenate(steps)
    position = np.repeat(np.arange(len(steps)), [len(step) for step in steps])
    cost, previous = np.zeros(len(drift), np.int64), np.zeros(len(drift), np.int64)
    ends = np.cumsum([len(step) for step in steps])
    for number, (start, end) in enumerate(pairwise(ends), start=1):
        skipped = number - 1 - position[:start]
        costs = cost[:start] + SKIP_COST * skipped + abs(drift[start:end, None] - drift[:start])
        previous[start:end] = costs.argmin(axis=1)
        cost[start:end] = costs.min(axis=1)
    chain, node = [], len(drift) - 1
    while node:
        chain.append((int(position[node]) - 1, int(drift[node])))
        node = int(previous[node])
    return [(-1, 0), *reversed(chain)]
