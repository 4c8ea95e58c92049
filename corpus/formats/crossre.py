"""CrossRE: one tokenised sentence per line, with entities and relations given by token indices.

Source: https://github.com/mainlp/CrossRE (English), and the machine-translated French files of
Multi-CrossRE. A line is `{"doc_key", "sentence": ["Ana", …], "ner": [[0, 1, "person"]],
"relations": [[0, 1, 4, 4, "physical", explanation, uncertain, syntax]]}`. Token indices start at 0,
and end indices are INCLUSIVE. The first four values of a relation are the token indices of the head
and of the tail.

If a line contains `sentence-detokenized` and `token2charspan`, as in the French files, these keys
give the text and the span of each token. Otherwise the text is the tokens joined by single spaces.
`doc_key` is the document id; without `doc_key`, the id is `FILE-NUMBER`. Mentions are numbered e1,
e2 … in file order. If several mentions have the same tokens, relations refer to the first of these
mentions. The reader counts English spans that are missing from the French projection (gaps in
`ner_mapping_to_source`). Relations with the same head, tail and label are counted and kept.

The format represents the text, overlapping mentions, relations, and the relation attributes
`explanation` (any text), `uncertain` and `syntax` ("true" if set). It does not represent several
mentions with the same span, mention ids, refs, mention attributes, scores or metadata. The writer
writes each document as one sentence, with `sentence-detokenized` and `token2charspan`.

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Write options:

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.shared import json_records
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
from aloi.corpus.formats.shared.words import SpanResolver, join_words, keep_relations
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = Capabilities(
    same_span=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relation_ids=False,
    relation_attributes=frozenset({"explanation", "uncertain", "syntax"}),
    relation_scores=False,
    tokens=True,
    meta=False,
)
WriteOptions = TokenWriteOptions
ReadOptions = Options


class _Relation(msgspec.Struct, frozen=True, array_like=True):
    head_first: int
    head_last: int
    tail_first: int
    tail_last: int
    label: str
    explanation: str = ""
    uncertain: bool = False
    syntax: bool = False

    @property
    def head(self) -> tuple[int, int]:
        return self.head_first, self.head_last

    @property
    def tail(self) -> tuple[int, int]:
        return self.tail_first, self.tail_last


class _Sentence(msgspec.Struct, frozen=True, omit_defaults=True):
    sentence: list[str]
    ner: list[tuple[int, int, str]]
    relations: list[_Relation]
    doc_key: str | int | None = None
    text: str | None = msgspec.field(default=None, name="sentence-detokenized")
    token_spans: list[Token] | None = msgspec.field(default=None, name="token2charspan")
    source_spans: list[int] = msgspec.field(default=[], name="ner_mapping_to_source")


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield one document per sentence in a file, or in the `.json` files below a folder."""
    return json_records.read_documents(path, _Sentence, partial(_to_document, notes=notes))


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write each document as one sentence on one line; return the number of documents."""
    sentences = (_to_sentence(document, options, notes) for document in documents)
    return json_records.write_lines(sentences, path)


def _to_document(sentence: _Sentence, record: json_records.JsonRecord, notes: Notes) -> Document:
    id_ = record.document_id(sentence.doc_key)
    text, tokens = _text_and_tokens(sentence, id_)
    spans = SpanResolver(tokens)
    entities = tuple(
        spans.entity(number, first, last + 1, label)
        for number, (first, last, label) in enumerate(sentence.ner, start=1)
    )
    spans.raise_problems(id_)
    relations = _to_relations(sentence, id_)
    _add_notes(sentence, record.place, notes)
    return Document(id_, text, entities, tuple(relations), dict(token_layer(text, tokens)))


def _text_and_tokens(sentence: _Sentence, id_: str) -> tuple[str, list[Token]]:
    if sentence.text is None or sentence.token_spans is None:
        return join_words(sentence.sentence)
    if len(sentence.token_spans) != len(sentence.sentence):
        expected, found = len(sentence.sentence), len(sentence.token_spans)
        what = f"expected {expected} spans in token2charspan, one per token, found {found}"
        fix = "Correct token2charspan: write one span per token"
        raise DataError([Problem("bad-tokens", what, fix, id_)])
    return sentence.text, sentence.token_spans


def _to_relations(sentence: _Sentence, id_: str) -> list[Relation]:
    ids: dict[tuple[int, int], str] = {}
    for number, (first, last, _) in enumerate(sentence.ner, start=1):
        ids.setdefault((first, last), f"e{number}")
    problems = [
        _missing_mention(end, relation.label, id_)
        for relation in sentence.relations
        for end in (relation.head, relation.tail)
        if end not in ids
    ]
    if problems:
        raise DataError(problems)
    return [
        Relation(head=ids[r.head], tail=ids[r.tail], label=r.label, attributes=_to_attributes(r))
        for r in sentence.relations
    ]


def _missing_mention(tokens: tuple[int, int], label: str, id_: str) -> Problem:
    what = f"the tokens {tokens[0]} to {tokens[1]} of the relation are not a mention in `ner`"
    fix = "Use token ranges from `ner` as head and tail"
    return Problem("dangling-relation", what, fix, id_, label)


def _to_attributes(relation: _Relation) -> dict[str, str]:
    values = {
        "explanation": relation.explanation,
        "uncertain": "true" if relation.uncertain else "",
        "syntax": "true" if relation.syntax else "",
    }
    return {name: value for name, value in values.items() if value}


def _add_notes(sentence: _Sentence, place: str, notes: Notes) -> None:
    lost = max(sentence.source_spans, default=-1) + 1 - len(sentence.source_spans)
    notes.add("source spans missing from the projection", place, max(lost, 0))
    labels = Counter((r.head, r.tail, r.label) for r in sentence.relations)
    notes.add("relations with the same head, tail and label", place, labels.total() - len(labels))
    spans = {(first, last) for first, last, _ in sentence.ner}
    notes.add("mentions on the same tokens", place, len(sentence.ner) - len(spans))
    if sentence.text is not None and sentence.token_spans is not None:
        pairs = zip(sentence.token_spans, sentence.sentence, strict=True)
        differing = sum(sentence.text[start:end] != word for (start, end), word in pairs)
        notes.add("tokens that differ from the text", place, differing)


def _to_sentence(document: Document, options: TokenWriteOptions, notes: Notes) -> _Sentence:
    tokens = split_tokens(document, options, notes)
    aligned = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    mentions = _first_of_each_range(aligned)
    note = "mentions dropped because they have the same tokens as an earlier mention"
    notes.add(note, f"document {document.id}", len(aligned) - len(mentions))
    by_id = {mention.entity.id: mention for mention in mentions}
    return _Sentence(
        [document.text[start:end] for start, end in tokens],
        [(m.first, m.end - 1, m.entity.label) for m in mentions],
        [_from_relation(r, by_id, document.id) for r in keep_relations(document, by_id, notes)],
        document.id,
        document.text,
        tokens,
    )


def _first_of_each_range(mentions: Iterable[AlignedMention]) -> list[AlignedMention]:
    """Return the mentions without those whose tokens an earlier mention has.

    Relations refer to mentions by their tokens, so they would refer to the earlier mention.
    """
    first: dict[tuple[int, int], AlignedMention] = {}
    for mention in mentions:
        first.setdefault((mention.first, mention.end), mention)
    return list(first.values())


def _from_relation(
    relation: Relation, mentions: dict[str, AlignedMention], document: str
) -> _Relation:
    head, tail = mentions[relation.head], mentions[relation.tail]
    flags = [relation.attributes.get(name) for name in ("uncertain", "syntax")]
    explanation = relation.attributes.get("explanation")
    if not {*flags} <= {None, "true"} or explanation == "":
        what = f"CrossRE cannot represent the attributes {relation.attributes}"
        fix = 'Remove an empty `explanation`, and set `uncertain` and `syntax` only to "true"'
        raise DataError([Problem("bad-attribute", what, fix, document, str(relation))])
    ends = head.first, head.end - 1, tail.first, tail.end - 1
    uncertain, syntax = (flag is not None for flag in flags)
    return _Relation(*ends, relation.label, explanation or "", uncertain, syntax)
