"""Annotations that all annotators of a document gave and that its gold version lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aloi.annotation.compare.alignment import AlignedVersions, Slot
from aloi.annotation.compare.content import Values, common_values
from aloi.corpus.document import Document
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema

_GOLD = "\0gold"
"""The name of gold among the annotators; no annotator can have it."""

_FIX = "If this is not intended, change the decision and run the command again"


def find_losses(
    versions: Mapping[str, Document], gold: Document, schema: Schema
) -> Iterator[Problem]:
    """Yield a problem for each mention, value and relation of all versions that gold lacks.

    Mentions are aligned (see `aloi.annotation.compare.alignment`): a mention with the type or the
    boundaries of only one annotator is not lost, and it must keep its values and relations.
    """
    aligned = AlignedVersions({**versions, _GOLD: gold}, schema)
    names = versions.keys()
    for slot in aligned.slots:
        if names <= slot.mentions.keys():
            yield from _slot_losses(slot, gold)
    first, *others = (aligned.relations[name] for name in names)
    for relation, attributes in first.items():
        if all(relation in each for each in others):
            head, tail, label = relation
            given = [attributes, *(each[relation] for each in others)]
            found = aligned.relations[_GOLD].get(relation)
            surfaces = [_surface(aligned.slots[number], gold.text) for number in (head, tail)]
            what = f"the relation {label} from {surfaces[0]} to {surfaces[1]}"
            yield from _missing(what, common_values(given), found, gold.id)


def _slot_losses(slot: Slot, gold: Document) -> Iterator[Problem]:
    given = [values for name, values in slot.values.items() if name != _GOLD]
    what = f"the mention {_surface(slot, gold.text)}"
    yield from _missing(what, common_values(given), slot.values.get(_GOLD), gold.id)


def _surface(slot: Slot, text: str) -> str:
    start, end, _ = next(iter(slot.mentions.values()))
    return f"«{text[start:end]}»"


def _missing(what: str, given: Values, found: Values | None, document: str) -> Iterator[Problem]:
    """Yield a problem if an annotation is missing (`found` is None), or for each missing value."""
    if found is None:
        yield Problem("lost", f"all annotators gave {what}, but gold lacks it", _FIX, document)
        return
    for name, value in given.items():
        if found.get(name) != value:
            lost = f"all annotators gave {what} the value {name}={value}, but gold lacks it"
            yield Problem("lost", lost, _FIX, document)
