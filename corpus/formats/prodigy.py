"""Prodigy: a task a line, with spans and relations, as `prodigy db-out` gives and `db-in` takes.

Source: https://prodi.gy/docs/api-interfaces (spans, relations) and the Prodigy files of
https://github.com/explosion/projects. A line is `{"text", "tokens": [{"text", "start", "end",
"id", "ws"}], "spans": [{"start", "end", "token_start", "token_end", "label"}], "relations":
[{"head", "child", "label", "head_span", "child_span"}], "answer": "accept", "meta": {…}}`. `start`
and `end` are code points, the end exclusive, and are trusted; `token_end` is the last token itself;
`head` and `child` are the last tokens of the spans that are related. Words with `ws`, a space
after them, make up the whole text: as in spaCy, other white space is a token.

`doc_id`, a key of ours, is the document's id; without it, file name and number. A span's `id` is
the mention's where all have one of their own, else mentions are numbered e1, e2 … as they come. An
end of a relation is the span of that `id`, else of that place and label, else of that place, else
the one that ends with the token. Answers `reject` and `ignore` are left out and noted; Prodigy's
own keys (`_task_hash` …) are left out.

Holds everything: `id`, `ref`, `attributes` and `score` of ours stand in spans and relations, as
Prodigy keeps keys that it does not know.

Options, reading: `annotator=ID`, whose lines are read (`_annotator_id` or `_session_id`), the
others being left out and noted; `unlabelled=LABEL` for words that a relation names and no span
marks, and for spans without a label, else an error. Writing: `tokens=error|expand|drop`, for
mentions that cut a token (`tokens.lay`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import EVERYTHING
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    AlignedMention,
    Token,
    TokenWriteOptions,
    align_mentions,
    tokenize,
)
from aloi.corpus.formats.shared.words import keep_relations
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = EVERYTHING
WriteOptions = TokenWriteOptions


class ReadOptions(Options, frozen=True):
    """Whose lines are read; `unlabelled`: the label of what bears none."""

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
    annotator: str | None = msgspec.field(default=None, name="_annotator_id")
    session: str | None = msgspec.field(default=None, name="_session_id")


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The accepted tasks of a file, or of the `.json*` files below a folder, as documents."""
    build = partial(_document, options=options, notes=notes)
    return json_records.read_documents(path, _Task, build)


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write a line a document, each accepted."""
    return json_records.write_lines((_task(d, options, notes) for d in documents), path)


def _document(
    task: _Task, record: json_records.JsonRecord, options: ReadOptions, notes: Notes
) -> Document | None:
    if options.annotator not in (None, task.annotator, task.session):
        notes.add("lines of other annotators left out", record.place)
        return None
    if task.answer not in (None, "accept"):
        notes.add(f"answers {task.answer} left out", record.place)
        return None
    id_ = record.document_id(task.doc_id)
    mentions = _Mentions(task, options.unlabelled, id_)
    relations = tuple(mentions.related(relation) for relation in task.relations)
    if mentions.problems:
        raise DataError(mentions.problems)
    return Document(id_, task.text, tuple(mentions.entities), relations, task.meta)


@dataclass(slots=True)
class _Mentions:
    """A task's mentions, found by whatever a relation tells of them."""

    task: _Task
    unlabelled: str | None
    document: str
    entities: list[Entity] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    names: dict[Hashable, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = {str(span.id) for span in self.task.spans if span.id is not None}
        own = len(ids) == len(self.task.spans)
        for number, span in enumerate(self.task.spans, start=1):
            name = str(span.id) if own else f"e{number}"
            self._add(name, span)
            if own:
                self.names["id", span.id] = name
            for key in (*_places(span), span.token_end):
                self.names.setdefault(key, name)

    def related(self, relation: _Relation) -> Relation:
        """The relation between mentions; an end that is none becomes one, or a problem."""
        return Relation(
            self._end(relation.head, relation.head_span),
            self._end(relation.child, relation.child_span),
            relation.label,
            None if relation.id is None else str(relation.id),
            relation.attributes,
            relation.score,
        )

    def _end(self, token: int, span: _Span | None) -> str:
        keys = [token] if span is None else [("id", span.id), *_places(span)]
        found = next((self.names[key] for key in keys if key in self.names), None)
        return self._word(token, span) if found is None else found

    def _word(self, token: int, span: _Span | None) -> str:
        """A mention for a word that no span marks."""
        name = f"w{token}"
        if span is None and 0 <= token < len(self.task.tokens):
            word = self.task.tokens[token]
            span = _Span(word.start, word.end)
        if span is None:
            what, fix = f"there is no token {token}", "Point the relation at a token that exists"
            self.problems.append(Problem("no-token", what, fix, self.document, name))
            return name
        self._add(name, span)
        self.names[span.start, span.end] = name
        self.names.setdefault(token, name)
        return name

    def _add(self, name: str, span: _Span) -> None:
        label = self.unlabelled if span.label is None else span.label
        if label is None:
            what = "a span without a label, or a word that a relation names and no span marks"
            fix = "Label it in Prodigy, or read with unlabelled=LABEL"
            self.problems.append(Problem("no-label", what, fix, self.document, name))
            return
        entity = Entity(name, span.start, span.end, label, span.ref, span.attributes, span.score)
        self.entities.append(entity)


def _places(span: _Span) -> tuple[Hashable, ...]:
    """What tells a span without id from others, the surest first: place and label, place."""
    return (span.start, span.end, span.label), (span.start, span.end)


def _task(document: Document, options: TokenWriteOptions, notes: Notes) -> _Task:
    tokens = _tokens(document.text)
    laid = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    places = {mention.entity.id: mention for mention in laid}
    return _Task(
        document.text,
        document.id,
        list(_words(document.text, tokens)),
        [_span(mention, tokens) for mention in laid],
        [_relation(r, places, tokens) for r in keep_relations(document, places, notes)],
        document.meta,
        "accept",
    )


def _tokens(text: str) -> list[Token]:
    """Words, and what white space there is beyond one space after each."""
    tokens: list[Token] = []
    for word in (*tokenize(text), Token(len(text), len(text))):
        start = tokens[-1].end if tokens else 0
        start += bool(tokens) and text[start : start + 1] == " "
        tokens += [Token(start, word.start)] if start < word.start else []
        tokens += [word] if word.start < word.end else []
    return tokens


def _words(text: str, tokens: list[Token]) -> Iterator[_Token]:
    following = [*(token.start for token in tokens[1:]), len(text)]
    for number, (token, next_) in enumerate(zip(tokens, following, strict=False)):
        word = text[token.start : token.end]
        yield _Token(word, token.start, token.end, number, token.end < next_)


def _place(mention: AlignedMention, tokens: list[Token]) -> _Span:
    first, last = mention.first, mention.end - 1
    span = tokens[first].start, tokens[last].end
    return _Span(*span, first, last, mention.entity.label, mention.entity.id)


def _span(mention: AlignedMention, tokens: list[Token]) -> _Span:
    entity = mention.entity
    return msgspec.structs.replace(
        _place(mention, tokens), ref=entity.ref, attributes=entity.attributes, score=entity.score
    )


def _relation(
    relation: Relation, places: dict[str, AlignedMention], tokens: list[Token]
) -> _Relation:
    head, tail = places[relation.head], places[relation.tail]
    return _Relation(
        head.end - 1,
        tail.end - 1,
        relation.label,
        _place(head, tokens),
        _place(tail, tokens),
        relation.id,
        relation.attributes,
        relation.score,
    )
