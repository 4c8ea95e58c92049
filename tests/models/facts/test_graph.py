"""The graph of facts: what is drawn, and a layout in which boxes do not overlap."""

import numpy as np
import pytest

from aloi.models.facts.graph import BOX_HEIGHT, MAX_THINGS, Layout, build_graph, lay_out
from aloi.models.facts.statements import StatedFact, Thing

PHONE, DESK = 340, 1100


def fact(who: str, relation: str, whom: str) -> StatedFact:
    ends = (Thing(each, "PER", each.lower()) for each in (who, whom))
    head, tail = ends
    return StatedFact("d", head, relation, tail, ())


def overlaps(layout: Layout) -> int:
    offset = np.abs(layout.centres[:, None] - layout.centres[None])
    sides = (layout.widths[:, None] + layout.widths[None]) / 2
    clash = (offset[..., 0] < sides) & (offset[..., 1] < BOX_HEIGHT)
    return int(np.triu(clash, k=1).sum())


def test_relations_between_two_things_are_one_connection() -> None:
    graph = build_graph(
        [fact("Ana", "MEETS", "Bob"), fact("Ana", "HELPS", "Bob"), fact("Bob", "HELPS", "Ana")]
    )
    assert [each.name for each in graph.things] == ["Ana", "Bob"]
    assert graph.counts == (3, 3)
    assert [(each.head, each.tail, each.relations) for each in graph.connections] == [
        (0, 1, ("MEETS", "HELPS")),
        (1, 0, ("HELPS",)),
    ]


def test_things_with_most_facts_are_drawn() -> None:
    graph = build_graph([fact("Hub", "MEETS", f"P{number}") for number in range(60)])
    assert (len(graph.things), graph.left_out) == (MAX_THINGS, 61 - MAX_THINGS)
    assert graph.things[0].name == "Hub"


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("count", [1, 2, 7, 39])
def test_boxes_are_in_the_frame_and_do_not_overlap(width: int, count: int) -> None:
    names = [f"Une organisation {'x' * (number % 17)}{number}" for number in range(count)]
    graph = build_graph([fact(names[n // 2], "MEETS", name) for n, name in enumerate(names)])
    layout = lay_out(graph, width)
    half = np.stack([layout.widths, np.full(len(layout.widths), BOX_HEIGHT)], axis=1) / 2
    assert overlaps(layout) == 0
    assert (layout.centres - half >= 0).all()
    assert (layout.centres + half <= [layout.width, layout.height]).all()


def test_a_layout_is_reproducible_and_may_be_empty() -> None:
    graph = build_graph([fact("Ana", "MEETS", "Bob")])
    assert np.array_equal(lay_out(graph, DESK).centres, lay_out(graph, DESK).centres)
    assert lay_out(build_graph([]), DESK).centres.shape == (0, 2)
