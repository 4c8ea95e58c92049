"""The graph of facts: things, the connections between them, and where they are drawn.

The layout is force-directed (Fruchterman and Reingold 1991) and needs no random numbers: things
start on a spiral, those with most facts in the middle. Afterwards, boxes that overlap are moved
apart, and the frame grows until none do. The width of the frame is fixed, so that one graph can be
drawn for a desk and one for a phone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aloi.models.arrays import DoubleArray, IntArray
from aloi.models.facts.statements import StatedFact, Thing, things

MAX_THINGS = 40
"""The number of things in a graph: those with most facts."""

CHARACTER_WIDTH, BOX_HEIGHT, PADDING, MAX_BOX_WIDTH = 7.6, 30.0, 22.0, 176.0
"""The size of a thing's box in pixels, for text of 14 pixels."""

GAP, MARGIN = 14.0, 8.0
"""The least distance between two boxes, and between a box and the frame, in pixels."""

SPACE_FACTOR, MIN_HEIGHT, GROWTH = 3.4, 160.0, 1.12
"""The first frame has `SPACE_FACTOR` times the area of all boxes; it grows by `GROWTH`."""

EVENNESS = 0.7
"""The share of a position that is its rank: 1 spreads things evenly over the frame."""

STEPS, SEPARATION_STEPS, MAX_GROWTHS = 250, 120, 40

GRAVITY = 0.6
"""The strength of the force towards the middle, which keeps unconnected things in the frame."""

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


@dataclass(frozen=True)
class Connection:
    """The relations from one thing to another; `head` and `tail` are numbers of things."""

    head: int
    tail: int
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """The things with most facts, and the connections between them.

    `counts` is the number of facts of each thing; `left_out` the number of things not drawn.
    """

    things: tuple[Thing, ...]
    counts: tuple[int, ...]
    connections: tuple[Connection, ...]
    left_out: int


@dataclass(frozen=True)
class Layout:
    """The size of a frame, and the centre and width of each thing's box, in pixels."""

    width: float
    height: float
    centres: DoubleArray
    widths: DoubleArray


def build_graph(facts: Iterable[StatedFact]) -> Graph:
    """Return the graph of facts with at most `MAX_THINGS` things."""
    known = list(facts)
    named = {each.key: each for each in reversed(list(things(known)))}
    counts = Counter(each.key for each in things(known))
    keys = sorted(counts, key=lambda key: (-counts[key], key))
    number = {key: position for position, key in enumerate(keys[:MAX_THINGS])}
    joined: dict[tuple[int, int], dict[str, None]] = {}
    for fact in known:
        ends = number.get(fact.who.key), number.get(fact.whom.key)
        if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
            joined.setdefault((ends[0], ends[1]), {})[fact.relation] = None
    return Graph(
        tuple(named[key] for key in number),
        tuple(counts[key] for key in number),
        tuple(Connection(*ends, tuple(relations)) for ends, relations in joined.items()),
        len(keys) - len(number),
    )


def lay_out(graph: Graph, width: float) -> Layout:
    """Return a layout of this width in which no two boxes overlap."""
    widths = np.array(
        [min(len(each.name) * CHARACTER_WIDTH + PADDING, MAX_BOX_WIDTH) for each in graph.things]
    )
    area = float(np.sum((widths + GAP) * (BOX_HEIGHT + GAP)))
    height = max(MIN_HEIGHT, SPACE_FACTOR * area / width)
    centres = _attract(graph, width, height)
    for _ in range(MAX_GROWTHS):
        centres, is_clear = _separate(centres, widths, width, height)
        if is_clear:
            break
        centres[:, 1] *= GROWTH
        height *= GROWTH
    return Layout(width, *_crop(centres, height), widths)


def _crop(centres: DoubleArray, height: float) -> tuple[float, DoubleArray]:
    """Return the height and the centres without empty space above and below."""
    if not len(centres):
        return height, centres
    top = float(centres[:, 1].min()) - BOX_HEIGHT / 2 - MARGIN
    bottom = float(centres[:, 1].max()) + BOX_HEIGHT / 2 + MARGIN
    return bottom - top, centres - np.array([0.0, top])


def _attract(graph: Graph, width: float, height: float) -> DoubleArray:
    """Return positions in the frame where connected things are near each other."""
    count = len(graph.things)
    order = np.arange(count)
    radius = np.sqrt((order + 0.5) / max(count, 1)) / 2
    angle = order * GOLDEN_ANGLE
    unit = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    frame = np.array([width, height])
    ideal = 0.9 * np.sqrt(width * height / max(count, 1))
    place: DoubleArray = unit * frame
    ends = [(each.head, each.tail) for each in graph.connections]
    links = np.array(ends, dtype=np.int64).reshape(-1, 2)
    for step in range(STEPS):
        force = _force(place, links, ideal) - place * GRAVITY * ideal / frame.min()
        size = np.maximum(np.linalg.norm(force, axis=-1, keepdims=True), 1e-9)
        place = place + force / size * np.minimum(size, ideal * (1 - step / STEPS) / 4)
    filled: DoubleArray = _spread(place) * frame
    return filled


def _force(place: DoubleArray, links: IntArray, ideal: float) -> DoubleArray:
    """Return the force on each thing: away from all others, and towards connected ones."""
    offset = place[:, None] - place[None]
    distance = np.maximum(np.linalg.norm(offset, axis=-1, keepdims=True), 1.0)
    force: DoubleArray = np.sum(offset / distance**2, axis=1) * ideal**2
    pull = place[links[:, 0]] - place[links[:, 1]]
    pull *= np.linalg.norm(pull, axis=-1, keepdims=True) / ideal
    np.add.at(force, links[:, 0], -pull)
    np.add.at(force, links[:, 1], pull)
    return force


def _spread(place: DoubleArray) -> DoubleArray:
    """Return positions between 0 and 1 that fill the frame more evenly."""
    low, high = place.min(axis=0, initial=0.0), place.max(axis=0, initial=0.0)
    scaled = (place - low) / np.maximum(high - low, 1.0)
    ranks = place.argsort(axis=0, kind="stable").argsort(axis=0) / max(len(place) - 1, 1)
    spread: DoubleArray = EVENNESS * ranks + (1 - EVENNESS) * scaled
    return spread if len(place) > 1 else np.full_like(place, 0.5)


def _separate(
    centres: DoubleArray, widths: DoubleArray, width: float, height: float
) -> tuple[DoubleArray, bool]:
    """Move overlapping boxes apart; return their centres and whether none overlap."""
    half = np.stack([widths, np.full(len(widths), BOX_HEIGHT)], axis=1) / 2
    low, high = half + MARGIN, np.array([width, height]) - half - MARGIN
    centres = np.clip(centres, low, high)
    for _ in range(SEPARATION_STEPS):
        offset = centres[:, None] - centres[None]
        overlap = half[:, None] + half[None] + GAP - np.abs(offset)
        clash = (overlap > 0.5).all(axis=-1)
        np.fill_diagonal(clash, False)
        if not clash.any():
            return centres, True
        later = np.tri(len(centres), k=-1)
        side = np.where(offset == 0, (2 * later - 1)[..., None], np.sign(offset))
        vertical = overlap[..., 1] <= overlap[..., 0]
        chosen = np.stack([~vertical, vertical], axis=-1) & clash[..., None]
        push = np.where(chosen, overlap * side, 0)
        centres = np.clip(centres + 0.5 * push.sum(axis=1), low, high)
    return centres, False
