"""Find mentions in a changed copy of a text, given only their hashes.

A release contains the offsets and a salted hash of each mention, but not the text. The alignment is
therefore a diff over mentions. A possible start of a mention is any position in the copy at which a
substring has the length and hash of the mention. Its *drift* is its distance from the old start.
One edited character changes the drift of all later mentions by at most one. The alignment chooses
at most one start per mention, in text order, so that the total cost is minimal.
The cost is the sum of the changes of drift, plus `SKIP_COST` for each mention without a start.

A chosen start may be wrong: if the mention itself was edited, an equal substring nearby can be
mistaken for it. If that substring is d code points away, the drift changes by d, unless about d
edits nearby cancel the change. The smallest possible d is the period of the mention (3 for *abcab*,
1 for *aa*), because an equal substring may overlap the mention at this distance. A chosen start is
therefore accepted only if

- the changes of drift since the previous chosen mention and up to the next chosen mention add up to
  less than half the period, and
- no equal substring starts within `MIN_SEPARATION` of this start.

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
"""Maximum number of possible starts of a mention; a mention with more is lost."""

SKIP_COST = 3
"""Cost of skipping a mention, in code points of drift."""

MIN_SEPARATION = 24
"""Minimum distance between a chosen start and any other possible start, in code points."""

MIN_FOUND_SHARE = 0.5
"""Minimum proportion of located mentions; below it, the copy is treated as a different text."""


def locate_mentions(
    mentions: Sequence[StandoffMention], length: int, copy: str, hash_text: Callable[[str], str]
) -> dict[str, int]:
    """Return the new start of each mention that was located with certainty, by mention id.

    `length`: length of the old text, in code points. `hash_text` returns the salted hash of a
    mention.
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
    """Return the smallest shift at which a text agrees with itself; at most its length."""
    return next(shift for shift in range(1, len(text) + 1) if text.startswith(text[shift:]))


def _possible_starts(
    mentions: Sequence[StandoffMention], copy: str, hash_text: Callable[[str], str]
) -> dict[tuple[str, int], IntArray]:
    """Return the possible starts by (hash, length); empty if there are more than `MAX_STARTS`."""
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
    """Return the chosen mentions as pairs (index of the mention, drift).

    The first pair, (-1, 0), represents the start of the text. The last pair, (number of mentions,
    `final_drift`), represents its end.
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
