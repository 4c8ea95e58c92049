"""Annotation effort: the number of actions to annotate a text with and without predictions.

An action is one operation on Label Studio's page, regardless of its duration:

- mentions: add a mention with its label; delete a mention together with its relations; relabel a
  mention; move the boundaries of a mention (dragging an edge keeps the relations);
- values: set, change or clear the ref or an attribute of a mention;
- relations (arcs): add an arc with its label; delete, relabel or reverse an arc; set, change or
  clear an attribute of a relation (attributes are additional labels of the arc);
- clear: delete all annotations of a document at once.

Each predicted mention is matched with at most one overlapping gold mention, so that the number of
actions on mentions is minimal. Predicted and gold relations between the same two mentions are
matched in the same way. If clearing the document and annotating it without predictions takes fewer
actions, these actions are counted instead.
Source of the matching: Kuhn 1955, The Hungarian method for the assignment problem.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from aloi.annotation.compare.content import (
    EMPTY_CONTENT,
    EMPTY_SCHEMA,
    DocumentContent,
    MentionKey,
    RelationKey,
    Values,
    extract_content,
)
from aloi.annotation.compare.passes import group_by_document
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
"""The number of actions of each type; the types are listed in `ACTIONS`."""

RelationList = list[tuple[RelationKey, Values]]
"""Relations, each with its attributes."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The number of actions to create gold annotations with and without predictions.

    `from_predictions` counts the actions that correct the predictions. `from_nothing` counts the
    actions that annotate the texts without predictions. Both counts are sums over all documents.
    """

    documents: int
    from_predictions: Actions
    from_nothing: Actions

    @property
    def saved(self) -> float | None:
        """The proportion of actions that predictions save; None if gold contains no annotations."""
        nothing = self.from_nothing.total()
        return 1 - self.from_predictions.total() / nothing if nothing else None

    def sheet(self) -> Sheet:
        """Return a table with the number of each action, the totals and the proportion saved."""
        sides = self.from_predictions, self.from_nothing
        used = [name for name in ACTIONS if any(side[name] for side in sides)]
        rows = [(name, *(str(side[name]) for side in sides)) for name in used]
        rows.append(("all actions", *(str(side.total()) for side in sides)))
        rows.append(("proportion saved", format_ratio(self.saved), ""))
        title = f"effort over {self.documents} documents"
        return Sheet(title, tuple(rows), ("", "from predictions", "from nothing"))

    def to_json(self) -> dict[str, Any]:
        """Return the counts and the proportion saved as a dict for JSON."""
        return {
            "documents": self.documents,
            "from_predictions": _counts(self.from_predictions),
            "from_nothing": _counts(self.from_nothing),
            "saved": self.saved,
        }


def _counts(actions: Actions) -> dict[str, int]:
    return {**{name: actions[name] for name in ACTIONS}, "total": actions.total()}


def measure_effort(
    gold: Iterable[Document], predictions: Iterable[Document], schema: Schema | None = None
) -> Effort:
    """Count the actions to create gold annotations with and without predictions.

    A gold document without a prediction adds the same number to both counts. Without a schema, all
    relations are treated as directed. Raise `DataError` if a predicted document is not in gold, or
    if its text differs from the gold text.
    """
    schema = schema or EMPTY_SCHEMA
    versions = group_by_document({"gold": gold, "the prediction": predictions})
    if extra := [id_ for id_, each in versions.items() if "gold" not in each]:
        what = "the predicted document is not in gold"
        fix = "Remove the document from the predictions, or add the document to gold"
        raise DataError(Problem("extra-document", what, fix, id_) for id_ in extra)
    from_predictions, from_nothing = Actions(), Actions()
    for each in versions.values():
        target = extract_content(each["gold"], schema)
        predicted = each.get("the prediction")
        start = EMPTY_CONTENT if predicted is None else extract_content(predicted, schema)
        from_predictions += fewest_actions(start, target, schema.symmetric)
        from_nothing += creation_actions(target)
    return Effort(len(versions), from_predictions, from_nothing)


def fewest_actions(
    start: DocumentContent, target: DocumentContent, symmetric: frozenset[str]
) -> Actions:
    """Return the fewest actions that change the annotations `start` into `target`.

    The document is cleared first if this reduces the number of actions. `symmetric` contains the
    labels of symmetric relations.
    """
    matched = _match_mentions(start.mentions, target.mentions)
    actions = Actions()
    for old, new in matched.items():
        actions += _mention_change(old, new, start.mentions[old], target.mentions[new])
    actions[_DELETE] += len(start.mentions) - len(matched)
    kept = set(matched.values())
    for key, values in target.mentions.items():
        if key not in kept:
            actions += _creation(_ADD, _VALUE, values)
    actions += _relation_actions(start, target, matched, symmetric)
    restart = creation_actions(target) + Actions({_CLEAR: 1})
    return min(+actions, restart, key=Counter.total)


def creation_actions(target: DocumentContent) -> Actions:
    """Return the actions that create the annotations `target` in an unannotated document."""
    actions = Actions()
    for values in target.mentions.values():
        actions += _creation(_ADD, _VALUE, values)
    for attributes in target.relations.values():
        actions += _creation(_ADD_ARC, _ARC_VALUE, attributes)
    return actions


def _creation(action: str, value_action: str, values: Values) -> Actions:
    return Actions({action: 1, value_action: len(values)})


def _mention_change(old: MentionKey, new: MentionKey, values: Values, target: Values) -> Actions:
    """Return the actions that change the mention `old` into the mention `new`."""
    moved, relabelled = old[:2] != new[:2], old[2] != new[2]
    return Actions({_MOVE: moved, _RELABEL: relabelled, _VALUE: _count_changes(values, target)})


def _count_changes(values: Values, target: Values) -> int:
    return sum(values.get(name) != target.get(name) for name in values.keys() | target.keys())


def _match_mentions(
    start: Mapping[MentionKey, Values], target: Mapping[MentionKey, Values]
) -> dict[MentionKey, MentionKey]:
    """Match mentions of `start` with mentions of `target` to minimise the number of actions.

    Return the target of each matched mention. Mentions without a match are omitted.
    """
    matched: dict[MentionKey, MentionKey] = {}
    for old, new in _overlapping_groups(start, target):
        changes = [
            [
                _mention_change(one, other, start[one], target[other])
                if _overlap(one, other)
                else None
                for other in new
            ]
            for one in old
        ]
        sizes = [len(target[other]) for other in new]
        matched |= {old[row]: new[column] for row, column in _cheapest_pairs(changes, sizes)}
    return matched


def _overlap(one: MentionKey, other: MentionKey) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _overlapping_groups(
    start: Iterable[MentionKey], target: Iterable[MentionKey]
) -> Iterator[tuple[list[MentionKey], list[MentionKey]]]:
    """Yield each group of overlapping mentions as two lists, from `start` and from `target`."""
    sides: tuple[list[MentionKey], list[MentionKey]] = [], []
    reach = 0
    for mention, side in sorted([*((m, 0) for m in start), *((m, 1) for m in target)]):
        if mention[0] >= reach and (sides[0] or sides[1]):
            yield sides
            sides = [], []
        sides[side].append(mention)
        reach = max(reach, mention[1])
    yield sides


def _cheapest_pairs(
    changes: Sequence[Sequence[Actions | None]], value_counts: Sequence[int]
) -> list[tuple[int, int]]:
    """Match old items (rows) one to one with new items (columns); return (row, column) pairs.

    The pairs save as many actions as possible. `changes[row][column]` contains the actions that
    change the old item into the new item, or None if the change is impossible. A change saves
    deleting the old item, adding the new item, and setting the new item's `value_counts[column]`
    values. Pairs that save no actions are omitted.
    """
    gains = np.zeros((len(changes), len(value_counts)), dtype=np.int64)
    for row, several in enumerate(changes):
        for column, change in enumerate(several):
            if change is not None:
                gains[row, column] = max(2 + value_counts[column] - change.total(), 0)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    pairs: Iterator[tuple[int, int]] = zip(rows.tolist(), columns.tolist(), strict=True)
    return [pair for pair in pairs if gains[pair] > 0]


def _relation_actions(
    start: DocumentContent,
    target: DocumentContent,
    matched: Mapping[MentionKey, MentionKey],
    symmetric: frozenset[str],
) -> Actions:
    """Return the actions on relations after all matched mentions were changed to their matches."""
    old: defaultdict[frozenset[MentionKey], RelationList] = defaultdict(list)
    new: defaultdict[frozenset[MentionKey], RelationList] = defaultdict(list)
    for (head, tail, label), attributes in start.relations.items():
        if head in matched and tail in matched:  # otherwise deleted with a mention
            relation = matched[head], matched[tail], label
            old[frozenset(relation[:2])].append((relation, attributes))
    for relation, attributes in target.relations.items():
        new[frozenset(relation[:2])].append((relation, attributes))
    actions = Actions()
    for ends in old.keys() | new.keys():
        actions += _actions_between(old[ends], new[ends], symmetric)
    return actions


def _actions_between(old: RelationList, new: RelationList, symmetric: frozenset[str]) -> Actions:
    """Return the actions that change the relations `old` between two mentions into `new`."""
    changes = [[_relation_change(one, other, symmetric) for other in new] for one in old]
    pairs = _cheapest_pairs(changes, [len(attributes) for _, attributes in new])
    actions = Actions({_DELETE_ARC: len(old) - len(pairs)})
    for row, column in pairs:
        actions += changes[row][column]
    kept = {column for _, column in pairs}
    for column, (_, attributes) in enumerate(new):
        if column not in kept:
            actions += _creation(_ADD_ARC, _ARC_VALUE, attributes)
    return actions


def _relation_change(
    old: tuple[RelationKey, Values], new: tuple[RelationKey, Values], symmetric: frozenset[str]
) -> Actions:
    """Return the actions that change `old` into `new`, two relations between the same mentions."""
    (relation, attributes), (target, values) = old, new
    reversed_ = target[2] not in symmetric and relation[:2] != target[:2]
    relabelled, changed = relation[2] != target[2], _count_changes(attributes, values)
    return Actions({_RELABEL_ARC: relabelled, _TURN: reversed_, _ARC_VALUE: changed})
