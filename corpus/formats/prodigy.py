"""Prodigy: one task per line, with spans and relations, as for `prodigy db-out` and `db-in`.

Source: https://prodi.gy/docs/api-interfaces (spans, relations) and the Prodigy files of
https://github.com/explosion/projects. A line is `{"text", "tokens": [{"text", "start", "end",
"id", "ws"}], "spans": [{"start", "end", "token_start", "token_end", "label"}], "relations":
[{"head", "child", "label", "head_span", "child_span"}], "answer": "accept", "meta": {…}}`. `start`
and `end` (exclusive) are offsets in code points; they define the spans. `token_end` is the index of
the last token (inclusive), and `head` and `child` are the indices of the last tokens of the related
spans. `ws` is true if a space follows the token. All other white space is a token, as in spaCy, so
that the tokens cover the whole text. The reader keeps the other tokens in the metadata (`tokens`);
the writer uses them.

The key `doc_id`, which aloi adds, is the document id; without `doc_id`, the id is `FILE-NUMBER`. If
every span has a unique `id`, the mentions get these ids; otherwise, mentions are numbered e1, e2 …
in file order. The reader resolves `head_span` and `child_span` to the first span with the same
`id`, otherwise with the same offsets and label, otherwise with the same offsets. Without these
keys, the reader resolves `head` and `child` to the first span with that index of its last
token. Tasks with the
answer `reject` or `ignore` are left out and counted, and so are labels of whole texts (text
classification). Prodigy's own keys (`_task_hash` …) are left
out.

The format represents everything in a document. The writer adds the keys `id`, `attributes` and
`score` to spans and relations, and the key `ref` to spans; Prodigy preserves these keys.

Read options:

- `annotator`: the annotator to read (`_annotator_id` or `_session_id`); the lines of all other
  annotators are left out and counted (default: all annotators)
- `unlabelled`: the label for spans without a label, and for heads and tails of relations that match
  no span (default: report an error)

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import EVERYTHING
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    TOKENS_KEY,
    AlignedMention,
    Token,
    TokenWriteOptions,
    align_mentions,
    split_tokens,
    token_layer,
)
from aloi.corpus.formats.shared.words import keep_relations
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = EVERYTHING
WriteOptions = TokenWriteOptions


class ReadOptions(Options, frozen=True):
    """Read options: the annotator to read, and the label for spans without a label."""

    annotator: str | None = None
    unlabelled: str | None = None


class _Token(msgspec.Struct, frozen=True):
    text: str
    start: int
    end: int
    id: int
    ws: bool = True


class _Span(msgspec.Struct, frozen=True, omit_defaults=True):
    start: int
    end: int
    token_start: int | None = None
    token_end: int | None = None
    label: str | None = None
    id: str | int | None = None
    ref: str | None = None
    attributes: dict[str, str] = {}
    score: float | None = None


class _Relation(msgspec.Struct, frozen=True, omit_defaults=True):
    head: int
    child: int
    label: str
    head_span: _Span | None = None
    child_span: _Span | None = None
    id: str | int | None = None
    attributes: dict[str, str] = {}
    score: float | None = None


class _Task(msgspec.Struct, frozen=True, omit_defaults=True):
    text: str
    doc_id: str | int | None = None
    tokens: list[_Token] = []
    spans: list[_Span] = []
    relations: list[_Relation] = []
    meta: dict[str, Any] = {}
    answer: Literal["accept", "reject", "ignore"] | None = None
    label: Any = None
    accept: list[Any] = []
    annotator: str | None = msgspec.field(default=None, name="_annotator_id")
    session: str | None = msgspec.field(default=None, name="_session_id")


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield one document per accepted task in a file, or in the `.json*` files below a folder."""
    build = partial(_to_document, options=options, notes=notes)
    return json_records.read_documents(path, _Task, build)


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write one line per document, with the answer `accept`; return the number of documents."""
    return json_records.write_lines((_to_task(d, options, notes) for d in documents), path)


def _to_document(
    task: _Task, record: json_records.JsonRecord, options: ReadOptions, notes: Notes
) -> Document | None:
    if options.annotator not in (None, task.annotator, task.session):
        notes.add("lines of other annotators left out", record.place)
        return None
    if task.answer not in (None, "accept"):
        notes.add(f"tasks with the answer {task.answer} left out", record.place)
        return None
    id_ = record.document_id(task.doc_id)
    is_classified = task.label is not None or bool(task.accept)
    notes.add("labels of whole texts left out", record.place, is_classified)
    mentions = _TaskMentions(task, options.unlabelled, id_)
    relations = tuple(mentions.to_relation(relation) for relation in task.relations)
    if mentions.problems:
        raise DataError(mentions.problems)
    tokens = [Token(token.start, token.end) for token in task.tokens]
    meta = task.meta | token_layer(task.text, tokens)
    return Document(id_, task.text, tuple(mentions.entities), relations, meta)


@dataclass(slots=True)
class _TaskMentions:
    """The mentions of a task; `ids` is the index by id, by offsets and by last token."""

    task: _Task
    unlabelled: str | None
    document: str
    entities: list[Entity] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ids: dict[Hashable, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        span_ids = {str(span.id) for span in self.task.spans if span.id is not None}
        has_ids = len(span_ids) == len(self.task.spans)
        for number, span in enumerate(self.task.spans, start=1):
            id_ = str(span.id) if has_ids else f"e{number}"
            self._add(id_, span)
            if has_ids:
                self.ids["id", span.id] = id_
            for key in (*_offset_keys(span), span.token_end):
                self.ids.setdefault(key, id_)

    def to_relation(self, relation: _Relation) -> Relation:
        """Return a Prodigy relation as a relation between mentions.

        If the head or tail matches no mention, a new mention is added, or a problem is reported.
        """
        return Relation(
            head=self._find(relation.head, relation.head_span),
            tail=self._find(relation.child, relation.child_span),
            label=relation.label,
            id=None if relation.id is None else str(relation.id),
            attributes=relation.attributes,
            score=relation.score,
        )

    def _find(self, token: int, span: _Span | None) -> str:
        """Return the id of the mention that a head or tail refers to; add a missing mention."""
        keys = [token] if span is None else [("id", span.id), *_offset_keys(span)]
        id_ = next((self.ids[key] for key in keys if key in self.ids), None)
        return self._add_token(token, span) if id_ is None else id_

    def _add_token(self, token: int, span: _Span | None) -> str:
        """Add a mention for a head or tail that matches no span; return the id of the mention."""
        id_ = f"w{token}"
        if span is None and 0 <= token < len(self.task.tokens):
            word = self.task.tokens[token]
            span = _Span(word.start, word.end)
        if span is None:
            what, fix = f"no token has the index {token}", "Use the index of an existing token"
            self.problems.append(Problem("no-token", what, fix, self.document, id_))
            return id_
        self._add(id_, span)
        self.ids[span.start, span.end] = id_
        self.ids.setdefault(token, id_)
        return id_

    def _add(self, id_: str, span: _Span) -> None:
        """Add a mention for a span, or a problem if the span has no label."""
        label = self.unlabelled if span.label is None else span.label
        if label is None:
            what = "the span, or the head or tail of the relation, has no label"
            fix = "Add a label in Prodigy, or set the option unlabelled=LABEL"
            self.problems.append(Problem("no-label", what, fix, self.document, id_))
            return
        entity = Entity(
            id=id_,
            start=span.start,
            end=span.end,
            label=label,
            ref=span.ref,
            attributes=span.attributes,
            score=span.score,
        )
        self.entities.append(entity)


def _offset_keys(span: _Span) -> tuple[Hashable, ...]:
    """Return the keys that identify a span by its offsets, the most specific key first."""
    return (span.start, span.end, span.label), (span.start, span.end)


def _to_task(document: Document, options: TokenWriteOptions, notes: Notes) -> _Task:
    tokens = _cover_text(document, split_tokens(document, options, notes))
    mentions = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    by_id = {mention.entity.id: mention for mention in mentions}
    return _Task(
        document.text,
        document.id,
        list(_to_tokens(document.text, tokens)),
        [_to_span(mention, tokens) for mention in mentions],
        [_from_relation(r, by_id, tokens) for r in keep_relations(document, by_id, notes)],
        {key: value for key, value in document.meta.items() if key != TOKENS_KEY},
        "accept",
    )


def _cover_text(document: Document, words: Iterable[Token]) -> list[Token]:
    """Return tokens that cover the text: the words, and the white space between them.

    One space after a token is not a token, unless a mention begins or ends in this white space.
    White space is cut at the edges of mentions.
    """
    starts = {entity.start for entity in document.entities}
    ends = {entity.end for entity in document.entities}
    text = document.text
    tokens: list[Token] = []
    position = 0
    for word in (*words, Token(len(text), len(text))):
        inside = range(position + 1, word.start)
        edges = [i for i in inside if i in starts or i in ends]
        used = bool(edges) or (position < word.start and (position in starts or word.start in ends))
        has_space = bool(tokens) and text[position : position + 1] == " "
        start = position + (has_space and not used)
        if start < word.start:
            tokens += itertools.starmap(Token, pairwise([start, *edges, word.start]))
        if word.start < word.end:
            tokens.append(word)
        position = word.end
    return tokens


def _to_tokens(text: str, tokens: list[Token]) -> Iterator[_Token]:
    next_starts = [*(token.start for token in tokens[1:]), len(text)]
    for number, (token, next_start) in enumerate(zip(tokens, next_starts, strict=False)):
        word = text[token.start : token.end]
        yield _Token(word, token.start, token.end, number, token.end < next_start)


def _to_relation_span(mention: AlignedMention, tokens: list[Token]) -> _Span:
    """Return the value of `head_span` or `child_span` for a mention."""
    first, last = mention.first, mention.end - 1
    span = tokens[first].start, tokens[last].end
    return _Span(*span, first, last, mention.entity.label, mention.entity.id)


def _to_span(mention: AlignedMention, tokens: list[Token]) -> _Span:
    entity = mention.entity
    return msgspec.structs.replace(
        _to_relation_span(mention, tokens),
        ref=entity.ref,
        attributes=entity.attributes,
        score=entity.score,
    )


def _from_relation(
    relation: Relation, mentions: dict[str, AlignedMention], tokens: list[Token]
) -> _Relation:
    head, tail = mentions[relation.head], mentions[relation.tail]
    return _Relation(
        head.end - 1,
        tail.end - 1,
        relation.label,
        _to_relation_span(head, tokens),
        _to_relation_span(tail, tokens),
        relation.id,
        relation.attributes,
        relation.score,
    )
