"""An HTML page with the facts of texts: a graph of things, and a table with the sentences.

The page needs no other file and no connection. Graph and table are complete without a script; the
script selects things and searches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from aloi.corpus.rights import RESTRICTED_TEXT
from aloi.models.arrays import BoolArray, DoubleArray
from aloi.models.facts.graph import (
    BOX_HEIGHT,
    CHARACTER_WIDTH,
    PADDING,
    Connection,
    Graph,
    Layout,
    build_graph,
    lay_out,
)
from aloi.models.facts.statements import StatedFact, Statement

WIDTHS = {"phone": 350.0, "desk": 1080.0}
"""The widths of the drawings in pixels; the style sheet shows the one that fits."""

BEND = 0.1
"""The height of the bend of a line, as a share of its length; A → B and B → A differ by it."""

CURVE_POINTS: DoubleArray = np.arange(101, dtype=np.float64)[:, None] / 100


class Box(NamedTuple):
    """A thing in a drawing: its number, its box, the words in it, and the number of its facts."""

    number: int
    x: float
    y: float
    width: float
    words: str
    name: str
    label: str
    facts: int


class Line(NamedTuple):
    """A connection in a drawing: its path, the middle of the path, and its relations."""

    connection: Connection
    path: str
    x: float
    y: float


class Drawing(NamedTuple):
    """A drawing of the graph for one width."""

    name: str
    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]


class SentencePart(NamedTuple):
    """A part of a sentence; `role` is `head`, `tail` or empty."""

    text: str
    role: str


def render_facts(
    facts: Sequence[StatedFact],
    *,
    model: str,
    documents: int,
    total: int,
    symmetric: Collection[str] = (),
    language: str = "fr",
    restricted: bool = False,
) -> str:
    """Return the page.

    facts: the facts to show. total: the number of facts of all documents. symmetric: the relation
    labels without a direction. language: that of the texts. restricted: mark the
    page as text that may not be redistributed.
    """
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    graph = build_graph(facts)
    numbers = {thing.key: number for number, thing in enumerate(graph.things)}
    labels = sorted({thing.label for thing in graph.things})
    return environment.from_string(_template("facts.html")).render(
        model=model,
        documents=documents,
        total=total,
        facts=facts,
        several=len({fact.document for fact in facts}) > 1,
        attributes=sorted({name for fact in facts for name in fact.attributes}),
        relations=sorted({fact.relation for fact in facts}),
        graph=graph,
        drawings=[_draw(name, graph, lay_out(graph, width)) for name, width in WIDTHS.items()],
        box_height=BOX_HEIGHT,
        hues={label: 360 * number // len(labels) for number, label in enumerate(labels)},
        numbers=numbers,
        parts=sentence_parts,
        symmetric=symmetric,
        language=language,
        style=Markup(_template("facts.css")),
        script=Markup(_template("facts.js")),
        mark=RESTRICTED_TEXT if restricted else None,
    )


def _template(name: str) -> str:
    folder = files("aloi.models.facts").joinpath("templates")
    return folder.joinpath(name).read_text(encoding="utf-8")


def sentence_parts(statement: Statement) -> Iterator[SentencePart]:
    """Yield the parts of a sentence; ends in another sentence are not part of it.

    If one end contains the other, only the inner one is marked.
    """
    ends = [(*statement.head, "head"), (*statement.tail, "tail")]
    ends.sort(key=lambda each: (each[1] - each[0], each[0]))
    marked: list[tuple[int, int, str]] = []
    for start, end, role in ends:
        is_inside = statement.start <= start and end <= statement.end
        if is_inside and all(end <= other[0] or start >= other[1] for other in marked):
            marked.append((start, end, role))
    last = statement.start
    for start, end, role in sorted(marked):
        yield SentencePart(statement.text[last - statement.start : start - statement.start], "")
        yield SentencePart(statement.text[start - statement.start : end - statement.start], role)
        last = end
    yield SentencePart(statement.text[last - statement.start :], "")


def _draw(name: str, graph: Graph, layout: Layout) -> Drawing:
    boxes = [
        Box(
            number,
            round(float(x - width / 2), 1),
            round(float(y - BOX_HEIGHT / 2), 1),
            round(float(width), 1),
            _shorten(thing.name, float(width)),
            thing.name,
            thing.label,
            count,
        )
        for number, ((x, y), width, thing, count) in enumerate(
            zip(layout.centres, layout.widths, graph.things, graph.counts, strict=True)
        )
    ]
    lines = [_line(each, layout) for each in graph.connections]
    return Drawing(name, round(layout.width), round(layout.height + 0.5), boxes, lines)


def _shorten(name: str, width: float) -> str:
    """Return the part of a name that fits into a box."""
    fitting = int((width - PADDING) / CHARACTER_WIDTH + 1e-6)
    return name if len(name) <= fitting else f"{name[: fitting - 1].rstrip()}…"


def _line(connection: Connection, layout: Layout) -> Line:
    """Return the line of a connection, from the edge of one box to the edge of the other."""
    start, end = layout.centres[connection.head], layout.centres[connection.tail]
    along = end - start
    control = (start + end) / 2 + np.array([-along[1], along[0]]) * BEND
    curve = _bezier(start, control, end, CURVE_POINTS, CURVE_POINTS)
    boxes = [_is_in_box(curve, layout, each) for each in (connection.head, connection.tail)]
    seen = CURVE_POINTS[~np.any(boxes, axis=0)]
    first, last = (seen[0], seen[-1]) if len(seen) else (CURVE_POINTS[0], CURVE_POINTS[-1])
    middle: DoubleArray = (first + last) / 2
    shown = [
        _bezier(start, control, end, *each)
        for each in ((first, first), (first, last), (last, last), (middle, middle))
    ]
    (x1, y1), (x2, y2), (x3, y3), (x, y) = (map(float, each) for each in shown)
    path = f"M{x1:.1f},{y1:.1f} Q{x2:.1f},{y2:.1f} {x3:.1f},{y3:.1f}"
    return Line(connection, path, x, y)


def _bezier(
    start: DoubleArray, control: DoubleArray, end: DoubleArray, one: DoubleArray, two: DoubleArray
) -> DoubleArray:
    """Return points of a quadratic curve at `one` = `two`, from 0 to 1.

    With different values, it is the control point of the part of the curve between them.
    """
    middle = (1 - one) * two + one * (1 - two)
    points: DoubleArray = (1 - one) * (1 - two) * start + middle * control + one * two * end
    return points


def _is_in_box(points: DoubleArray, layout: Layout, number: int) -> BoolArray:
    half = np.array([layout.widths[number], BOX_HEIGHT]) / 2 + 2
    inside: BoolArray = (np.abs(points - layout.centres[number]) <= half).all(axis=1)
    return inside
