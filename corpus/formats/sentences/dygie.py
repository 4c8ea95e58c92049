"""DyGIE++ and SciERC: one document per line, with sentences, mentions, relations and clusters.

Source: https://github.com/dwadden/dygiepp/blob/master/doc/data.md. A line is
`{"doc_key", "sentences": [["Ana", "vit", …]], "ner": [[[0, 0, "PER"]]],
"relations": [[[0, 0, 3, 3, "LIVES_IN"]]], "clusters": [[[0, 0], [7, 7]]]}`. `ner` and `relations`
have one list per sentence. Token indices start at 0 at the start of the document, and end indices
are INCLUSIVE. Predictions are in `predicted_ner` and `predicted_relations`, with a raw score and a
probability.

The text contains one sentence per line, with tokens joined by single spaces. The `ref` of a mention
in a cluster is `doc_key#CLUSTER`. Mentions are numbered e1, e2 … in file order. If several mentions
have the same tokens, relations and clusters refer to the first of these mentions. The reader counts
and leaves out events, and members of clusters that are not mentions.

The writer adds the white space after each token (`_whitespace`) and the `ref` of each mention
(`_refs`), with one list per sentence; the reader uses them instead of the rules above, and DyGIE++
keeps them in its output. Mentions with the same ref form a cluster, unless there is only one. Each
line of the text is a sentence.

If the text begins with white space, `_whitespace` of the first sentence has one more item, at its
start.

The format represents any text, overlapping mentions, refs, and relations
within a line. It does not represent several mentions with the same span, mention ids, attributes or
metadata. The writer counts relations between lines.

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Read options:

- `layer`: gold (default), or predicted, with the probabilities as scores

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.sentences.joining import join_sentences
from aloi.corpus.formats.sentences.splitting import (
    SplitSentence,
    split_relations,
    split_sentences,
)
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import TokenWriteOptions, token_layer
from aloi.corpus.formats.shared.words import SpanResolver
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(
    same_span=False,
    entity_ids=False,
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=False,
    relation_scores=False,
    tokens=True,
    meta=False,
)
WriteOptions = TokenWriteOptions


class ReadOptions(Options, frozen=True):
    """Read option: whether to read the gold annotations or the predictions."""

    layer: Literal["gold", "predicted"] = "gold"


class _Mention(msgspec.Struct, frozen=True, array_like=True):
    first: int
    last: int
    label: str
    raw_score: float | None = None
    probability: float | None = None


class _Relation(msgspec.Struct, frozen=True, array_like=True):
    head_first: int
    head_last: int
    tail_first: int
    tail_last: int
    label: str
    raw_score: float | None = None
    probability: float | None = None


class _Record(msgspec.Struct, frozen=True):
    doc_key: str | int | None
    sentences: list[list[str]]
    ner: list[list[_Mention]] = []
    relations: list[list[_Relation]] = []
    clusters: list[list[tuple[int, int]]] = []
    predicted_ner: list[list[_Mention]] = []
    predicted_relations: list[list[_Relation]] = []
    predicted_clusters: list[list[tuple[int, int]]] = []
    events: list[Any] = []
    refs: list[list[str | None]] | None = msgspec.field(default=None, name="_refs")
    spaces: list[list[str]] | None = msgspec.field(default=None, name="_whitespace")


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.json` and `.jsonl` files below a folder."""
    build = partial(_to_document, options=options, notes=notes)
    return json_records.read_documents(path, _Record, build)


def _to_document(
    content: _Record, record: json_records.JsonRecord, options: ReadOptions, notes: Notes
) -> Document:
    id_ = record.document_id(content.doc_key)
    spaces: Sequence[list[str] | None] = content.spaces or [None] * len(content.sentences)
    if len(spaces) != len(content.sentences):
        what, fix = "`_whitespace` does not have one list per sentence", "Correct or remove it"
        raise DataError([Problem("bad-tokens", what, fix, id_)])
    text, sentences = join_sentences(content.sentences, spaces, id_)
    tokens = list(chain.from_iterable(sentences))
    layer = _Layer.of(content, options)
    notes.add("events left out", record.place, sum(map(bool, content.events)))
    spans = SpanResolver(tokens)
    entities = [
        msgspec.structs.replace(
            spans.entity(number, mention.first, mention.last + 1, mention.label),
            score=mention.probability,
        )
        for number, mention in enumerate(layer.mentions, start=1)
    ]
    spans.raise_problems(id_)
    number_of: dict[tuple[int, int], int] = {}
    for number, mention in enumerate(layer.mentions):
        number_of.setdefault((mention.first, mention.last), number)
    refs = layer.refs(number_of, id_, record.place, notes)
    entities = [
        msgspec.structs.replace(entity, ref=refs.get(number))
        for number, entity in enumerate(entities)
    ]
    strict = options.layer == "gold"
    relations = _to_relations(layer.relations, number_of, id_, strict=strict)
    lost = len(layer.relations) - len(relations)
    notes.add("relations of spans that are not mentions left out", record.place, lost)
    spare = len(layer.mentions) - len(number_of)
    notes.add("mentions on the same tokens", record.place, spare)
    meta: dict[str, Any] = {**token_layer(text, tokens)}
    return Document(id_, text, tuple(entities), tuple(relations), meta)


@dataclass(frozen=True, slots=True)
class _Layer:
    """The gold annotations or the predictions of a document.

    `stored_refs` contains the ref of each mention, or None if the file has only clusters.
    """

    mentions: list[_Mention]
    relations: list[_Relation]
    clusters: list[list[tuple[int, int]]]
    stored_refs: list[str | None] | None

    @classmethod
    def of(cls, content: _Record, options: ReadOptions) -> _Layer:
        if options.layer == "predicted":
            lists = content.predicted_ner, content.predicted_relations, content.predicted_clusters
            refs = None
        else:
            lists = content.ner, content.relations, content.clusters
            refs = content.refs
        flat = chain.from_iterable
        stored = None if refs is None else list(flat(refs))
        return cls(list(flat(lists[0])), list(flat(lists[1])), lists[2], stored)

    def refs(
        self, number_of: dict[tuple[int, int], int], id_: str, place: str, notes: Notes
    ) -> dict[int, str | None]:
        """Return the refs by the number of the mention; raise `DataError` if some are missing."""
        if self.stored_refs is not None:
            if len(self.stored_refs) != len(self.mentions):
                what, fix = "`_refs` does not have one ref per mention", "Correct or remove it"
                raise DataError([Problem("bad-refs", what, fix, id_)])
            return dict(enumerate(self.stored_refs))
        refs: dict[int, str | None] = {}
        for cluster, members in enumerate(self.clusters):
            known = [number_of[span] for span in members if span in number_of]
            refs |= dict.fromkeys(known, f"{id_}#{cluster}")
            note = "members of clusters that are not mentions left out"
            notes.add(note, place, len(members) - len(known))
        return refs


def _to_relations(
    relations: Iterable[_Relation],
    number_of: dict[tuple[int, int], int],
    id_: str,
    *,
    strict: bool,
) -> list[Relation]:
    """Return the relations between mentions; other relations are an error if `strict` is True."""
    found: list[Relation] = []
    problems: list[Problem] = []
    for r in relations:
        spans = (r.head_first, r.head_last), (r.tail_first, r.tail_last)
        missing = [span for span in spans if span not in number_of]
        if missing and strict:
            what = f"the tokens {missing[0][0]} to {missing[0][1]} of the relation are not in `ner`"
            fix = "Use token ranges from `ner` as head and tail"
            problems.append(Problem("dangling-relation", what, fix, id_, r.label))
        elif not missing:
            head, tail = (f"e{number_of[span] + 1}" for span in spans)
            found.append(Relation(head=head, tail=tail, label=r.label, score=r.probability))
    if problems:
        raise DataError(problems)
    return found


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write one document per line; return the number of documents."""
    records = (_to_record(document, options, notes) for document in documents)
    return json_records.write_lines(records, path)


def _to_record(document: Document, options: TokenWriteOptions, notes: Notes) -> dict[str, Any]:
    sentences = split_sentences(document, options, notes)
    relations = split_relations(document, sentences, notes)
    span_of = {
        mention.entity.id: (sentence.first + mention.first, sentence.first + mention.end - 1)
        for sentence in sentences
        for mention in sentence.mentions
    }
    return {
        "doc_key": document.id,
        "sentences": [sentence.words for sentence in sentences],
        "ner": [
            [(*span_of[m.entity.id], m.entity.label) for m in sentence.mentions]
            for sentence in sentences
        ],
        "relations": [
            [(*span_of[r.head], *span_of[r.tail], r.label) for r in group] for group in relations
        ],
        "clusters": _clusters(sentences, span_of),
        "_refs": [[m.entity.ref for m in sentence.mentions] for sentence in sentences],
        "_whitespace": [sentence.spaces for sentence in sentences],
    }


def _clusters(
    sentences: Sequence[SplitSentence], span_of: dict[str, tuple[int, int]]
) -> list[list[tuple[int, int]]]:
    """Return the spans of the mentions with the same ref, for refs with several mentions."""
    clusters: dict[str, list[tuple[int, int]]] = {}
    for sentence in sentences:
        for mention in sentence.mentions:
            if mention.entity.ref is not None:
                spans = clusters.setdefault(mention.entity.ref, [])
                spans.append(span_of[mention.entity.id])
    return [spans for spans in clusters.values() if len(spans) > 1]
