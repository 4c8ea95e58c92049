"""POPCORN: documents with mentions in clusters, and relations between clusters.

Source: https://github.com/Emvista/popcorn-dataset. A file is an object that maps ids to documents,
`{"5_1342": {"text", "entities": [{"id": 0, "type": "FIRE", "mentions": [{"value", "start",
"end"}]}], "relations": [[0, "STARTED_IN", 7]]}}`, or an array of such objects. Several objects of
an array may contain the same id; therefore, document 1001 of the second object gets the id
`2-1001`. Offsets count code points; end offsets are exclusive.

The label of a mention is the `type` of its cluster, and its `ref` is `document#cluster`. A relation
between clusters is read as a relation between their first mentions in the text. Mentions are
numbered e1, e2 … in file order. The reader counts values that differ from the text, and clusters
without mentions.

The writer puts mentions with the same ref and label into one cluster; a mention without a ref forms
its own cluster. The writer adds the key `ref` to clusters and the key `id` to mentions. If a file
contains these keys, the reader uses them instead of the rules above.

The format represents the text, overlapping mentions, mention ids, refs, and relations between
clusters. It does not represent attributes, scores or metadata.

The reader loads a whole file into memory. There are no options.
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

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import Document, Entity
from aloi.corpus.duplicate_ids import duplicate_id
from aloi.corpus.formats.shared import clusters, json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.files import find_files
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
    """Yield the documents of a file, or of the `.json` files below a folder."""
    build = partial(_to_document, notes=notes)
    return json_records.read_documents(path, _Text, build, find=_find_records)


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write one JSON object with one document per line; return the number of documents."""
    number = 0
    with atomic_text_file(path) as stream:
        stream.write("{")
        for number, document in enumerate(documents, start=1):
            stream.write("\n" if number == 1 else ",\n")
            key, text = map(msgspec.json.encode, (document.id, _to_text(document)))
            stream.write(f"{key.decode()}: {text.decode()}")
        stream.write("\n}\n")
    return number


def _find_records(path: Path) -> Iterator[json_records.JsonRecord | Problem]:
    """Yield the records of all files, with ids as keys, and the problems of unreadable files."""
    for file in find_files(path, json_records.JSON_SUFFIXES):
        try:
            content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
            ids, texts = _split_file(content)
        except DataError as error:
            yield from (problem.at(file=str(file)) for problem in error.problems)
            continue
        for id_, record in zip(ids, json_records.split_array(content, texts, file), strict=True):
            yield replace(record, key=id_)


def _split_file(content: bytes) -> tuple[list[str], list[msgspec.Raw]]:
    """Return the ids and the JSON texts of the documents.

    In an array, each id begins with the number of the object that contains the document.
    """
    is_array = content.lstrip().startswith(b"[")
    if is_array:
        parts = json_records.decode_json(content, list[dict[str, msgspec.Raw]])
        _check_unique(_decode_keys(content))
    else:
        parts = [json_records.decode_json(content, dict[str, msgspec.Raw])]
        _check_unique([_decode_keys(content)])
    ids = [
        f"{number}-{id_}" if is_array else id_
        for number, part in enumerate(parts, start=1)
        for id_ in part
    ]
    return ids, [raw for part in parts for raw in part.values()]


def _decode_keys(content: bytes) -> Any:  # noqa: ANN401 - nested as the file is
    """Return the decoded JSON with each object replaced by the list of its keys.

    The list includes duplicate keys.
    """
    try:
        return json.loads(
            content,
            object_pairs_hook=lambda pairs: [key for key, _ in pairs],
            parse_int=str,
            parse_float=str,
        )
    except (ValueError, RecursionError) as error:
        fix = "Correct the JSON; the documentation of the format describes the expected structure"
        raise DataError([Problem("bad-json", f"the JSON is invalid: {error}", fix)]) from error


def _check_unique(parts: Iterable[list[str]]) -> None:
    """Raise `DataError` if an object contains an id twice.

    Decoding would keep only the last document with that id.
    """
    repeated = [id_ for part in parts for id_, times in Counter(part).items() if times > 1]
    if repeated:
        raise DataError(duplicate_id(id_) for id_ in repeated)


def _to_document(content: _Text, record: json_records.JsonRecord, notes: Notes) -> Document:
    id_ = record.document_id(record.key)
    index = {cluster.id: number for number, cluster in enumerate(content.entities)}
    if len(index) < len(content.entities):
        fix = "Give each cluster of the document a unique id"
        what = "the document contains a duplicate cluster id"
        raise DataError([Problem("cluster-id-twice", what, fix, id_)])
    numbers = count(1)
    groups = [
        [_to_entity(mention, cluster, f"e{next(numbers)}", id_) for mention in cluster.mentions]
        for cluster in content.entities
    ]
    relations = (
        clusters.ClusterRelation(index.get(head, -1), index.get(tail, -1), label, {})
        for head, label, tail in content.relations
    )
    document = clusters.document_from_clusters(
        id_, content.text, groups, relations, place=record.place, notes=notes
    )
    differing = sum(
        mention.value != content.text[mention.start : mention.end]
        for cluster in content.entities
        for mention in cluster.mentions
    )
    notes.add("values that differ from the text", record.place, differing)
    return document


def _to_entity(mention: _Mention, cluster: _Cluster, name: str, document: str) -> Entity:
    name = name if mention.id is None else mention.id
    ref = clusters.cluster_ref(cluster.ref, document, cluster.id)
    return Entity(id=name, start=mention.start, end=mention.end, label=cluster.type, ref=ref)


def _to_text(document: Document) -> _Text:
    cluster_of = clusters.number_clusters(document.entities)
    groups: dict[int, list[Entity]] = {}
    for entity in document.entities:
        groups.setdefault(cluster_of[entity.id], []).append(entity)
    return _Text(
        document.text,
        [_to_cluster(cluster, group, document) for cluster, group in groups.items()],
        [(cluster_of[r.head], r.label, cluster_of[r.tail]) for r in document.relations],
    )


def _to_cluster(cluster: int, group: list[Entity], document: Document) -> _Cluster:
    mentions = [_Mention(document.surface(e), e.start, e.end, e.id) for e in group]
    return _Cluster(cluster, mentions, group[0].label, group[0].ref)
