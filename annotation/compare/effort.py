"""What pre-annotation saves: the actions from predictions to gold against those from nothing.

An action is one thing that an annotator does in Label Studio's page, whatever time it takes:

- mentions: add one with its label; delete one, its arcs going with it; relabel it; move its
  boundaries (an edge is dragged, so that its arcs stay);
- values: set, change or clear a mention's ref or one of its attributes;
- arcs: add one with its label; delete one; relabel it; turn it round; set, change or clear one of
  its attributes, which are labels of the arc too;
- clear: delete all that is there at once.

Mentions are matched where they share a character, one to one, at the least cost; then the arcs
between the same two mentions likewise. So the number is the least for the mentions, and for the
arcs given these. Where it is less to clear a document and begin anew, that is what counts.
Source of the matching: Kuhn 1955, The Hungarian method for the assignment problem.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from aloi.annotation.compare.disagreements import Arc, Content, Mention, content
from aloi.annotation.compare.passes import by_document
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema
from aloi.eval.reports.sheets import Sheet, format_ratio

ACTIONS = (
    "mentions added",
    "mentions deleted",
    "mentions relabelled",
    "boundaries moved",
    "values set",
    "arcs added",
    "arcs deleted",
    "arcs relabelled",
    "arcs turned",
    "arc values set",
    "documents cleared",
)
(_ADD, _DELETE, _RELABEL, _MOVE, _VALUE) = ACTIONS[:5]
(_ADD_ARC, _DELETE_ARC, _RELABEL_ARC, _TURN, _ARC_VALUE, _CLEAR) = ACTIONS[5:]

Actions = Counter[str]
"""How many of each of `ACTIONS`."""

NOTHING = Content({}, {})


@dataclass(frozen=True, slots=True)
class Effort:
    """The actions from predictions to gold, and from nothing to gold, over so many documents."""

    documents: int
    from_predictions: Actions
    from_nothing: Actions

    @property
    def saved(self) -> float | None:
        """The share of actions that predictions save; None where there is nothing to do."""
        nothing = self.from_nothing.total()
        return 1 - self.from_predictions.total() / nothing if nothing else None

    def sheet(self) -> Sheet:
        """The counts by kind, their sums, and the share saved."""
        sides = self.from_predictions, self.from_nothing
        used = [name for name in ACTIONS if any(side[name] for side in sides)]
        rows = [(name, *(str(side[name]) for side in sides)) for name in used]
        rows.append(("all actions", *(str(side.total()) for side in sides)))
        rows.append(("share saved", format_ratio(self.saved), ""))
        title = f"effort over {self.documents} documents"
        return Sheet(title, tuple(rows), ("", "from predictions", "from nothing"))

    def to_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "documents": self.documents,
            "from_predictions": _plain(self.from_predictions),
            "from_nothing": _plain(self.from_nothing),
            "saved": self.saved,
        }


def _plain(actions: Actions) -> dict[str, int]:
    return {**{name: actions[name] for name in ACTIONS}, "total": actions.total()}


def effort(gold: Iterable[Document], predictions: Iterable[Document], schema: Schema) -> Effort:
    """What gold costs from its predictions and from nothing.

    A gold document without a prediction costs the same either way. Raises `DataError` for
    predictions of documents that gold has not, or has with another text.
    """
    versions = by_document({"gold": gold, "the prediction": predictions})
    if extra := [id_ for id_, each in versions.items() if "gold" not in each]:
        fix = "Predict gold's documents only"
        raise DataError(Problem("extra-document", "not in gold", fix, id_) for id_ in extra)
    with_help, alone = Actions(), Actions()
    for each in versions.values():
        wanted = content(each["gold"], schema)
        given = content(each["the prediction"], schema) if "the prediction" in each else NOTHING
        with_help += least(given, wanted, schema.symmetric)
        alone += from_nothing(wanted)
    return Effort(len(versions), with_help, alone)


def least(given: Content, wanted: Content, symmetric: frozenset[str]) -> Actions:
    """The actions from one content to another, or from a cleared page if these are fewer."""
    matched = _matched_mentions(given.mentions, wanted.mentions)
    edits = Actions()
    for one, other in matched.items():
        edits += _change(one, other, given.mentions[one], wanted.mentions[other])
    edits[_DELETE] += len(given.mentions) - len(matched)
    kept = set(matched.values())
    for key, values in wanted.mentions.items():
        if key not in kept:
            edits += _new(_ADD, _VALUE, values)
    edits += _arc_edits(given, wanted, matched, symmetric)
    anew = from_nothing(wanted) + Actions({_CLEAR: 1})
    return min(+edits, anew, key=Counter.total)


def from_nothing(wanted: Content) -> Actions:
    """The actions that make a content on an empty page."""
    edits = Actions()
    for values in wanted.mentions.values():
        edits += _new(_ADD, _VALUE, values)
    for attributes in wanted.arcs.values():
        edits += _new(_ADD_ARC, _ARC_VALUE, attributes)
    return edits


def _new(action: str, value: str, values: Mapping[str, str]) -> Actions:
    return Actions({action: 1, value: len(values)})


def _change(
    one: Mention, other: Mention, values: Mapping[str, str], wanted: Mapping[str, str]
) -> Actions:
    """The actions that turn one mention into another."""
    moved, relabelled = one[:2] != other[:2], one[2] != other[2]
    return Actions({_MOVE: moved, _RELABEL: relabelled, _VALUE: _unlike(values, wanted)})


def _unlike(values: Mapping[str, str], wanted: Mapping[str, str]) -> int:
    return sum(values.get(name) != wanted.get(name) for name in values.keys() | wanted.keys())


def _matched_mentions(
    given: Mapping[Mention, dict[str, str]], wanted: Mapping[Mention, dict[str, str]]
) -> dict[Mention, Mention]:
    """Which given mention becomes which wanted one, within each stretch of touching mentions."""
    matched: dict[Mention, Mention] = {}
    for ones, others in _stretches(given, wanted):
        changes = [
            [
                _change(one, other, given[one], wanted[other]) if _touch(one, other) else None
                for other in others
            ]
            for one in ones
        ]
        sizes = [len(wanted[other]) for other in others]
        matched |= {ones[row]: others[column] for row, column in _cheapest(changes, sizes)}
    return matched


def _touch(one: Mention, other: Mention) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _stretches(
    given: Iterable[Mention], wanted: Iterable[Mention]
) -> Iterator[tuple[list[Mention], list[Mention]]]:
    """Given and wanted mentions in groups that share characters."""
    sides: tuple[list[Mention], list[Mention]] = [], []
    reach = 0
    for (start, end, label), side in sorted([*((m, 0) for m in given), *((m, 1) for m in wanted)]):
        if start >= reach and (sides[0] or sides[1]):
            yield sides
            sides = [], []
        sides[side].append((start, end, label))
        reach = max(reach, end)
    yield sides


def _cheapest(
    changes: Sequence[Sequence[Actions | None]], values: Sequence[int]
) -> list[tuple[int, int]]:
    """Rows and columns, one to one, whose changes save most; none where it saves nothing.

    What is saved is a deletion and an addition, and giving the new one its `values`.
    """
    gains = np.zeros((len(changes), len(values)), dtype=np.int64)
    for row, several in enumerate(changes):
        for column, change in enumerate(several):
            if change is not None:
                gains[row, column] = max(2 + values[column] - change.total(), 0)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    pairs: Iterator[tuple[int, int]] = zip(rows.tolist(), columns.tolist(), strict=True)
    return [pair for pair in pairs if gains[pair] > 0]


Arcs = list[tuple[Arc, dict[str, str]]]
"""Arcs with their attributes."""


def _arc_edits(
    given: Content,
    wanted: Content,
    matched: Mapping[Mention, Mention],
    symmetric: frozenset[str],
) -> Actions:
    """The actions on arcs once the mentions are what they should be."""
    there: defaultdict[frozenset[Mention], Arcs] = defaultdict(list)
    goal: defaultdict[frozenset[Mention], Arcs] = defaultdict(list)
    for (head, tail, label), attributes in given.arcs.items():
        if head in matched and tail in matched:  # others went with their mentions
            arc = matched[head], matched[tail], label
            there[frozenset(arc[:2])].append((arc, attributes))
    for arc, attributes in wanted.arcs.items():
        goal[frozenset(arc[:2])].append((arc, attributes))
    edits = Actions()
    for ends in there.keys() | goal.keys():
        edits += _between(there[ends], goal[ends], symmetric)
    return edits


def _between(there: Arcs, goal: Arcs, symmetric: frozenset[str]) -> Actions:
    """The actions on the arcs between two mentions."""
    changes = [[_arc_change(one, other, symmetric) for other in goal] for one in there]
    pairs = _cheapest(changes, [len(attributes) for _, attributes in goal])
    edits = Actions({_DELETE_ARC: len(there) - len(pairs)})
    for row, column in pairs:
        edits += changes[row][column]
    kept = {column for _, column in pairs}
    for column, (_, attributes) in enumerate(goal):
        if column not in kept:
            edits += _new(_ADD_ARC, _ARC_VALUE, attributes)
    return edits


def _arc_change(
    one: tuple[Arc, dict[str, str]], other: tuple[Arc, dict[str, str]], symmetric: frozenset[str]
) -> Actions:
    """The actions that turn one arc into another between the same two mentions."""
    (arc, attributes), (wanted, values) = one, other
    turned = wanted[2] not in symmetric and arc[:2] != wanted[:2]
    relabelled, unlike = arc[2] != wanted[2], _unlike(attributes, values)
    return Actions({_RELABEL_ARC: relabelled, _TURN: turned, _ARC_VALUE: unlike})
