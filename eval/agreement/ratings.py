"""Annotators' ratings of tokens and spans, as arrays of category numbers.

If an annotator has not annotated a document, the ratings of the document are `MISSING`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from aloi.corpus.formats.shared.tokens import token_spans
from aloi.corpus.languages.language import Language, language_of
from aloi.eval.agreement.coefficients import MISSING
from aloi.eval.columns import Annotations, Bools, Ints
from aloi.eval.items import is_outermost

MentionSpan = tuple[str, int, int]
"""Document id, start and end (code points, end exclusive)."""

SpanLabels = dict[MentionSpan, list[str]]
"""The labels that one annotator gave to each span, without duplicates."""


def texts_by_id(annotators: Mapping[str, Annotations]) -> dict[str, str]:
    """Return the text of every annotated document, by id."""
    return {
        id_: text
        for each in annotators.values()
        for id_, text in zip(each.ids, each.texts, strict=True)
    }


def languages_by_id(annotators: Mapping[str, Annotations]) -> dict[str, Language]:
    """Return the language of every annotated document, by id, in the order of `texts_by_id`."""
    return {
        id_: language_of(meta)
        for each in annotators.values()
        for id_, meta in zip(each.ids, each.metas, strict=True)
    }


def labels_by_span(annotations: Annotations) -> SpanLabels:
    """Return the labels of each span with a mention."""
    labels: SpanLabels = {}
    for (document, start, end), label in _labelled_spans(annotations):
        span_labels = labels.setdefault((annotations.ids[document], start, end), [])
        if label not in span_labels:
            span_labels.append(label)
    return labels


def _labelled_spans(annotations: Annotations) -> Iterator[tuple[tuple[int, int, int], str]]:
    mentions = annotations.mentions
    names = (annotations.labels[number] for number in mentions.label.tolist())
    return zip(mentions.spans(), names, strict=True)


@dataclass(frozen=True, slots=True)
class Ratings:
    """Category numbers of items. Shapes: (annotators, items) for `values`, (items) for `document`.

    `document` contains the number of each item's document, from 0 to `documents` - 1.
    """

    values: Ints
    document: Ints
    documents: int

    def select(self, rows: Sequence[int], items: Ints) -> Ratings:
        """Return the ratings of these annotators for these items."""
        return Ratings(self.values[rows][:, items], self.document[items], self.documents)


def token_ratings(annotators: Mapping[str, Annotations], labels: Sequence[str]) -> Ratings:
    """Return the category of each token by annotator, for the tokens of all texts.

    A token that overlaps no mention has category 0. Otherwise, the first outermost mention that
    overlaps the token determines the category: the index of the mention's label in `labels`, plus
    1. Documents are numbered in the order of `texts_by_id`.
    """
    texts = texts_by_id(annotators)
    width = max(map(len, texts.values()), default=0) + 1
    numbers = {id_: number for number, id_ in enumerate(texts)}
    languages = languages_by_id(annotators)
    spans = [list(token_spans(text, languages[id_])) for id_, text in texts.items()]
    document = np.repeat(np.arange(len(spans)), list(map(len, spans)))
    flat = chain.from_iterable(chain.from_iterable(spans))
    tokens = np.fromiter(flat, np.int64, 2 * len(document)).reshape(-1, 2)
    tokens = tokens + document[:, None] * width
    rows = [
        _token_row(each, numbers, tokens, document, labels, width) for each in annotators.values()
    ]
    values = np.array(rows, dtype=np.int64).reshape(len(rows), len(document))
    return Ratings(values, document, len(spans))


def _token_row(
    annotations: Annotations,
    numbers: Mapping[str, int],
    tokens: Ints,
    document: Ints,
    labels: Sequence[str],
    width: int,
) -> Ints:
    """Return the token categories of one annotator.

    `numbers` contains the document number of each id. `tokens` contains the start and end of each
    token in the concatenation of all texts, each `width` long; shape: (tokens, 2).
    """
    own = np.array([numbers[id_] for id_ in annotations.ids], dtype=np.int64)
    mentions = annotations.mentions
    mentions = replace(mentions, document=own[mentions.document])
    mentions = mentions.take(np.argsort(mentions.document, kind="stable"))
    outermost = mentions.take(np.flatnonzero(is_outermost(mentions, width)))
    start, end = (outermost.document * width + side for side in (outermost.start, outermost.end))
    indices = np.array([labels.index(label) + 1 for label in annotations.labels], dtype=np.int64)
    categories = _token_categories(tokens, start, end, indices[outermost.label])
    annotated = np.zeros(len(numbers), dtype=np.bool_)
    annotated[own] = True
    return np.where(annotated[document], categories, MISSING)


def _token_categories(tokens: Ints, start: Ints, end: Ints, category: Ints) -> Ints:
    """Return, for each token, the category of the first mention that overlaps the token, or 0.

    The mentions must be outermost and sorted by start. They are therefore also sorted by end, so a
    binary search finds the first overlapping mention.
    """
    first = np.searchsorted(end, tokens[:, 0], side="right")
    overlaps: Bools = np.append(start, np.iinfo(np.int64).max)[first] < tokens[:, 1]
    return np.where(overlaps, np.append(category, 0)[first], 0)


def span_ratings(
    annotators: Mapping[str, Annotations], labels: Mapping[str, SpanLabels]
) -> Ratings:
    """Return the category of each span by annotator; `labels` are those of `labels_by_span`.

    The spans are those that at least one annotator has marked. Each distinct set of labels is one
    category. The category is `MISSING` if the annotator has not marked the span. Documents are
    numbered in the order of `texts_by_id`.
    """
    column: dict[MentionSpan, int] = {}
    categories: dict[tuple[str, ...], int] = {}
    cells = [
        (
            row,
            column.setdefault(span, len(column)),
            categories.setdefault(tuple(sorted(names)), len(categories)),
        )
        for row, each in enumerate(labels.values())
        for span, names in each.items()
    ]
    values = np.full((len(labels), len(column)), MISSING)
    rows, columns, numbers = np.array(cells, dtype=np.int64).reshape(-1, 3).T
    values[rows, columns] = numbers
    documents = {id_: number for number, id_ in enumerate(texts_by_id(annotators))}
    document = np.array([documents[id_] for id_, *_ in column], dtype=np.int64)
    return Ratings(values, document, len(documents))
