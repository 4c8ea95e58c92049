"""The tables of a site, as rows. The first cell of a row is its key; rows are sorted by key.

An occurrence is two numbers: the position of the document in the table `documents`, and the
position of the mention or relation in the document. Rows with many occurrences are divided.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from aloi.corpus.document import Document
from aloi.corpus.site.contents import SiteContents, count_by_label, sort_key, surface
from aloi.corpus.site.search_keys import search_keys

Row = list[Any]

MAX_OCCURRENCES = 2000
"""The number of occurrences in a row."""


class Direction(IntEnum):
    """The direction of a relation, as seen from one of its ends."""

    FORWARD = 0
    BACKWARD = 1
    SYMMETRIC = 2


class Found(IntEnum):
    """What a search finds."""

    TYPE = 0
    RELATION_TYPE = 1
    REF = 2
    SURFACE = 3
    DOCUMENT = 4


def document_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield each document: id, title, split, metadata, text, mentions and relations.

    A mention is [start, end, label number, id, ref, name of the ref, attributes], a relation is
    [head, tail, label number, attributes]; head and tail are positions in the list of mentions.
    """
    entity_number = _numbers(contents.entity_labels)
    relation_number = _numbers(contents.relation_labels)
    for document in contents.documents:
        position = {entity.id: number for number, entity in enumerate(document.entities)}
        entities = [
            [
                entity.start,
                entity.end,
                entity_number[entity.label],
                entity.id,
                entity.ref or "",
                contents.ref_names.get(entity.ref or "", ""),
                [*entity.attributes.items()],
            ]
            for entity in document.entities
        ]
        relations = [
            [position[r.head], position[r.tail], relation_number[r.label], [*r.attributes.items()]]
            for r in document.relations
        ]
        split = contents.corpus.split_of.get(document.id, "")
        metadata = [[k, _text(v)] for k, v in document.meta.items() if k != "title"]
        title = _title(document)
        yield [document.id, title, split, metadata, document.text, entities, relations]


def list_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield each document: id, title, date, split, number of mentions and of relations."""
    for document in contents.documents:
        split = contents.corpus.split_of.get(document.id, "")
        sizes = (len(document.entities), len(document.relations))
        yield [document.id, _title(document), str(document.meta.get("date", "")), split, *sizes]


def mention_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield surface, label number, ref and occurrences."""
    label_number = _numbers(contents.entity_labels)
    found: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)
    for number, document in enumerate(contents.documents):
        for position, entity in enumerate(document.entities):
            key = surface(document, entity), label_number[entity.label], entity.ref or ""
            found[key] += number, position
    for key in sorted(found, key=lambda key: (sort_key(key[0]), key[1:])):
        yield from _divided([*key], found[key])


def ref_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield ref, name, number of mentions and of documents, and the surfaces.

    A surface is [surface, label number, number of mentions].
    """
    label_number = _numbers(contents.entity_labels)
    surfaces: defaultdict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    documents: Counter[str] = Counter()
    for document in contents.documents:
        documents.update({entity.ref for entity in document.entities if entity.ref})
        for entity in document.entities:
            if entity.ref:
                key = surface(document, entity), label_number[entity.label]
                surfaces[entity.ref][key] += 1
    for ref in sorted(surfaces, key=sort_key):
        found = [[*key, count] for key, count in _by_count(surfaces[ref])]
        name = contents.ref_names[ref]
        yield [ref, name, surfaces[ref].total(), documents[ref], found]


def fact_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield ref, relation label number, `Direction`, name and ref of the other end, occurrences."""
    label_number = _numbers(contents.relation_labels)
    symmetric = contents.corpus.schema.symmetric
    found: defaultdict[tuple[str, int, int, str, str], list[int]] = defaultdict(list)
    for number, document in enumerate(contents.documents):
        entities = document.by_id()
        for position, relation in enumerate(document.relations):
            head, tail = entities[relation.head], entities[relation.tail]
            for one, other, way in (
                (head, tail, Direction.FORWARD),
                (tail, head, Direction.BACKWARD),
            ):
                if one.ref:
                    direction = Direction.SYMMETRIC if relation.label in symmetric else way
                    name, ref = contents.name(document, other)
                    label = label_number[relation.label]
                    found[one.ref, label, int(direction), name, ref] += number, position
    order = sorted(found, key=lambda key: (sort_key(key[0]), *key[1:3], -len(found[key]), key[3:]))
    for key in order:
        yield from _divided([*key], found[key])


def surface_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield label, surface and number of mentions, the most frequent surfaces first."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in contents.documents:
        for entity in document.entities:
            counts[entity.label][surface(document, entity)] += 1
    for label in sorted(counts, key=sort_key):
        yield from ([label, *item] for item in _by_count(counts[label]))


def named_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield label, ref, name and number of mentions, the most frequent refs first."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in contents.documents:
        for entity in document.entities:
            if entity.ref:
                counts[entity.label][entity.ref] += 1
    for label in sorted(counts, key=sort_key):
        for ref, count in _by_count(counts[label]):
            yield [label, ref, contents.ref_names[ref], count]


def relation_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield label, name and ref of the head, name and ref of the tail, and occurrences.

    The most frequent pairs of head and tail are first. The ends of a symmetric relation are sorted.
    """
    symmetric = contents.corpus.schema.symmetric
    found: defaultdict[tuple[str, str, str, str, str], list[int]] = defaultdict(list)
    for number, document in enumerate(contents.documents):
        entities = document.by_id()
        for position, relation in enumerate(document.relations):
            ends = [
                contents.name(document, entities[end]) for end in (relation.head, relation.tail)
            ]
            if relation.label in symmetric:
                ends.sort()
            found[relation.label, *ends[0], *ends[1]] += number, position
    for key in sorted(found, key=lambda key: (sort_key(key[0]), -len(found[key]), key[1:])):
        yield from _divided([*key], found[key])


def search_rows(contents: SiteContents) -> Iterator[Row]:
    """Yield search key, `Found`, address, displayed name and number of mentions or relations."""
    rows = {(*row,) for item in _found(contents) for row in _keyed(*item)}
    yield from map(list, sorted(rows, key=lambda row: (sort_key(row[0]), row[1:])))


def _found(contents: SiteContents) -> Iterator[tuple[Found, str, str, int, tuple[str, ...]]]:
    """Yield everything that can be found, with the texts whose words are its keys."""
    labels = count_by_label(contents.documents)
    for kind, names in (
        (Found.TYPE, contents.entity_labels),
        (Found.RELATION_TYPE, contents.relation_labels),
    ):
        yield from ((kind, label, label, labels[label], (label,)) for label in names)
    surfaces: Counter[str] = Counter()
    refs: Counter[str] = Counter()
    for document in contents.documents:
        title = _title(document)
        size = len(document.entities)
        yield Found.DOCUMENT, document.id, title, size, (title, document.id)
        surfaces.update(surface(document, entity) for entity in document.entities)
        refs.update(entity.ref for entity in document.entities if entity.ref)
    yield from ((Found.SURFACE, each, each, count, (each,)) for each, count in surfaces.items())
    for ref, count in refs.items():
        name = contents.ref_names[ref]
        yield Found.REF, ref, name, count, (name, ref)


def _keyed(
    kind: Found, address: str, shown: str, count: int, texts: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    for text in texts:
        for key in search_keys(text):
            yield key, int(kind), address, shown, count


def _title(document: Document) -> str:
    """Return the title of a document, or its id."""
    return " ".join(str(document.meta.get("title") or "").split()) or document.id


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _numbers(labels: list[str]) -> dict[str, int]:
    return {label: number for number, label in enumerate(labels)}


def _divided(cells: Row, occurrences: list[int]) -> Iterator[Row]:
    """Yield rows with the same cells and at most `MAX_OCCURRENCES` occurrences each."""
    for start in range(0, len(occurrences), 2 * MAX_OCCURRENCES):
        yield [*cells, occurrences[start : start + 2 * MAX_OCCURRENCES]]


def _by_count(counts: Counter[Any]) -> list[tuple[Any, int]]:
    """Return the items and their counts, the most frequent first."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


TABLES = {
    "documents": document_rows,
    "list": list_rows,
    "mentions": mention_rows,
    "refs": ref_rows,
    "facts": fact_rows,
    "surfaces": surface_rows,
    "named": named_rows,
    "relations": relation_rows,
    "search": search_rows,
}
"""The rows of each table, by the name of its files."""
