"""What annotators of one text agree on, and what they differ on.

Work is compared by value; ids play no part. A mention is known by its start, end and label; its ref
and attributes are compared apart from it. A relation is known by its ends' mentions and its label,
in text order if it is symmetric; its attributes are compared apart, those with the schema's default
left out. Of mentions or relations that one annotator has twice the first counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.label_studio_results import REF
from aloi.corpus.schema import Schema
from aloi.eval.agreement.mention_disagreements import NO_MENTION, find_mention_disagreements
from aloi.eval.columns import Annotations

Mention = tuple[int, int, str]
"""Start, end and label; code points, the end exclusive."""

Arc = tuple[Mention, Mention, str]
"""Head, tail and label."""

BARE = Schema("", "", {})
"""A schema that says nothing, for documents without one: all relations have a direction."""

MENTION, RELATION = "mention", "relation"

FORTH, BACK, BOTH = " →", "← ", " ↔"
_NO_ARROWS = str.maketrans("", "", "→←↔")


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says: the ref and attributes of each mention, the attributes of each arc."""

    mentions: dict[Mention, dict[str, str]]
    arcs: dict[Arc, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in a document that annotators differ on, and what each of them has there.

    `what`: MENTION (one span: mentions that touch there), the name of a value of one mention
    (`ref`, or an attribute), or RELATION (two spans: the arcs between these mentions, in text
    order). `held`, by annotator, is made to be read: `ROLE «président»`, `REPRESENTS →`,
    `← SUPPORTS assertion=negated`; of values and arcs only those who have the mentions are in it.
    """

    document: str
    what: str
    spans: tuple[tuple[int, int], ...]
    surfaces: tuple[str, ...]
    held: dict[str, tuple[str, ...]] = field(hash=False)

    @property
    def kind(self) -> tuple[str, ...]:
        """What stands against each other, whoever holds it.

        Which way an arc goes counts only where annotators differ in nothing else.
        """
        held = {told(each) for each in self.held.values()}
        if self.what != RELATION:
            return (self.what, *sorted(held))
        turned = {" ".join(each.translate(_NO_ARROWS).split()) for each in held}
        return tuple(sorted(turned if len(turned) == len(held) else held))

    @property
    def opposed(self) -> bool:
        """Whether those who have the mentions differ, not only in which mentions they have."""
        return len(set(self.held.values())) > 1

    def to_json(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {
            "what": self.what,
            "kind": list(self.kind),
            "document": self.document,
            "spans": [list(span) for span in self.spans],
            "surfaces": list(self.surfaces),
            "held": {name: list(each) for name, each in self.held.items()},
        }


def told(held: Iterable[str]) -> str:
    """What someone has, on one line; a dash for nothing."""
    return " + ".join(held) or NO_MENTION


def content(document: Document, schema: Schema) -> Content:
    """What a document says, by value."""
    mentions = {mention(each): values(each) for each in reversed(document.entities)}
    by_id, arcs = document.by_id(), dict[Arc, dict[str, str]]()
    for relation in document.relations:
        ends = mention(by_id[relation.head]), mention(by_id[relation.tail])
        head, tail = sorted(ends) if relation.label in schema.symmetric else ends
        arcs.setdefault((head, tail, relation.label), _stated(relation, schema))
    return Content(mentions, arcs)


def mention(entity: Entity) -> Mention:
    """What an entity is known by."""
    return entity.start, entity.end, entity.label


def values(entity: Entity) -> dict[str, str]:
    """An entity's ref, where it has one, and its attributes."""
    return {**({} if entity.ref is None else {REF: entity.ref}), **entity.attributes}


def _stated(relation: Relation, schema: Schema) -> dict[str, str]:
    types = schema.relation_attributes
    return {
        name: value
        for name, value in relation.attributes.items()
        if name not in types or types[name].default != value
    }


def written(said: Content, versions: Iterable[Document]) -> Document:
    """A document that says this; text, id and metadata are those of the first version.

    A mention bears the id that the first version which has it gave it, so that ids stay the same
    whatever is decided about others; where another mention has that id already, a new one.
    """
    versions = list(versions)
    named: dict[Mention, str] = {}
    for version in versions:
        for entity in version.entities:
            if mention(entity) in said.mentions:
                named.setdefault(mention(entity), _free(entity.id, named.values()))
    entities = []
    for (start, end, label), given in said.mentions.items():
        attributes = dict(given)
        ref = attributes.pop(REF, None)
        entities.append(Entity(named[start, end, label], start, end, label, ref, attributes))
    relations = tuple(
        Relation(named[head], named[tail], label, attributes=dict(attributes))
        for (head, tail, label), attributes in said.arcs.items()
    )
    return msgspec.structs.replace(versions[0], entities=tuple(entities), relations=relations)


def _free(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    others = (f"{name}-{number}" for number in count(2))
    return name if name not in known else next(each for each in others if each not in known)


def common(contents: Iterable[Content]) -> Content:
    """What all of them say; a mention keeps the values that all give it, an arc likewise."""
    first, *others = contents
    return Content(
        _common(first.mentions, [each.mentions for each in others]),
        _common(first.arcs, [each.arcs for each in others]),
    )


def _common(
    first: Mapping[Any, dict[str, str]], others: list[dict[Any, dict[str, str]]]
) -> dict[Any, dict[str, str]]:
    return {
        key: {
            name: value
            for name, value in given.items()
            if all(each[key].get(name) == value for each in others)
        }
        for key, given in first.items()
        if all(key in each for each in others)
    }


def differences(versions: Mapping[str, Document], schema: Schema) -> list[Difference]:
    """All that annotators of one text differ on: mentions, values, then relations."""
    contents = {name: content(version, schema) for name, version in versions.items()}
    document = next(iter(versions.values()))
    return [
        *_mentions(versions),
        *_values(document, contents),
        *_relations(document, contents, schema),
    ]


def _mentions(versions: Mapping[str, Document]) -> Iterator[Difference]:
    columns = {name: Annotations.of([version]) for name, version in versions.items()}
    given = {
        name: {mention(each): each for each in version.entities}
        for name, version in versions.items()
    }
    for apart in sorted(find_mention_disagreements(columns), key=lambda each: each.start):
        held = {
            name: tuple(
                _told_mention(versions[name], given[name][start, end, label])
                for label, start, end in apart.marked[name]
            )
            for name in versions
        }
        spans = ((apart.start, apart.end),)
        yield Difference(apart.document, MENTION, spans, (apart.text,), held)


def _told_mention(version: Document, entity: Entity) -> str:
    return " ".join([entity.label, f"«{version.surface(entity)}»", *_pairs(values(entity))])


def _pairs(given: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in given.items()]


def _values(document: Document, contents: Mapping[str, Content]) -> Iterator[Difference]:
    """The values that differ of mentions that two or more have."""
    for key in sorted({key for each in contents.values() for key in each.mentions}):
        having = {
            name: each.mentions[key] for name, each in contents.items() if key in each.mentions
        }
        for value in sorted({value for given in having.values() for value in given}):
            held: dict[str, tuple[str, ...]] = {
                name: (given[value],) if value in given else () for name, given in having.items()
            }
            if len(set(held.values())) > 1:
                yield _difference(document, value, (key,), held)


def _relations(
    document: Document, contents: Mapping[str, Content], schema: Schema
) -> Iterator[Difference]:
    """The arcs between each two mentions that not all have alike."""
    between: dict[tuple[Mention, ...], dict[str, set[str]]] = {}
    for name, each in contents.items():
        for (head, tail, label), attributes in each.arcs.items():
            ends = tuple(sorted((head, tail)))
            arrow = _arrow(label, symmetric=label in schema.symmetric, forward=(head, tail) == ends)
            given = " ".join([arrow, *_pairs(attributes)])
            between.setdefault(ends, {}).setdefault(name, set()).add(given)
    for ends, arcs in sorted(between.items()):
        held = {
            name: tuple(sorted(arcs.get(name, ())))
            for name, each in contents.items()
            if all(end in each.mentions for end in ends)
        }
        if len(held) < len(contents) or len(set(held.values())) > 1:
            yield _difference(document, RELATION, ends, held)


def _arrow(label: str, *, symmetric: bool, forward: bool) -> str:
    if symmetric:
        return label + BOTH
    return label + FORTH if forward else BACK + label


def _difference(
    document: Document, what: str, mentions: Iterable[Mention], held: dict[str, tuple[str, ...]]
) -> Difference:
    spans = tuple((start, end) for start, end, _ in mentions)
    surfaces = tuple(document.text[start:end] for start, end in spans)
    return Difference(document.id, what, spans, surfaces, held)


def frequent_first(found: Iterable[Difference]) -> list[Difference]:
    """Differences by kind, the most frequent kinds first."""
    listed = list(found)
    frequent = Counter(each.kind for each in listed)
    return sorted(listed, key=lambda x: (-frequent[x.kind], x.kind, x.document, x.spans))
