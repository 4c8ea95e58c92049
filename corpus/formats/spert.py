"""SpERT: tokenised sentences with entities and relations, in one JSON array.

Source: https://github.com/lavis-nlp/spert, spert/input_reader.py:
`{"tokens": ["Ana", "vit", …], "entities": [{"type", "start", "end"}],
"relations": [{"type", "head", "tail"}], "orig_id": 5178}`. `start` and `end` (exclusive) are token
indices. `head` and `tail` are indices of items in `entities`. All indices start at 0.

The text is the tokens joined by single spaces. `orig_id` is the document id; without `orig_id`, the
id is `FILE-NUMBER`. Mentions are numbered e1, e2 … in file order.

The format represents overlapping mentions and relations. It does not represent mention ids, refs,
attributes, scores, metadata, or the white space of the text: the reader joins the tokens with
single spaces. The writer counts the texts whose white space changes.

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    TokenWriteOptions,
    align_mentions,
    split_tokens,
    token_layer,
)
from aloi.corpus.formats.shared.words import SpanResolver, join_words, keep_relations

CAPABILITIES = Capabilities(
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=False,
    relation_scores=False,
    tokens=True,
    meta=False,
)
WriteOptions = TokenWriteOptions
ReadOptions = Options


class _Entity(msgspec.Struct, frozen=True):
    type: str
    start: int
    end: int


class _Relation(msgspec.Struct, frozen=True):
    type: str
    head: int
    tail: int


class _Sentence(msgspec.Struct, frozen=True, omit_defaults=True):
    tokens: list[str]
    entities: list[_Entity]
    relations: list[_Relation]
    orig_id: str | int | None = None


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield one document per sentence in a file, or in the `.json` files below a folder."""
    return json_records.read_documents(path, _Sentence, _to_document)


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write each document as one sentence of a JSON array; return the number of documents."""
    sentences = (_to_sentence(document, options, notes) for document in documents)
    return json_records.write_array(sentences, path)


def _to_document(sentence: _Sentence, record: json_records.JsonRecord) -> Document:
    id_ = record.document_id(sentence.orig_id)
    text, tokens = join_words(sentence.tokens)
    spans = SpanResolver(tokens)
    entities = tuple(
        spans.entity(number, e.start, e.end, e.type)
        for number, e in enumerate(sentence.entities, start=1)
    )
    spans.raise_problems(id_)
    relations = (
        Relation(head=f"e{r.head + 1}", tail=f"e{r.tail + 1}", label=r.type)
        for r in sentence.relations
    )
    return Document(id_, text, entities, tuple(relations), dict(token_layer(text, tokens)))


def _to_sentence(document: Document, options: TokenWriteOptions, notes: Notes) -> _Sentence:
    tokens = split_tokens(document, options, notes)
    words = [document.text[start:end] for start, end in tokens]
    changed = " ".join(words) != document.text
    notes.add("texts with changed white space", f"document {document.id}", changed)
    mentions = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    index = {mention.entity.id: number for number, mention in enumerate(mentions)}
    relations = keep_relations(document, index, notes)
    return _Sentence(
        words,
        [_Entity(m.entity.label, m.first, m.end) for m in mentions],
        [_Relation(r.label, index[r.head], index[r.tail]) for r in relations],
        document.id,
    )
