"""Annotators' ratings of tokens and spans, as arrays of category numbers.

If an annotator has not annotated a document, the ratings of the document are `MISSING`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aloi.corpus.formats.shared.tokens import tokenize
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


def token_ratings(annotators: Mapping[str, Annotations], labels: Sequence[str]) -> Ints:
    """Return the category of each token by annotator. Shape: (annotators, tokens of all texts).

    A token that overlaps no mention has category 0. Otherwise, the first outermost mention that
    overlaps the token determines the category: the index of the mention's label in `labels`, plus
    1.
    """
    tokens = {
        id_: np.array(tokenize(text), dtype=np.int64).reshape(-1, 2)
        for id_, text in texts_by_id(annotators).items()
    }
    rows = [_token_row(each, tokens, labels) for each in annotators.values()]
    return np.array(rows, dtype=np.int64).reshape(len(rows), sum(map(len, tokens.values())))


def _token_row(annotations: Annotations, tokens: Mapping[str, Ints], labels: Sequence[str]) -> Ints:
    """Return the token categories of one annotator.

    `tokens` contains the start and end of each token, by document id. Shape: (tokens, 2).
    """
    width = max(map(len, annotations.texts), default=0) + 1
    mentions = annotations.mentions
    outermost = mentions.take(np.flatnonzero(is_outermost(mentions, width)))
    start, end = (outermost.document * width + side for side in (outermost.start, outermost.end))
    numbers = np.array([labels.index(label) + 1 for label in annotations.labels], dtype=np.int64)
    category = numbers[outermost.label]
    documents = {id_: number for number, id_ in enumerate(annotations.ids)}
    parts = [
        _token_categories(spans + documents[id_] * width, start, end, category)
        if id_ in documents
        else np.full(len(spans), MISSING)
        for id_, spans in tokens.items()
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _token_categories(tokens: Ints, start: Ints, end: Ints, category: Ints) -> Ints:
    """Return, for each token, the category of the first mention that overlaps the token, or 0.

    The mentions must be outermost and sorted by start. They are therefore also sorted by end, so a
    binary search finds the first overlapping mention.
    """
    first = np.searchsorted(end, tokens[:, 0], side="right")
    overlaps: Bools = np.append(start, np.iinfo(np.int64).max)[first] < tokens[:, 1]
    return np.where(overlaps, np.append(category, 0)[first], 0)


def span_ratings(annotators: Mapping[str, Annotations]) -> Ints:
    """Return the category of each span by annotator. Shape: (annotators, spans).

    The spans are those that at least one annotator has marked. Each distinct set of labels is one
    category. The category is `MISSING` if the annotator has not marked the span.
    """
    labels = [labels_by_span(each) for each in annotators.values()]
    spans = sorted({span for each in labels for span in each})
    column = {span: number for number, span in enumerate(spans)}
    categories: dict[tuple[str, ...], int] = {}
    ratings = np.full((len(labels), len(spans)), MISSING)
    for row, each in enumerate(labels):
        for span, names in each.items():
            category = categories.setdefault(tuple(sorted(names)), len(categories))
            ratings[row, column[span]] = category
    return ratings
