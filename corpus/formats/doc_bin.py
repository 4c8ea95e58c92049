"""spacy: documents as a `DocBin` file, which `spacy train` and `evaluate` read.

Source: spaCy 3.8, https://spacy.io/api/docbin. How a doc carries a document is told in
`spacy_docs`; its id and metadata are in `doc.user_data`. A file of another making has no ids: its
documents are numbered after the file, `train-1`, `train-2` …; mentions without an id e1, e2 … in
text order.

What it cannot hold: attributes, scores of mentions, ids and attributes of relations; mentions that
do not fall on tokens, which follow the option `tokens`. All of a file is in memory at once.

Reading option `spans`: the span group that holds the mentions, or `ents` for `doc.ents`; by default
the group `entities` where a doc has it, else `doc.ents`. Writing options: `tokens`, what becomes of
mentions off the tokens ("expand", "drop", "error"); `lang`, whose tokenizer cuts the text ("fr").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from aloi.corpus.document import Document
from aloi.corpus.files import write_bytes
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.spacy_docs import USER_DATA_KEY, annotate, mentions, to_document
from aloi.corpus.formats.shared.tokens import AlignmentPolicy, Token, snap_mentions
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import surrogate_problem

ID_KEY, META_KEY = "aloi.id", "aloi.meta"
"""Where a document's id, and its metadata as JSON, are kept in `doc.user_data`."""

ATTRIBUTES = ("ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID")
"""What is written of a token beside its characters; a tokenizer sets nothing else."""

_PLAIN_SPAN = tuple[int, int, str, str]
_PLAIN_RELATION = tuple[_PLAIN_SPAN, _PLAIN_SPAN, str, float | None]

CAPABILITIES = Capabilities(
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=False,
)


class ReadOptions(Options, frozen=True):
    """Which spans are the mentions."""

    spans: str | None = None


class WriteOptions(Options, frozen=True):
    """How texts are cut into tokens, and what becomes of mentions off them."""

    tokens: AlignmentPolicy = "expand"
    lang: str = "fr"


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
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

    options: ReadOptions
    notes: Notes
    problems: list[Problem] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)

    def document(self, doc: Doc, name: str, file: Path) -> Iterator[Document]:
        """The document, if it is one; `name` is its id where it has none of its own."""
        found: tuple[Problem, ...]
        try:
            document = self._document(doc, name, f"{file}, doc {name.rpartition('-')[2]}")
        except DataError as error:
            found = error.problems
        except Exception as error:  # noqa: BLE001 - spans and user data may be anything
            what = f"spans or user data that cannot be read: {type(error).__name__}: {error}"
            found = (Problem("bad-spacy", what[:200], "Write the file again", name),)
        else:
            if document.id not in self.ids:
                self.ids.add(document.id)
                yield document
                return
            what, fix = "duplicate document id", "Give each document its own id"
            found = (Problem("document-id-twice", what, fix, document.id),)
        self.problems += [problem.at(file=str(file)) for problem in found]

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
    options: WriteOptions,
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


def _doc(nlp: Language, document: Document, options: WriteOptions, notes: Notes) -> Doc:
    """A doc that holds all of a fitted document."""
    try:
        doc = nlp.tokenizer(document.text)
        tokens = [Token(token.idx, token.idx + len(token)) for token in doc]
        annotate(doc, snap_mentions(document, tokens, policy=options.tokens, notes=notes))
        doc.user_data[ID_KEY] = document.id
        if document.meta:
            doc.user_data[META_KEY] = msgspec.json.encode(document.meta).decode()
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, document.id)]) from error
    return doc
