"""Nested mentions as flat layers: the outermost, those inside them, those inside these.

Within a layer no two mentions overlap, so that each can be tagged token by token; a mention of
one layer stands inside a mention of the layer before (Ju, Miwa and Ananiadou 2018 stack layers
from the inside out; from the outside in, the mentions that most care for come first).
"""

from __future__ import annotations

from collections.abc import Iterable

from aloi.models.entities.crf import Stretch


def layered(mentions: Iterable[Stretch], depth: int) -> list[list[Stretch]]:
    """The mentions by how many others they stand inside of, in text order: `depth` lists.

    Of two on the same tokens one is inside the other, by label. A mention that crosses the end of
    another has no place, nor has one that is deeper.
    """
    layers: list[list[Stretch]] = [[] for _ in range(depth)]
    around: list[Stretch] = []
    for mention in sorted(set(mentions), key=lambda m: (m.start, -m.end, m.label)):
        while around and around[-1].end <= mention.start:
            around.pop()
        if around and around[-1].end < mention.end:
            continue
        if len(around) < depth:
            layers[len(around)].append(mention)
        around.append(mention)
    return layers


def within(outer: Stretch, mentions: Iterable[Stretch]) -> list[Stretch]:
    """Those mentions that stand inside `outer`, counted from its first token."""
    return [
        mention.moved(-outer.start)
        for mention in mentions
        if outer.start <= mention.start and mention.end <= outer.end
    ]
