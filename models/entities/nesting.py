"""Nested mentions as flat layers: the outermost mentions, the mentions inside them, and so on.

The mentions of one layer do not overlap, so each layer can be tagged token by token. Each mention
of an inner layer lies inside a mention of the next outer layer. Ju, Miwa and Ananiadou (2018) start
with the innermost mentions. Here, the outermost mentions are the first layer, because most
applications use only outermost mentions.
"""

from __future__ import annotations

from collections.abc import Iterable

from aloi.models.entities.bilou import TokenSpan


def split_into_layers(mentions: Iterable[TokenSpan], depth: int) -> list[list[TokenSpan]]:
    """Return `depth` layers, outermost first; each layer is a list of mentions in text order.

    If two mentions cover the same tokens, the outer mention is the one with the alphabetically
    first label. Mentions that only partly overlap an earlier mention are dropped. Mentions that are
    nested deeper than `depth` are also dropped.
    """
    layers: list[list[TokenSpan]] = [[] for _ in range(depth)]
    outer: list[TokenSpan] = []
    for mention in sorted(set(mentions), key=lambda m: (m.start, -m.end, m.label)):
        while outer and outer[-1].end <= mention.start:
            outer.pop()
        if outer and outer[-1].end < mention.end:
            continue
        if len(outer) < depth:
            layers[len(outer)].append(mention)
        outer.append(mention)
    return layers


def spans_inside(outer: TokenSpan, mentions: Iterable[TokenSpan]) -> list[TokenSpan]:
    """Return the mentions inside `outer`, with offsets relative to the start of `outer`."""
    return [
        mention.shifted(-outer.start)
        for mention in mentions
        if outer.start <= mention.start and mention.end <= outer.end
    ]
