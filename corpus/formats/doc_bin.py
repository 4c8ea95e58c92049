"""spacy: documents as a spaCy `DocBin` file, for `spacy train` and `spacy evaluate`.

Source: spaCy 3.8, https://spacy.io/api/docbin. `aloi.corpus.formats.shared.spacy_docs` describes
how a spaCy doc represents a document. The document id and the metadata are in `doc.user_data`. Docs
from other tools have no document id; their ids are the file name and a number: `train-1`, `train-2`
… Mentions without an id are numbered e1, e2 … in text order.

The format does not represent attributes, scores of mentions, ids of relations, or mentions that
begin or end in the space between two tokens. The reader and the writer keep the whole file in
memory.

Read options:

- `spans`: the span group that contains the mentions, or `ents` for `doc.ents` (default: the group
  `entities` if it exists, otherwise `doc.ents`, or the only group of a doc without `ents`)

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language that provides the tokenizer (default: fr)
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.document import Document
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.files import expansion_limit, expansion_problem, find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.spacy_docs import (
    ATTRIBUTES_KEY,
    SPANS_KEY,
    USER_DATA_KEY,
    annotate,
    mentions,
    to_document,
)
from aloi.corpus.formats.shared.tokens import (
    AlignmentPolicy,
    Token,
    blank_pipeline,
    cut_at_mentions,
    snap_mentions,
)
from aloi.corpus.languages.language import DEFAULT_LANGUAGE
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import surrogate_problem

ID_KEY, META_KEY = "aloi.id", "aloi.meta"
"""The keys in `doc.user_data` for the document id and for the metadata (as JSON)."""

TOKEN_ATTRIBUTES = ("ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID")
"""The token attributes that are written; a tokenizer sets no other attributes."""

_CHUNK_BYTES = 1 << 20
"""The number of bytes that are decompressed at once to measure a file."""

_PLAIN_SPAN = tuple[int, int, str, str]
_PLAIN_ATTRIBUTES = tuple[_PLAIN_SPAN, dict[str, str]]

CAPABILITIES = Capabilities(entity_scores=False, relation_ids=False)


class _PlainRelation(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A relation in `doc.user_data`; the last value is missing if there are no attributes."""

    head: _PLAIN_SPAN
    tail: _PLAIN_SPAN
    label: str
    score: float | None
    attributes: dict[str, str] = {}


class ReadOptions(Options, frozen=True):
    """Read options: the span group that contains the mentions."""

    spans: str | None = None


class WriteOptions(Options, frozen=True):
    """Write options: the tokenizer language, and how to treat mentions not aligned with tokens."""

    tokens: AlignmentPolicy = "cut"
    lang: str = DEFAULT_LANGUAGE


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a `DocBin` file, or of the `.spacy` files below a folder."""
    reader = _DocReader(options, notes)
    problems: list[Problem] = []
    for file in find_files(path, [".spacy"]):
        name = file.relative_to(path) if path.is_dir() else Path(file.name)
        stem = name.with_suffix("").as_posix()
        try:
            for number, doc in enumerate(_load_docs(file), start=1):
                place = f"{file}, doc {number}"
                document, found = reader.read_doc(doc, f"{stem}-{number}", place)
                problems += [problem.at(file=str(file)) for problem in found]
                if document is not None:
                    yield document
        except DataError as error:
            problems += [problem.at(file=str(file)) for problem in error.problems]
    problems += reader.check_span_group()
    if problems:
        raise DataError(problems)


def _load_docs(file: Path) -> Iterator[Doc]:
    content = file.read_bytes()
    _check_expansion(content, expansion_limit(file))
    try:
        yield from DocBin().from_bytes(content).get_docs(Vocab())
    except Exception as error:  # spaCy raises many types of errors
        what = f"spaCy cannot read this DocBin: {type(error).__name__}: {error}"
        fix = "Create the file again with spaCy 3"
        raise DataError([Problem("bad-spacy", what[:200], fix)]) from error


def _check_expansion(content: bytes, limit: int) -> None:
    """Raise `DataError` if a compressed DocBin expands to more than `limit` bytes."""
    decompressor, size = zlib.decompressobj(), 0
    try:
        while content and not decompressor.eof:
            size += len(decompressor.decompress(content, _CHUNK_BYTES))
            content = decompressor.unconsumed_tail
            if size > limit:
                raise DataError([expansion_problem(limit)])
    except zlib.error:  # reported by spaCy
        return


@dataclass(slots=True)
class _DocReader:
    """A converter from spaCy docs to documents, with the ids and span groups of all docs so far."""

    options: ReadOptions
    notes: Notes
    ids: DocumentIds = field(default_factory=DocumentIds)
    groups: set[str] = field(default_factory=set)

    def read_doc(
        self, doc: Doc, default_id: str, place: str
    ) -> tuple[Document | None, list[Problem]]:
        """Convert a spaCy doc to a document.

        Returns the document and an empty list, or None and the problems of the doc.
        """
        try:
            document = self._to_document(doc, default_id, place)
        except DataError as error:
            return None, list(error.problems)
        except Exception as error:  # noqa: BLE001 - spans and user data may be anything
            what = f"the doc has invalid spans or user data: {type(error).__name__}: {error}"
            return None, [Problem("bad-spacy", what[:200], "Create the file again", default_id)]
        duplicates = self.ids.add(document.id, place)
        return (None if duplicates else document), duplicates

    def _to_document(self, doc: Doc, default_id: str, place: str) -> Document:
        spans = self._select_spans(doc, place)
        id_ = msgspec.convert(doc.user_data.get(ID_KEY, default_id), str)
        meta = msgspec.json.decode(doc.user_data.get(META_KEY, "{}"), type=dict[str, Any])
        stored = doc.user_data
        relations = msgspec.convert(stored.get(USER_DATA_KEY, ()), tuple[_PlainRelation, ...])
        msgspec.convert(stored.get(ATTRIBUTES_KEY, ()), tuple[_PLAIN_ATTRIBUTES, ...])
        document = to_document(doc, id_=id_, meta=meta, spans=spans)
        lost = len(relations) - len(document.relations)
        self.notes.add("relations left out (head or tail is not a mention)", place, lost)
        self.notes.add("duplicate spans left out", place, len(spans) - len(document.entities))
        self.notes.add("texts built by joining words with spaces", place, doc.has_unknown_spaces)
        return document

    def _select_spans(self, doc: Doc, place: str) -> list[Span]:
        group = self.options.spans
        if group is None:
            return self._default_spans(doc, place)
        self.groups |= doc.spans.keys()
        if group in doc.spans:
            return list(doc.spans[group])
        if group == "ents":
            return list(doc.ents)
        self.notes.add(f"docs without a span group {group!r}", place)
        return []

    def _default_spans(self, doc: Doc, place: str) -> list[Span]:
        """Return all mentions of a doc; without `entities` and `doc.ents`, those of its only group.

        Raises `DataError` if several groups contain spans, and counts the groups that are not read.
        """
        others = [key for key, spans in doc.spans.items() if key != SPANS_KEY and len(spans)]
        if SPANS_KEY in doc.spans or doc.ents or not others:
            for key in others:
                self.notes.add(f"span group {key!r} left out", place)
            return mentions(doc)
        if len(others) > 1:
            what = f"the doc has several span groups: {', '.join(sorted(others))}"
            raise DataError([Problem("no-span-group", what, "Set spans= to one of them")])
        self.notes.add(f"docs whose mentions are in the span group {others[0]!r}", place)
        return list(doc.spans[others[0]])

    def check_span_group(self) -> list[Problem]:
        """Return a problem if docs were read but no doc contains the requested span group."""
        group = self.options.spans
        if not self.ids.places or group in {None, "ents", *self.groups}:
            return []
        fix = f"Set spans= to one of: {', '.join(['ents', *sorted(self.groups)])}"
        return [Problem("no-span-group", f"no doc contains the span group {group!r}", fix)]


def write(
    documents: Iterable[Document],
    path: Path,
    options: WriteOptions,
    notes: Notes,
) -> int:
    """Write a `DocBin` file; return the number of documents."""
    nlp = blank_pipeline(options.lang)
    binary = DocBin(attrs=TOKEN_ATTRIBUTES, store_user_data=True)
    problems: list[Problem] = []
    for document in documents:
        try:
            binary.add(_to_doc(nlp, document, options, notes))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    write_bytes(path, binary.to_bytes())
    return len(binary)


def _to_doc(nlp: Language, document: Document, options: WriteOptions, notes: Notes) -> Doc:
    """Return a spaCy doc with the text, annotations, id and metadata of a document."""
    try:
        doc = nlp.tokenizer(document.text)
        tokens = [Token(token.idx, token.idx + len(token)) for token in doc]
        if options.tokens == "cut":
            cut = cut_at_mentions(tokens, document)
            doc = doc if cut == tokens else _doc_of_tokens(nlp, document.text, cut)
            tokens = cut
        annotate(doc, snap_mentions(document, tokens, policy=options.tokens, notes=notes))
        doc.user_data[ID_KEY] = document.id
        if document.meta:
            doc.user_data[META_KEY] = msgspec.json.encode(document.meta).decode()
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, document.id)]) from error
    return doc


def _doc_of_tokens(nlp: Language, text: str, tokens: Sequence[Token]) -> Doc:
    """Return a spaCy doc with these tokens, which cover the text except spaces between them."""
    words = [text[token.start : token.end] for token in tokens]
    starts = [*(token.start for token in tokens[1:]), len(text)]
    spaces = [token.end < start for token, start in zip(tokens, starts, strict=True)]
    return Doc(nlp.vocab, words=words, spaces=spaces)
