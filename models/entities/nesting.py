"""Nested mentions as flat layers: the outermost mentions, the mentions inside them, and so on.

The mentions of one layer do not overlap, so each layer can be tagged token by token; each mention
of a layer lies inside a mention of the layer above. Ju, Miwa and Ananiadou (2018) stack layers from
the inside out; here the outermost mentions come first, because most applications use only those.
"""

from __future__ import annotations

from collections.abc import Iterable

from aloi.models.entities.bilou import TokenSpan


def split_into_layers(mentions: Iterable[TokenSpan], depth: int) -> list[list[TokenSpan]]:
    """Return `depth` lists of mentions in text order, by the number of mentions around each.

    Two mentions on the same tokens are nested in the alphabetical order of their labels. Mentions
    that partly overlap an earlier one, and mentions nested deeper than `depth`, are dropped.
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
    """Return the mentions inside `outer`, with offsets from its first token."""
    return [
        mention.shifted(-outer.start)
        for mention in mentions
        if outer.start <= mention.start and mention.end <= outer.end
    ]
