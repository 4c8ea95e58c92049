"""Splitting of documents into tokenised sentences, for writers."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.shared import column_writer
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import (
    AlignedMention,
    Token,
    TokenWriteOptions,
    align_mentions,
    split_tokens,
)
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import encode_utf8


class SplitSentence(NamedTuple):
    """A sentence: its tokens, the white space after each token, and its mentions in text order.

    If the text begins with white space, `spaces` of the first sentence begins with it.
    `first` is the index of the first token in the document. Mentions have token indices in the
    sentence; ends are exclusive.
    """

    first: int
    words: list[str]
    spaces: list[str]
    mentions: list[AlignedMention]


def split_sentences(
    document: Document, options: TokenWriteOptions, notes: Notes, *, flat: bool = False
) -> list[SplitSentence]:
    """Return the sentences of a document: its lines, or several lines that a mention connects.

    A document without tokens has one sentence without tokens. If `flat` is True, mentions that
    overlap an earlier mention are dropped. Raises `DataError` for empty labels and for characters
    that UTF-8 cannot encode.
    """
    text, tokens = document.text, split_tokens(document, options, notes)
    labels = {entity.label for entity in document.entities}
    labels |= {relation.label for relation in document.relations}
    encode_utf8("".join([document.id, text, *labels]), document.id)
    if "" in labels:
        fix = "Rename the label with --labels"
        raise DataError([Problem("bad-label", "a label is empty", fix, document.id)])
    align = column_writer.align_flat if flat else align_mentions
    mentions = align(document, tokens, policy=options.tokens, notes=notes)
    mentions.sort(key=_writing_order)
    starts = column_writer.find_sentence_starts(text, tokens, mentions) or [0]
    bounds = [*tokens, Token(len(text), len(text))]
    sentences = [
        SplitSentence(
            first,
            [text[token.start : token.end] for token in tokens[first:end]],
            [text[t.end : following.start] for t, following in pairwise(bounds[first : end + 1])],
            [],
        )
        for first, end in pairwise([*starts, len(tokens)])
    ]
    if before := text[: tokens[0].start] if tokens else text:
        sentences[0].spaces.insert(0, before)
    for entity, first, end in mentions:
        sentence = sentences[bisect_right(starts, first) - 1]
        moved = AlignedMention(entity, first - sentence.first, end - sentence.first)
        sentence.mentions.append(moved)
    return sentences


def _writing_order(mention: AlignedMention) -> tuple[int, int, str, int, str]:
    """Return the text order; readers number the mentions in this order, so e2 precedes e10."""
    entity = mention.entity
    return entity.start, -entity.end, entity.label, len(entity.id), entity.id


def split_relations(
    document: Document, sentences: list[SplitSentence], notes: Notes
) -> list[list[Relation]]:
    """Return the relations of each sentence; count the relations between sentences in `notes`."""
    place = f"document {document.id}"
    sentence_of = {
        mention.entity.id: number
        for number, sentence in enumerate(sentences)
        for mention in sentence.mentions
    }
    relations: list[list[Relation]] = [[] for _ in sentences]
    for relation in document.relations:
        head, tail = sentence_of.get(relation.head), sentence_of.get(relation.tail)
        if head is None or tail is None:
            notes.add("relations of dropped mentions dropped", place)
        elif head != tail:
            notes.add("relations between sentences dropped", place)
        else:
            relations[head].append(relation)
    return relations
