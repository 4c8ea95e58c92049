"""GLiNER: the training data of GLiNER, with one tokenised sentence per record.

Source: https://urchade.github.io/GLiNER/training.html (Dataset Format). A file is a JSON array, or
JSON Lines, of `{"tokenized_text": ["Ana", "vit", …], "ner": [[0, 0, "person"]], "relations":
[[0, 1, "lives_in"]]}`. Token indices start at 0, and end indices are INCLUSIVE, so a mention names
one occurrence of its surface. `relations` contains the indices of head and tail in `ner`.

The writer adds `id`, the document id, and `whitespace`, the white space after each token; GLiNER
ignores both. Each line of the text is a record, because GLiNER truncates long records (by default
after 384 tokens). The reader joins successive records with the same `id`. A record without `id` is
a document with the id `FILE-NUMBER`; without `whitespace`, the tokens are joined by single spaces.
Mentions are numbered e1, e2 … in file order. Labels that a record declares
(`ner_labels`, `ner_negatives`, `rel_labels`, `rel_negatives`) are left out.

If the text begins with white space, `whitespace` of the first sentence has one more item, at its
start.

The format represents any text, overlapping mentions, and relations within a
line. It does not represent mention ids, refs, attributes, scores or metadata. The writer counts
relations between lines.

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.sentences.joining import join_sentences, read_grouped
from aloi.corpus.formats.sentences.splitting import split_relations, split_sentences
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import TokenWriteOptions, token_layer
from aloi.corpus.formats.shared.words import SpanResolver
from aloi.corpus.problems import Problem

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


class _Sentence(msgspec.Struct, frozen=True, omit_defaults=True):
    tokenized_text: list[str]
    ner: list[tuple[int, int, str]]
    relations: list[tuple[int, int, str]] = []
    id: str | int | None = None
    whitespace: list[str] | None = None


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.json` and `.jsonl` files below a folder."""
    records = json_records.read_records(path)
    return read_grouped(records, _Sentence, lambda s, record: record.document_id(s.id), _build)


def _build(id_: str, sentences: Sequence[_Sentence], record: json_records.JsonRecord) -> Document:
    words = [sentence.tokenized_text for sentence in sentences]
    text, tokens = join_sentences(words, [sentence.whitespace for sentence in sentences], id_)
    entities: list[Entity] = []
    relations: list[Relation] = []
    problems: list[Problem] = []
    for sentence, sentence_tokens in zip(sentences, tokens, strict=True):
        spans = SpanResolver(sentence_tokens, problems)
        offset = len(entities)
        entities += (
            spans.entity(number, first, last + 1, label)
            for number, (first, last, label) in enumerate(sentence.ner, start=offset + 1)
        )
        for head, tail, label in sentence.relations:
            if min(head, tail) < 0 or max(head, tail) >= len(sentence.ner):
                problems.append(_missing_mention(head, tail, label))
                continue
            ends = f"e{offset + head + 1}", f"e{offset + tail + 1}"
            relations.append(Relation(head=ends[0], tail=ends[1], label=label))
    SpanResolver([], problems).raise_problems(id_)
    meta: dict[str, Any] = {**token_layer(text, chain.from_iterable(tokens))}
    return Document(id_, text, tuple(entities), tuple(relations), meta)


def _missing_mention(head: int, tail: int, label: str) -> Problem:
    what = f"the head {head} or the tail {tail} is not the index of a mention in `ner`"
    fix = "Use indices of mentions in the same record, counted from 0"
    return Problem("dangling-relation", what, fix, item=label)


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write a JSON array with one record per line of text; return the number of documents."""
    numbers = count()
    numbered = zip(documents, numbers, strict=False)
    sentences = (s for document, _ in numbered for s in _to_sentences(document, options, notes))
    json_records.write_array(sentences, path)
    return next(numbers)


def _to_sentences(
    document: Document, options: TokenWriteOptions, notes: Notes
) -> Iterator[_Sentence]:
    sentences = split_sentences(document, options, notes)
    for sentence, relations in zip(
        sentences, split_relations(document, sentences, notes), strict=True
    ):
        index = {mention.entity.id: number for number, mention in enumerate(sentence.mentions)}
        yield _Sentence(
            sentence.words,
            [(m.first, m.end - 1, m.entity.label) for m in sentence.mentions],
            [(index[r.head], index[r.tail], r.label) for r in relations],
            document.id,
            sentence.spaces,
        )
