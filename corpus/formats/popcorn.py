"""POPCORN: documents with mentions in clusters, and relations between clusters.

Source: https://github.com/Emvista/popcorn-dataset. A file is one object of documents by id,
`{"5_1342": {"text", "entities": [{"id": 0, "type": "FIRE", "mentions": [{"value", "start",
"end"}]}], "relations": [[0, "STARTED_IN", 7]]}}`, or an array of such objects, whose ids repeat:
document 1001 of the second is `2-1001`. Offsets are code points, the end exclusive.

A mention's label is its cluster's `type`, the fine one; its `ref` is `document#cluster`; a
relation stands between the clusters' first mentions in the text. Mentions are numbered e1, e2 … as
they come. Values that differ from the text, and clusters without mentions, are noted.

Writing, the mentions of one ref and label are a cluster, and those without ref one each; `ref` of
ours stands beside each cluster, `id` beside each mention, and are read again.

Holds texts, mentions of any kind, their ids and refs, and relations between clusters. Cannot hold
attributes, scores and metadata.

No options. A file is read as a whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.files import atomic_text_file
from aloi.corpus.formats.shared import clusters, json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=False,
    relation_scores=False,
    clusters=True,
    meta=False,
)
ReadOptions = WriteOptions = Options


class _Mention(msgspec.Struct, frozen=True, omit_defaults=True):
    value: str
    start: int
    end: int
    id: str | None = None


class _Cluster(msgspec.Struct, frozen=True, omit_defaults=True):
    id: int
    mentions: list[_Mention]
    type: str
    ref: str | msgspec.UnsetType | None = msgspec.UNSET


class _Text(msgspec.Struct, frozen=True):
    text: str
    entities: list[_Cluster]
    relations: list[tuple[int, str, int]] = []


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.json` files below a folder."""
    build = partial(_document, notes=notes)
    return json_records.read_documents(path, _Text, build, find=_records)


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write one object, a document a line."""
    number = 0
    with atomic_text_file(path) as stream:
        stream.write("{")
        for number, document in enumerate(documents, start=1):
            stream.write("\n" if number == 1 else ",\n")
            key, text = map(msgspec.json.encode, (document.id, _text(document)))
            stream.write(f"{key.decode()}: {text.decode()}")
        stream.write("\n}\n")
    return number


def _records(path: Path, problems: list[Problem]) -> Iterator[json_records.JsonRecord]:
    """The documents of all files, with their ids; a file in a wrong shape becomes problems."""
    for file in json_records.files(path):
        try:
            content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
            ids, parts = _parts(content)
        except DataError as error:
            problems += [problem.at(file=str(file)) for problem in error.problems]
            continue
        for id_, record in zip(ids, json_records.elements(content, parts, file), strict=True):
            yield replace(record, key=id_)


def _parts(content: bytes) -> tuple[list[str], list[msgspec.Raw]]:
    """The documents' ids, with the number of their part where a file has parts, and their JSON."""
    several = content.lstrip().startswith(b"[")
    if several:
        found = json_records.decode(content, list[dict[str, msgspec.Raw]])
        _check_unique(_keys(content))
    else:
        found = [json_records.decode(content, dict[str, msgspec.Raw])]
        _check_unique([_keys(content)])
    ids = [
        f"{number}-{id_}" if several else id_
        for number, part in enumerate(found, start=1)
        for id_ in part
    ]
    return ids, [raw for part in found for raw in part.values()]


def _keys(content: bytes) -> Any:  # noqa: ANN401 - as deep as the file
    """A file's JSON, each object as the list of its keys: decoding keeps only the last of two."""
    try:
        return json.loads(
            content,
            object_pairs_hook=lambda pairs: [key for key, _ in pairs],
            parse_int=str,
            parse_float=str,
        )
    except (ValueError, RecursionError) as error:
        fix = "Write UTF-8 JSON of the shape that the format's documentation shows"
        raise DataError([Problem("bad-json", f"not JSON: {error}", fix)]) from error


def _check_unique(parts: Iterable[list[str]]) -> None:
    what, fix = "document id given twice", "Give each document its own id"
    twice = [id_ for part in parts for id_, times in Counter(part).items() if times > 1]
    if twice:
        raise DataError(Problem("document-id-twice", what, fix, id_) for id_ in twice)


def _document(found: _Text, record: json_records.JsonRecord, notes: Notes) -> Document:
    id_ = record.name(record.key)
    position = {cluster.id: place for place, cluster in enumerate(found.entities)}
    if len(position) < len(found.entities):
        fix = "Number the clusters of a document each otherwise"
        raise DataError([Problem("cluster-id-twice", "a cluster's id is given twice", fix, id_)])
    numbers = count(1)
    groups = [
        [_entity(mention, cluster, f"e{next(numbers)}", id_) for mention in cluster.mentions]
        for cluster in found.entities
    ]
    arcs = (
        clusters.Arc(position.get(head, -1), position.get(tail, -1), label, {})
        for head, label, tail in found.relations
    )
    document = clusters.joined(id_, found.text, groups, arcs, place=record.place, notes=notes)
    differing = sum(
        mention.value != found.text[mention.start : mention.end]
        for cluster in found.entities
        for mention in cluster.mentions
    )
    notes.add("values that differ from the text", record.place, differing)
    return document


def _entity(mention: _Mention, cluster: _Cluster, name: str, document: str) -> Entity:
    name = name if mention.id is None else mention.id
    ref = clusters.ref_of(cluster.ref, document, cluster.id)
    return Entity(name, mention.start, mention.end, cluster.type, ref)


def _text(document: Document) -> _Text:
    number = clusters.clusters(document.entities)
    groups: dict[int, list[Entity]] = {}
    for entity in document.entities:
        groups.setdefault(number[entity.id], []).append(entity)
    return _Text(
        document.text,
        [_cluster(id_, group, document) for id_, group in groups.items()],
        [(number[r.head], r.label, number[r.tail]) for r in document.relations],
    )


def _cluster(id_: int, group: list[Entity], document: Document) -> _Cluster:
    mentions = [_Mention(document.surface(e), e.start, e.end, e.id) for e in group]
    return _Cluster(id_, mentions, group[0].label, group[0].ref)
