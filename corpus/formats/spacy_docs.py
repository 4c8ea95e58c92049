"""spaCy: documents as docs, and as a `DocBin` file that `spacy train` and `evaluate` read.

Source: spaCy 3.8, https://spacy.io/api/docbin. A doc carries flat entities in `doc.ents`, all
mentions in `doc.spans["entities"]` (span ids are the entity ids, `kb_id_` the ref), relations in
`doc._.relations`, the document's id and metadata in `doc.user_data`. A file of another making has
no ids: its documents are numbered after the file, `train-1`, `train-2` …; mentions without an id
e1, e2 … in text order.

What it cannot hold: attributes, scores of mentions, ids and attributes of relations; mentions that
do not fall on tokens, which follow the option `tokens`.

Reading option `spans`: the span group that holds the mentions, or `ents` for `doc.ents`; by default
the group `entities` where a doc has it, else `doc.ents`. Writing options: `tokens`, what becomes of
mentions off the tokens ("expand", "drop", "error"); `lang`, whose tokenizer cuts the text ("fr").
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import spacy
import spacy.util
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from aloi.corpus.document import Document, Entity, Relation, outermost
from aloi.corpus.files import write_bytes
from aloi.corpus.formats.fitting import Holds
from aloi.corpus.formats.names import surrogate_problem
from aloi.corpus.formats.notes import Notes
from aloi.corpus.formats.options import Options
from aloi.corpus.formats.tokens import Policy, Token, aligned
from aloi.corpus.problems import DataError, Problem

SPANS_KEY = "entities"
"""The span group that holds all mentions, nested ones included."""

USER_DATA_KEY = "aloi.relations"
"""Where a doc's relations are kept, as plain lists that `DocBin` can store."""

ATTRIBUTES = ("ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID")
"""What is written of a token beside its characters; the rest of what `DocBin` can is empty."""

_PLAIN_SPAN = tuple[int, int, str, str]
_PLAIN_RELATION = tuple[_PLAIN_SPAN, _PLAIN_SPAN, str, float | None]

ID_KEY, META_KEY = "aloi.id", "aloi.meta"
"""Where a document's id, and its metadata as JSON, are kept in `doc.user_data`."""


class RelationSpan(NamedTuple):
    """A relation between two spans of a doc; `score` is the model's, 0 to 1, or None for gold."""

    head: Span
    tail: Span
    label: str
    score: float | None = None


def get_relations(doc: Doc) -> list[RelationSpan]:
    """The doc's relations; each end is the span the relation was made from."""
    return [
        RelationSpan(_span(doc, head), _span(doc, tail), label, score)
        for head, tail, label, score in doc.user_data.get(USER_DATA_KEY, [])
    ]


def set_relations(doc: Doc, relations: Iterable[RelationSpan]) -> None:
    """Replace the doc's relations."""
    doc.user_data[USER_DATA_KEY] = [
        [_plain(head), _plain(tail), label, score] for head, tail, label, score in relations
    ]


if not Doc.has_extension("relations"):
    Doc.set_extension("relations", getter=get_relations, setter=set_relations)


def _plain(span: Span) -> list[Any]:
    return [span.start, span.end, span.label_, span.id_]


def _span(doc: Doc, plain: list[Any]) -> Span:
    start, end, label, id_ = plain
    return Span(doc, start, end, label=label, span_id=id_)


def mentions(doc: Doc) -> list[Span]:
    """All mentions: the span group `entities` where there is one, else `doc.ents`."""
    if SPANS_KEY in doc.spans:
        return list(doc.spans[SPANS_KEY])
    return list(doc.ents)


def set_entities(doc: Doc, entities: Iterable[Entity]) -> dict[str, Span]:
    """Give a doc these mentions; returns the span of each entity id.

    A mention that does not fall on tokens takes in the tokens it touches. The outermost mentions
    go into `doc.ents`; of two on the same tokens, the first.
    """
    entities = tuple(entities)
    spans: dict[str, Span] = {}
    for entity in entities:
        span = doc.char_span(
            entity.start,
            entity.end,
            label=entity.label,
            kb_id=entity.ref or "",
            span_id=entity.id,
            alignment_mode="expand",
        )
        if span is not None:
            spans[entity.id] = span
    doc.spans[SPANS_KEY] = list(spans.values())
    flat = [spans[entity.id] for entity in outermost(entities) if entity.id in spans]
    doc.set_ents(spacy.util.filter_spans(flat))
    return spans


def annotate(doc: Doc, document: Document) -> Doc:
    """Give a doc made from the document's text its entities and relations."""
    spans = set_entities(doc, document.entities)
    doc._.relations = [
        RelationSpan(spans[relation.head], spans[relation.tail], relation.label, relation.score)
        for relation in document.relations
        if relation.head in spans and relation.tail in spans
    ]
    return doc


def to_document(
    doc: Doc, *, id_: str, meta: dict[str, Any] | None = None, spans: Iterable[Span] | None = None
) -> Document:
    """The mentions (`spans`, or those of `mentions`) and relations of a doc as a document.

    A span keeps its id if it has one of its own; the others are numbered e1, e2 … in text order.
    Relations between other spans are left out.
    """
    found = sorted(mentions(doc) if spans is None else spans)
    entities: dict[tuple[int, int, str, str], Entity] = {}
    for name, span in zip(_names(found), found, strict=True):
        entity = Entity(name, span.start_char, span.end_char, span.label_, span.kb_id_ or None)
        entities.setdefault(_key(span), entity)
    relations = tuple(
        Relation(entities[_key(head)].id, entities[_key(tail)].id, label, score=score)
        for head, tail, label, score in get_relations(doc)
        if _key(head) in entities and _key(tail) in entities
    )
    return Document(id_, doc.text, tuple(entities.values()), relations, meta or {})


def _names(spans: list[Span]) -> list[str]:
    """The id of each span: its own, or the next number that is free."""
    shared = Counter(span.id_ for span in spans)
    free = (name for number in itertools.count(1) if (name := f"e{number}") not in shared)
    return [span.id_ if span.id_ and shared[span.id_] == 1 else next(free) for span in spans]


def _key(span: Span) -> tuple[int, int, str, str]:
    return span.start, span.end, span.label_, span.id_


HOLDS = Holds(
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=False,
)


class Reading(Options, frozen=True):
    """Which spans are the mentions."""

    spans: str | None = None


class Writing(Options, frozen=True):
    """How texts are cut into tokens, and what becomes of mentions off them."""

    tokens: Policy = "expand"
    lang: str = "fr"


def read(path: Path, options: Reading, notes: Notes) -> Iterator[Document]:
    """The documents of a `DocBin` file, or of the `.spacy` files below a folder."""
    reader = _Reader(options, notes)
    for file in sorted(path.rglob("*.spacy")) if path.is_dir() else [path]:
        name = file.relative_to(path) if path.is_dir() else Path(file.name)
        try:
            for number, doc in enumerate(_docs(file), start=1):
                yield from reader.document(doc, f"{name.with_suffix('').as_posix()}-{number}", file)
        except DataError as error:
            reader.problems += [problem.at(file=str(file)) for problem in error.problems]
    reader.settle()


def _docs(file: Path) -> Iterator[Doc]:
    try:
        yield from DocBin().from_bytes(file.read_bytes()).get_docs(Vocab())
    except Exception as error:  # spaCy raises what comes
        what = f"no DocBin that spaCy can read: {type(error).__name__}: {error}"
        fix = "Write it again with spaCy 3"
        raise DataError([Problem("bad-spacy", what[:200], fix)]) from error


@dataclass(slots=True)
class _Reader:
    """Makes documents of docs, and keeps what is wrong with them."""

    options: Reading
    notes: Notes
    problems: list[Problem] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)

    def document(self, doc: Doc, name: str, file: Path) -> Iterator[Document]:
        """The document, if it is one; `name` is its id where it has none of its own."""
        place = f"{file}, doc {name.rpartition('-')[2]}"
        try:
            document = self._document(doc, name, place)
        except DataError as error:
            self.problems += [problem.at(file=str(file)) for problem in error.problems]
            return
        except Exception as error:  # noqa: BLE001 - spans and user data are read only now, and may be anything
            what = f"spans or user data that cannot be read: {type(error).__name__}: {error}"
            fix = "Write the file again"
            self.problems.append(Problem("bad-spacy", what[:200], fix, name, file=str(file)))
            return
        if document.id in self.ids:
            what, fix = "document id given twice", "Give each document its own id"
            problem = Problem("document-id-twice", what, fix, document.id, file=str(file))
            self.problems.append(problem)
            return
        self.ids.add(document.id)
        yield document

    def _document(self, doc: Doc, name: str, place: str) -> Document:
        spans = self._mentions(doc, place)
        id_ = msgspec.convert(doc.user_data.get(ID_KEY, name), str)
        meta = msgspec.json.decode(doc.user_data.get(META_KEY, "{}"), type=dict[str, Any])
        relations = msgspec.convert(
            doc.user_data.get(USER_DATA_KEY, ()), tuple[_PLAIN_RELATION, ...]
        )
        document = to_document(doc, id_=id_, meta=meta, spans=spans)
        lost = len(relations) - len(document.relations)
        self.notes.add("relations between spans that are no mentions left out", place, lost)
        self.notes.add("spans given twice read once", place, len(spans) - len(document.entities))
        self.notes.add("texts of words joined by spaces", place, doc.has_unknown_spaces)
        return document

    def _mentions(self, doc: Doc, place: str) -> list[Span]:
        wanted = self.options.spans
        if wanted is None:
            return mentions(doc)
        self.groups |= doc.spans.keys()
        if wanted in doc.spans:
            return list(doc.spans[wanted])
        if wanted == "ents":
            return list(doc.ents)
        self.notes.add(f"docs without a span group {wanted!r}", place)
        return []

    def settle(self) -> None:
        """Raise `DataError` with everything wrong."""
        wanted = self.options.spans
        if self.ids and wanted not in {None, "ents", *self.groups}:
            what = f"no doc has a span group {wanted!r}"
            fix = f"Give spans=NAME, one of: {', '.join(['ents', *sorted(self.groups)])}"
            self.problems.append(Problem("no-span-group", what, fix))
        if self.problems:
            raise DataError(self.problems)


def write(
    documents: Iterable[Document],
    path: Path,
    options: Writing,
    notes: Notes,
) -> int:
    """Write a `DocBin` file."""
    nlp = _blank(options.lang)
    binary = DocBin(attrs=ATTRIBUTES, store_user_data=True)
    problems: list[Problem] = []
    for document in documents:
        try:
            binary.add(_doc(nlp, document, options, notes))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    write_bytes(path, binary.to_bytes())
    return len(binary)


def _blank(lang: str) -> Language:
    try:
        return spacy.blank(lang)
    except ImportError as error:
        fix = "Give lang= a code of spaCy's, such as fr, en or xx, and install what it asks for"
        what = f"spaCy has no tokenizer for {lang!r}: {str(error).splitlines()[0]}"
        raise DataError([Problem("bad-language", what, fix)]) from error


def _doc(nlp: Language, document: Document, options: Writing, notes: Notes) -> Doc:
    """A doc that holds all of a fitted document."""
    try:
        doc = nlp.tokenizer(document.text)
        tokens = [Token(token.idx, token.idx + len(token)) for token in doc]
        annotate(doc, aligned(document, tokens, policy=options.tokens, notes=notes))
        doc.user_data[ID_KEY] = document.id
        if document.meta:
            doc.user_data[META_KEY] = msgspec.json.encode(document.meta).decode()
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, document.id)]) from error
    return doc
