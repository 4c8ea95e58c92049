"""DocRED and Re-DocRED: documents of tokenised sentences, with relations between clusters.

Source: https://github.com/thunlp/DocRED (data/README.md). A file is an array of
`{"title", "sents": [["Ana", "vit", …]], "vertexSet": [[{"name", "sent_id", "pos": [0, 1],
"type"}]], "labels": [{"h": 0, "t": 1, "r": "P131", "evidence": [0]}]}`: a vertex is the cluster of
all mentions of one thing; `pos` are token indexes in the sentence, the end exclusive.

The text is the sentences, a line each, their tokens with one space between them. `title` is the
document's id. Each mention's `ref` is `title#cluster`; a relation stands between the clusters'
first mentions, with the numbers of its evidence's lines, from 0, as attribute `evidence` ("0 2").
Mentions are numbered e1, e2 … as they come. Names that differ from the text, and clusters without
mentions, are noted.

Writing, the mentions of one ref and label are a cluster, and those without ref one each; `id` and
`ref` of ours stand beside each mention and are read again. A line is a sentence, unless a mention
goes over its end.

Holds mentions of any kind, their ids and refs, relations between clusters with `evidence`. Cannot
hold other attributes, scores, metadata, and the text between tokens: written texts come back with
single spaces, which is noted.

Options, writing: `tokens=error|expand|drop`, for mentions that cut a token (`tokens.lay`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate, count, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared import clusters, json_records, words
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    AlignedMention,
    Token,
    TokenWriteOptions,
    align_mentions,
    tokenize,
)
from aloi.corpus.problems import DataError, Problem

_EVIDENCE = "evidence"

CAPABILITIES = Capabilities(
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=frozenset({_EVIDENCE}),
    relation_scores=False,
    clusters=True,
    meta=False,
)
WriteOptions = TokenWriteOptions
ReadOptions = Options


class _Mention(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    pos: tuple[int, int]
    sent_id: int
    type: str
    id: str | None = None
    ref: str | msgspec.UnsetType | None = msgspec.UNSET


class _Label(msgspec.Struct, frozen=True):
    h: int
    t: int
    r: str
    evidence: list[int] = []


class _Record(msgspec.Struct, frozen=True):
    title: str
    sents: list[list[str]]
    vertex_set: list[list[_Mention]] = msgspec.field(name="vertexSet")
    labels: list[_Label] = []


class _Sentences(NamedTuple):
    """The first token of each sentence and one beyond the last, and the sentence of each line."""

    starts: list[int]
    of_line: dict[int, int]


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.json` files below a folder."""
    return json_records.read_documents(path, _Record, partial(_document, notes=notes))


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write one array."""
    return json_records.write_array((_record(d, options, notes) for d in documents), path)


def _document(found: _Record, record: json_records.JsonRecord, notes: Notes) -> Document:
    id_ = record.document_id(found.title)
    text, sentences = _text(found.sents)
    vertices = _vertices(found, sentences, id_)
    arcs = (clusters.ClusterRelation(r.h, r.t, r.r, _attributes(r.evidence)) for r in found.labels)
    document = clusters.document_from_clusters(
        id_, text, vertices, arcs, place=record.place, notes=notes
    )
    names = [mention.name for vertex in found.vertex_set for mention in vertex]
    surfaces = [document.surface(entity) for vertex in vertices for entity in vertex]
    differing = sum(name != surface for name, surface in zip(names, surfaces, strict=True))
    notes.add("names that differ from the text", record.place, differing)
    return document


def _text(sents: Iterable[list[str]]) -> tuple[str, list[list[Token]]]:
    lines, sentences, start = [], [], 0
    for sent in sents:
        line, tokens = words.join_words(sent, start=start)
        lines.append(line)
        sentences.append(tokens)
        start += len(line) + 1
    return "\n".join(lines), sentences


def _vertices(found: _Record, sentences: list[list[Token]], id_: str) -> list[list[Entity]]:
    every = words.SpanResolver([])
    numbers = count(1)
    vertices: list[list[Entity]] = []
    for cluster, vertex in enumerate(found.vertex_set):
        vertices.append([])
        for mention in vertex:
            name = f"e{next(numbers)}" if mention.id is None else mention.id
            known = 0 <= mention.sent_id < len(sentences)
            tokens = sentences[mention.sent_id] if known else []
            start, end = words.SpanResolver(tokens, every.problems).resolve(*mention.pos, name)
            ref = clusters.cluster_ref(mention.ref, id_, cluster)
            vertices[-1].append(Entity(name, start, end, mention.type, ref))
    every.raise_problems(id_)
    return vertices


def _attributes(evidence: list[int]) -> dict[str, str]:
    return {_EVIDENCE: " ".join(map(str, evidence))} if evidence else {}


def _record(document: Document, options: TokenWriteOptions, notes: Notes) -> _Record:
    tokens = tokenize(document.text)
    laid = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    sentences = _sentences(document.text, tokens, laid)
    sents = [
        [document.text[token.start : token.end] for token in tokens[first:end]]
        for first, end in pairwise(sentences.starts)
    ]
    text = "\n".join(map(" ".join, sents))
    notes.add("texts re-spaced", f"document {document.id}", text != document.text)
    number = clusters.number_clusters(document.entities)
    vertices: dict[int, list[_Mention]] = {}
    for mention in laid:
        vertex = vertices.setdefault(number[mention.entity.id], [])
        vertex.append(_mention(mention, sentences.starts, sents))
    position = {cluster: place for place, cluster in enumerate(vertices)}
    vertex_of = {id_: position[cluster] for id_, cluster in number.items() if cluster in position}
    labels = _labels(document, vertex_of, sentences.of_line, notes)
    return _Record(document.id, sents, list(vertices.values()), labels)


def _sentences(text: str, tokens: list[Token], laid: Iterable[AlignedMention]) -> _Sentences:
    """A line is a sentence; lines that a mention joins are one."""
    steps = [0] * (len(tokens) + 1)
    for mention in laid:
        steps[mention.first + 1] += 1
        steps[mention.end] -= 1
    starts: list[int] = []
    of_line: dict[int, int] = {}
    line = last = 0
    for number, (token, inside) in enumerate(zip(tokens, accumulate(steps), strict=False)):
        breaks = text.count("\n", last, token.start)
        line, last = line + breaks, token.start
        if not starts or (breaks and not inside):
            starts.append(number)
        of_line.setdefault(line, len(starts) - 1)
    return _Sentences([*starts, len(tokens)], of_line)


def _mention(mention: AlignedMention, starts: list[int], sents: list[list[str]]) -> _Mention:
    entity = mention.entity
    sentence = bisect_right(starts, mention.first) - 1
    pos = mention.first - starts[sentence], mention.end - starts[sentence]
    name = " ".join(sents[sentence][slice(*pos)])
    return _Mention(name, pos, sentence, entity.label, entity.id, entity.ref)


def _labels(
    document: Document, vertex_of: dict[str, int], of_line: dict[int, int], notes: Notes
) -> list[_Label]:
    sentence = {str(line): number for line, number in of_line.items()}
    labels, problems = [], []
    for relation in words.keep_relations(document, vertex_of, notes):
        written = relation.attributes.get(_EVIDENCE)
        lines = [] if written is None else written.split(" ")
        if not sentence.keys() >= {*lines}:
            what = f"evidence {written!r} is no list of lines"
            fix = "Give the numbers of lines with words, from 0, with one space between them"
            problems.append(Problem("bad-attribute", what, fix, document.id, str(relation)))
            continue
        evidence = list(dict.fromkeys(sentence[line] for line in lines))
        head, tail = vertex_of[relation.head], vertex_of[relation.tail]
        labels.append(_Label(head, tail, relation.label, evidence))
    if problems:
        raise DataError(problems)
    return labels
