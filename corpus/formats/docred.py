"""DocRED and Re-DocRED: documents of tokenised sentences, with relations between clusters.

Source: https://github.com/thunlp/DocRED (data/README.md). A file is an array of
`{"title", "sents": [["Ana", "vit", …]], "vertexSet": [[{"name", "sent_id", "pos": [0, 1],
"type"}]], "labels": [{"h": 0, "t": 1, "r": "P131", "evidence": [0]}]}`. A vertex is the cluster of
all mentions of one entity. `pos` contains the start and end (exclusive) of a mention, as token
indices in its sentence.

The text contains one sentence per line, with tokens joined by single spaces. `title` is the
document id. The `ref` of a mention is `title#cluster`. A relation between clusters is read as a
relation between their first mentions; its attribute `evidence` contains the line numbers of the
evidence sentences, counted from 0 (such as "0 2"). Mentions are numbered e1, e2 … in file order.
The reader counts names that differ from the text, and clusters without mentions.

The writer puts mentions with the same ref and label into one cluster; a mention without a ref forms
its own cluster. The writer adds the keys `id` and `ref` to each mention. If a mention has these
keys, the reader uses them instead of the rules above. Each line of the text becomes a sentence; if
a mention spans several lines, these lines become one sentence.

The format represents overlapping mentions, mention ids, refs, and relations between clusters with
the attribute `evidence`. It does not represent any other attributes, scores, metadata, or the white
space of the text: the reader joins the tokens with single spaces. The writer counts the texts whose
white space changes.

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate, count, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared import clusters, json_records, words
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    AlignedMention,
    Token,
    TokenWriteOptions,
    align_mentions,
    split_tokens,
    token_layer,
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
    tokens=True,
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
    """The sentences of a document, as token ranges.

    `starts` contains the index of the first token of each sentence; the last item is the number of
    tokens. `of_line` maps line numbers to sentence numbers. All numbers start at 0.
    """

    starts: list[int]
    of_line: dict[int, int]


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.json` files below a folder."""
    return json_records.read_documents(path, _Record, partial(_to_document, notes=notes))


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write one JSON array with one object per document; return the number of documents."""
    records = (_to_record(document, options, notes) for document in documents)
    return json_records.write_array(records, path)


def _to_document(content: _Record, record: json_records.JsonRecord, notes: Notes) -> Document:
    id_ = record.document_id(content.title)
    text, sentences = _join_sentences(content.sents)
    groups = _to_entities(content, sentences, id_)
    relations = (
        clusters.ClusterRelation(r.h, r.t, r.r, _to_attributes(r.evidence)) for r in content.labels
    )
    document = clusters.document_from_clusters(
        id_, text, groups, relations, place=record.place, notes=notes
    )
    names = [mention.name for vertex in content.vertex_set for mention in vertex]
    surfaces = [document.surface(entity) for group in groups for entity in group]
    differing = sum(name != surface for name, surface in zip(names, surfaces, strict=True))
    notes.add("names that differ from the text", record.place, differing)
    tokens = [token for sentence in sentences for token in sentence]
    return msgspec.structs.replace(document, meta=token_layer(text, tokens))


def _join_sentences(sents: Iterable[list[str]]) -> tuple[str, list[list[Token]]]:
    """Return the text, with one sentence per line, and the tokens of each sentence."""
    lines, sentences, start = [], [], 0
    for sent in sents:
        line, tokens = words.join_words(sent, start=start)
        lines.append(line)
        sentences.append(tokens)
        start += len(line) + 1
    return "\n".join(lines), sentences


def _to_entities(content: _Record, sentences: list[list[Token]], id_: str) -> list[list[Entity]]:
    """Return the mentions of each cluster; raise `DataError` for invalid token ranges."""
    all_spans = words.SpanResolver([])
    numbers = count(1)
    groups: list[list[Entity]] = []
    for cluster, vertex in enumerate(content.vertex_set):
        groups.append([])
        for mention in vertex:
            name = f"e{next(numbers)}" if mention.id is None else mention.id
            has_sentence = 0 <= mention.sent_id < len(sentences)
            tokens = sentences[mention.sent_id] if has_sentence else []
            start, end = words.SpanResolver(tokens, all_spans.problems).resolve(*mention.pos, name)
            ref = clusters.cluster_ref(mention.ref, id_, cluster)
            groups[-1].append(Entity(id=name, start=start, end=end, label=mention.type, ref=ref))
    all_spans.raise_problems(id_)
    return groups


def _to_attributes(evidence: list[int]) -> dict[str, str]:
    return {_EVIDENCE: " ".join(map(str, evidence))} if evidence else {}


def _to_record(document: Document, options: TokenWriteOptions, notes: Notes) -> _Record:
    tokens = split_tokens(document, options, notes)
    mentions = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    sentences = _split_sentences(document.text, tokens, mentions)
    sents = [
        [document.text[token.start : token.end] for token in tokens[first:end]]
        for first, end in pairwise(sentences.starts)
    ]
    changed = "\n".join(map(" ".join, sents)) != document.text
    notes.add("texts with changed white space", f"document {document.id}", changed)
    cluster_of = clusters.number_clusters(document.entities)
    vertices: dict[int, list[_Mention]] = {}
    for mention in mentions:
        vertex = vertices.setdefault(cluster_of[mention.entity.id], [])
        vertex.append(_to_mention(mention, sentences.starts, sents))
    index = {cluster: number for number, cluster in enumerate(vertices)}
    vertex_of = {id_: index[cluster] for id_, cluster in cluster_of.items() if cluster in index}
    labels = _to_labels(document, vertex_of, sentences.of_line, notes)
    return _Record(document.id, sents, list(vertices.values()), labels)


def _split_sentences(
    text: str, tokens: list[Token], mentions: Iterable[AlignedMention]
) -> _Sentences:
    """Return one sentence per line, or one sentence for several lines that a mention spans."""
    steps = [0] * (len(tokens) + 1)
    for mention in mentions:
        steps[mention.first + 1] += 1
        steps[mention.end] -= 1
    starts: list[int] = []
    of_line: dict[int, int] = {}
    line = position = 0
    for number, (token, in_mention) in enumerate(zip(tokens, accumulate(steps), strict=False)):
        breaks = text.count("\n", position, token.start)
        line, position = line + breaks, token.start
        if not starts or (breaks and not in_mention):
            starts.append(number)
        of_line.setdefault(line, len(starts) - 1)
    return _Sentences([*starts, len(tokens)], of_line)


def _to_mention(mention: AlignedMention, starts: list[int], sents: list[list[str]]) -> _Mention:
    entity = mention.entity
    sentence = bisect_right(starts, mention.first) - 1
    pos = mention.first - starts[sentence], mention.end - starts[sentence]
    name = " ".join(sents[sentence][slice(*pos)])
    return _Mention(name, pos, sentence, entity.label, entity.id, entity.ref)


def _to_labels(
    document: Document, vertex_of: dict[str, int], sentence_of: dict[int, int], notes: Notes
) -> list[_Label]:
    """Return the relations between clusters; raise `DataError` for invalid evidence."""
    labels, problems = [], []
    for relation in words.keep_relations(document, vertex_of, notes):
        evidence = _to_evidence(relation, sentence_of)
        if evidence is None:
            what = f"the evidence {relation.attributes[_EVIDENCE]!r} is not a list of line numbers"
            fix = "Write line numbers separated by one space; count non-empty lines only, from 0"
            problems.append(Problem("bad-attribute", what, fix, document.id, str(relation)))
            continue
        head, tail = vertex_of[relation.head], vertex_of[relation.tail]
        labels.append(_Label(head, tail, relation.label, evidence))
    if problems:
        raise DataError(problems)
    return labels


def _to_evidence(relation: Relation, sentence_of: dict[int, int]) -> list[int] | None:
    """Return the sentence numbers of the evidence, or None if a line number is invalid."""
    if _EVIDENCE not in relation.attributes:
        return []
    sentences = {str(line): sentence for line, sentence in sentence_of.items()}
    lines = relation.attributes[_EVIDENCE].split(" ")
    if not sentences.keys() >= {*lines}:
        return None
    return list(dict.fromkeys(sentences[line] for line in lines))
