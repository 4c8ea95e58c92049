"""What differs between two versions of a corpus: documents, their rights, their annotations.

Documents are the same by their id. In a document of the same text, a mention is known by its start,
end and label, a relation by the stretches of its ends and its label (of a symmetric relation, in
whichever order), as scores count them. One known on one side only was added or removed; one known
on both is changed if its `ref` or attributes are others. So a mention that got another label or
boundary is one removed and one added. Where the text changed, offsets say nothing: there, mentions
are known by what they cover. Ids of mentions and scores of models are no part of the comparison.

Time grows with the documents and their annotations, no faster.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aloi.corpus.document import Document
from aloi.corpus.release.versions.editions import Edition, Seal
from aloi.corpus.rights import RIGHTS_KEYS

ENTITIES, RELATIONS = "entities", "relations"

RIGHTS = ("licence", "holder", "redistributable")
"""What of the rights in a text says who may do what with it; the rest is metadata."""

Kind = tuple[str, str, str]
"""`entities` or `relations`, a split, a label."""

Ends = tuple[object, ...]
"""Where an annotation stands: offsets or surface, of a relation those of both ends."""

Known = tuple[str, str, Ends]
"""What an annotation is known by: `entities` or `relations`, its label, where it stands."""

Marks = Counter[tuple[Known, tuple[object, ...]]]
"""The annotations of a document, each with what may change of it."""


@dataclass
class Tally:
    """How many annotations came and went: with their documents, or in documents that stayed."""

    arrived: int = 0
    left: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0

    def __str__(self) -> str:
        """What was done in documents that stayed: `+3 −1 ~2`, what was not left out."""
        signs = (("+", self.added), ("−", self.removed), ("~", self.changed))
        return " ".join(f"{sign}{number}" for sign, number in signs if number)


def corrections(tallies: Iterable[Tally]) -> int:
    """How many corrections made the difference; one removed and one added are a single one."""
    tallies = list(tallies)
    added, removed = sum(each.added for each in tallies), sum(each.removed for each in tallies)
    return max(added, removed) + sum(each.changed for each in tallies)


@dataclass(frozen=True)
class Differences:
    """All that differs from `old` to `new` but their schemas; documents by id, in order.

    `added`, `removed`: with their splits. `moved`: with the splits before and after.
    `rewritten`: their text changed. `annotated`: their annotations did. `annotations`: of a
    document that moved, under the split it is in now. `kept`: how many annotations the documents
    that stayed had, by `entities` or `relations` and by split.
    """

    old: Edition
    new: Edition
    added: Mapping[str, str]
    removed: Mapping[str, str]
    moved: Mapping[str, tuple[str, str]]
    rewritten: tuple[str, ...]
    annotated: tuple[str, ...]
    rights: tuple[str, ...]
    metadata: tuple[str, ...]
    annotations: Mapping[Kind, Tally]
    kept: Mapping[tuple[str, str], int]


def compare(old: Edition, new: Edition) -> Differences:
    """What differs from one version to the next."""
    stayed = sorted(old.documents.keys() & new.documents.keys())
    splits = {id_: (old.split(id_), new.split(id_)) for id_ in stayed}
    tallies: dict[Kind, Tally] = defaultdict(Tally)
    _count_whole(old, new, tallies)
    return Differences(
        old=old,
        new=new,
        added=_only(new, old),
        removed=_only(old, new),
        moved={id_: both for id_, both in splits.items() if both[0] != both[1]},
        rewritten=tuple(id_ for id_ in stayed if _rewritten(old, new, id_)),
        annotated=tuple(id_ for id_ in stayed if _count_corrections(old, new, id_, tallies)),
        rights=tuple(id_ for id_ in stayed if _rights(old, id_) != _rights(new, id_)),
        metadata=tuple(id_ for id_ in stayed if _described_otherwise(old, new, id_)),
        annotations=dict(sorted(tallies.items())),
        kept=_kept(old, new, stayed),
    )


def _only(one: Edition, other: Edition) -> dict[str, str]:
    """The documents that are only in `one`, and their splits."""
    only = one.documents.keys() - other.documents.keys() - other.lacking
    return {id_: one.split(id_) for id_ in sorted(only)}


def _rewritten(old: Edition, new: Edition, id_: str) -> bool:
    """Whether a text changed; of two sealed with different salts, only the length can be told."""
    before, after = old.documents[id_].text, new.documents[id_].text
    match old.sealed.get(id_), new.sealed.get(id_):
        case None, None:
            return before != after
        case None, Seal() as seal:
            return not seal.fits(before)
        case Seal() as seal, None:
            return not seal.fits(after)
        case one, other if one and other and one.salt == other.salt:
            return one != other
    return len(before) != len(after)


def _rights(edition: Edition, id_: str) -> tuple[object, ...]:
    return tuple(getattr(edition.rights[id_], name) for name in RIGHTS)


def _described_otherwise(old: Edition, new: Edition, id_: str) -> bool:
    """Whether metadata differ; a sealed document leaves some out, which tells nothing."""
    before, after = old.documents[id_].meta, new.documents[id_].meta
    keys = before.keys() | after.keys()
    if id_ in old.sealed or id_ in new.sealed:
        keys = before.keys() & after.keys()
    legal = {RIGHTS_KEYS[name] for name in RIGHTS}
    return any(before.get(key) != after.get(key) for key in keys - legal)


def _kept(old: Edition, new: Edition, stayed: list[str]) -> Counter[tuple[str, str]]:
    kept: Counter[tuple[str, str]] = Counter()
    for id_ in stayed:
        kept[ENTITIES, new.split(id_)] += len(old.documents[id_].entities)
        kept[RELATIONS, new.split(id_)] += len(old.documents[id_].relations)
    return kept


def _symmetric(old: Edition, new: Edition) -> frozenset[str]:
    """The relation labels that are symmetric by every schema there is."""
    known = [each.schema.symmetric for each in (old, new) if each.schema]
    return frozenset.intersection(*known) if known else frozenset()


def _count_whole(old: Edition, new: Edition, tallies: Mapping[Kind, Tally]) -> None:
    """Add the annotations that came and went with their documents to the tallies."""
    for id_, split in _only(new, old).items():
        for what, label in _labels(new.documents[id_]):
            tallies[what, split, label].arrived += 1
    for id_, split in _only(old, new).items():
        for what, label in _labels(old.documents[id_]):
            tallies[what, split, label].left += 1


def _labels(document: Document) -> Iterator[tuple[str, str]]:
    yield from ((ENTITIES, entity.label) for entity in document.entities)
    yield from ((RELATIONS, relation.label) for relation in document.relations)


def _count_corrections(old: Edition, new: Edition, id_: str, tallies: Mapping[Kind, Tally]) -> bool:
    """Add what differs between the annotations of one document; whether anything does."""
    one, other = old.documents[id_], new.documents[id_]
    sealed = id_ in old.sealed or id_ in new.sealed
    by_place, symmetric = sealed or one.text == other.text, _symmetric(old, new)
    if by_place and (one.entities, one.relations) == (other.entities, other.relations):
        return False  # most documents: nothing need be looked at
    before = _marks(one, by_place=by_place, symmetric=symmetric)
    after = _marks(other, by_place=by_place, symmetric=symmetric)
    if before == after:
        return False
    gone, come = _known(before - after), _known(after - before)
    for what, label, place in gone | come:
        lost, found = gone[what, label, place], come[what, label, place]
        tally = tallies[what, new.split(id_), label]
        tally.changed += min(lost, found)
        tally.removed += max(lost - found, 0)
        tally.added += max(found - lost, 0)
    return True


def _marks(document: Document, *, by_place: bool, symmetric: frozenset[str]) -> Marks:
    places: dict[str, Ends] = {
        entity.id: (entity.start, entity.end) if by_place else (document.surface(entity),)
        for entity in document.entities
    }
    marks: Marks = Counter()
    for entity in document.entities:
        attributes = tuple(sorted(entity.attributes.items()))
        marks[(ENTITIES, entity.label, places[entity.id]), (entity.ref, attributes)] += 1
    for relation in document.relations:
        ends: list[Ends] = [places[relation.head], places[relation.tail]]
        if relation.label in symmetric:
            ends.sort()
        attributes = tuple(sorted(relation.attributes.items()))
        marks[(RELATIONS, relation.label, tuple(ends)), attributes] += 1
    return marks


def _known(marks: Marks) -> Counter[Known]:
    return Counter(known for known, _ in marks.elements())
