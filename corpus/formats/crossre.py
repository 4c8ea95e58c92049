"""CrossRE: one sentence of tokens a line, with entities and relations by token index.

Source: https://github.com/mainlp/CrossRE (English), and the shape of the machine-translated
French files (Multi-CrossRE). A line is `{"doc_key", "sentence": ["Ana", …],
"ner": [[0, 1, "person"]], "relations": [[0, 1, 4, 4, "physical", explanation, uncertain,
syntax]]}`; ends are token indexes, INCLUSIVE; a relation names its ends by their tokens.

The text is `sentence-detokenized`, with each token at its place in `token2charspan`, where a line
has both, as the French files do; else the tokens with one space between them. `doc_key` is the
document's id; without it, file name and number. Mentions are numbered e1, e2 … as they come.
Spans that a projection lost (gaps in `ner_mapping_to_source`), and a label that comes twice for
one pair, are noted; the latter stays. Of several mentions on the same tokens, a relation belongs
to the first.

Holds overlapping mentions, relations, and of these the attributes `explanation` (any text),
`uncertain` and `syntax` ("true" when set). Cannot hold several mentions on the same stretch, ids
of mentions, refs, attributes of mentions, scores and metadata. Texts are held: a document is
written as one sentence, with its text and the tokens' places.

Options, writing: `tokens=error|expand|drop`, for mentions that cut a token (`tokens.lay`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    AlignedMention,
    Token,
    TokenWriteOptions,
    align_mentions,
    tokenize,
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
    places: list[Token] | None = msgspec.field(default=None, name="token2charspan")
    sources: list[int] = msgspec.field(default=[], name="ner_mapping_to_source")


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The sentences of a file, or of the `.json` files below a folder, as documents."""
    return json_records.read_documents(path, _Sentence, partial(_document, notes=notes))


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write a line a document, each as one sentence."""
    return json_records.write_lines((_sentence(d, options, notes) for d in documents), path)


def _document(sentence: _Sentence, record: json_records.JsonRecord, notes: Notes) -> Document:
    id_ = record.document_id(sentence.doc_key)
    text, tokens = _text(sentence, id_)
    stretches = SpanResolver(tokens)
    entities = tuple(
        Entity(f"e{number}", *stretches.resolve(first, last + 1, f"e{number}"), label)
        for number, (first, last, label) in enumerate(sentence.ner, start=1)
    )
    stretches.raise_problems(id_)
    relations = _relations(sentence, id_)
    _note(sentence, record.place, notes)
    return Document(id_, text, entities, tuple(relations))


def _text(sentence: _Sentence, id_: str) -> tuple[str, list[Token]]:
    if sentence.text is None or sentence.places is None:
        return join_words(sentence.sentence)
    if len(sentence.places) != len(sentence.sentence):
        what = f"{len(sentence.sentence)} tokens, {len(sentence.places)} places in token2charspan"
        raise DataError([Problem("bad-tokens", what, "Give each token its place", id_)])
    return sentence.text, sentence.places


def _relations(sentence: _Sentence, id_: str) -> list[Relation]:
    names: dict[tuple[int, int], str] = {}
    for number, (first, last, _) in enumerate(sentence.ner, start=1):
        names.setdefault((first, last), f"e{number}")
    problems = [
        Problem("dangling-relation", what, "Point it at spans of `ner`", id_, relation.label)
        for relation in sentence.relations
        for end in (relation.head, relation.tail)
        if end not in names
        for what in [f"no mention on the tokens {end[0]} to {end[1]}"]
    ]
    if problems:
        raise DataError(problems)
    return [
        Relation(names[r.head], names[r.tail], r.label, attributes=_attributes(r))
        for r in sentence.relations
    ]


def _attributes(relation: _Relation) -> dict[str, str]:
    given = {
        "explanation": relation.explanation,
        "uncertain": "true" if relation.uncertain else "",
        "syntax": "true" if relation.syntax else "",
    }
    return {name: value for name, value in given.items() if value}


def _note(sentence: _Sentence, place: str, notes: Notes) -> None:
    lost = max(sentence.sources, default=-1) + 1 - len(sentence.sources)
    notes.add("spans lost in projection before", place, max(lost, 0))
    pairs = Counter((r.head, r.tail, r.label) for r in sentence.relations)
    notes.add("labels that come twice for a pair", place, pairs.total() - len(pairs))
    stretches = {(first, last) for first, last, _ in sentence.ner}
    notes.add("mentions on the same tokens", place, len(sentence.ner) - len(stretches))
    if sentence.text is not None and sentence.places is not None:
        pairs_ = zip(sentence.places, sentence.sentence, strict=True)
        differing = sum(sentence.text[start:end] != word for (start, end), word in pairs_)
        notes.add("tokens that differ from the text", place, differing)


def _sentence(document: Document, options: TokenWriteOptions, notes: Notes) -> _Sentence:
    tokens = tokenize(document.text)
    laid = align_mentions(document, tokens, policy=options.tokens, notes=notes)
    places = {mention.entity.id: mention for mention in laid}
    return _Sentence(
        [document.text[start:end] for start, end in tokens],
        [(m.first, m.end - 1, m.entity.label) for m in laid],
        [_relation(r, places, document.id) for r in keep_relations(document, places, notes)],
        document.id,
        document.text,
        tokens,
    )


def _relation(relation: Relation, places: dict[str, AlignedMention], document: str) -> _Relation:
    head, tail = places[relation.head], places[relation.tail]
    flags = [relation.attributes.get(name) for name in ("uncertain", "syntax")]
    explanation = relation.attributes.get("explanation")
    if not {*flags} <= {None, "true"} or explanation == "":
        what = f"CrossRE cannot hold the attributes {relation.attributes}"
        fix = 'Give `uncertain` and `syntax` the value "true", `explanation` some text, or none'
        raise DataError([Problem("bad-attribute", what, fix, document, str(relation))])
    ends = head.first, head.end - 1, tail.first, tail.end - 1
    uncertain, syntax = (flag is not None for flag in flags)
    return _Relation(*ends, relation.label, explanation or "", uncertain, syntax)
