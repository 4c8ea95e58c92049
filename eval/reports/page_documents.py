"""The documents of a report as JSON for the HTML page.

An index lists all documents with their counts. The texts and annotations are in chunks of
`CHUNK_SIZE` documents, and the page parses a chunk when it shows one of its documents, so a page
with thousands of documents opens quickly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from aloi.corpus.site.page_data import label_hues, script_json
from aloi.eval.alignment import distinct_numbers
from aloi.eval.analysis.causes import explain_missed
from aloi.eval.analysis.errors import ERROR_KINDS, RIGHT, ClassifiedErrors
from aloi.eval.analysis.overview import Analysis
from aloi.eval.columns import Ints
from aloi.eval.items import Items, relation_items
from aloi.eval.pairing import Side
from aloi.eval.reports.report import Report
from aloi.eval.schemes import EntityScheme, RelationScheme

CHUNK_SIZE = 50
"""The number of documents in a chunk."""

CORRECT = ""
"""The kind or cause of correct annotations."""

Sequences = list[list[Any]]


def document_index(report: Report, order: list[int]) -> dict[str, Any]:
    """Return the index of the documents in this order.

    Each document is a list: the id, then tp, fp and fn of the mentions (scheme `exact`), then tp,
    fp and fn of the relations (scheme `strict`).
    """
    assert report.analysis is not None
    pair = report.analysis.errors.pair
    counts = document_counts(report).tolist()
    return {
        "chunk": CHUNK_SIZE,
        "hues": label_hues(pair.labels),
        "documents": [[pair.ids[number], *counts[number]] for number in order],
    }


def document_order(report: Report) -> list[int]:
    """Return the document numbers by descending number of errors."""
    errors = document_counts(report)[:, [1, 2, 4, 5]].sum(axis=1)
    order: list[int] = np.argsort(-errors, kind="stable").tolist()
    return order


def document_counts(report: Report) -> Ints:
    """Return the counts of each document (see `document_index`); shape: (documents, 6)."""
    results = (report.entities[EntityScheme.EXACT], report.relations[RelationScheme.STRICT])
    counts: Ints = np.concatenate([each.scores.by_document.sum(axis=1) for each in results], axis=1)
    return counts


def document_chunks(report: Report, order: list[int]) -> Iterator[Markup]:
    """Yield the chunks of the documents in this order, as JSON for a script element.

    The text of a withheld document is null.
    """
    assert report.analysis is not None
    pair = report.analysis.errors.pair
    gold, pred = _annotations(report.analysis)
    for first in range(0, len(order), CHUNK_SIZE):
        yield script_json(
            [
                {
                    "text": None if pair.ids[number] in pair.withheld else pair.texts[number],
                    "gold": gold[number],
                    "pred": pred[number],
                }
                for number in order[first : first + CHUNK_SIZE]
            ]
        )


def _annotations(
    analysis: Analysis,
) -> tuple[list[dict[str, Sequences]], list[dict[str, Sequences]]]:
    """Return the gold and the predicted mentions (`spans`) and relations (`arcs`) per document.

    A span is [start, end, label, error kind, partner], and an arc is [head, tail, label, cause].
    `head` and `tail` are positions in the document's list of spans. `partner` is the position of
    the aligned mention in the list of the other side, or -1. The kind and the cause of correct
    annotations are empty.
    """
    errors, pair, symmetric = analysis.errors, analysis.errors.pair, analysis.symmetric
    items = relation_items(pair, typed=True, symmetric=symmetric)
    missed = dict(explain_missed(pair, symmetric=symmetric))
    partners = _partners(errors)
    sides = (
        (pair.gold, errors.gold, partners[0], _all_causes(items[0], missed)),
        (pair.pred, errors.pred, partners[1], _all_causes(items[1], analysis.spurious)),
    )
    gold, pred = (
        _by_document(errors, side, kinds, partner, causes) for side, kinds, partner, causes in sides
    )
    return gold, pred


def _by_document(
    errors: ClassifiedErrors, side: Side, kinds: Ints, partners: Ints, causes: list[str]
) -> list[dict[str, Sequences]]:
    pair, mentions, relations = errors.pair, side.mentions, side.relations
    documents: list[dict[str, Sequences]] = [{"spans": [], "arcs": []} for _ in pair.ids]
    names = [CORRECT if n == RIGHT else kind for n, kind in enumerate(ERROR_KINDS)]
    distinct = distinct_numbers(mentions)
    spans = zip(
        mentions.spans(),
        mentions.label.tolist(),
        kinds[distinct].tolist(),
        partners[distinct].tolist(),
        strict=True,
    )
    for (number, start, end), label, kind, partner in spans:
        documents[number]["spans"].append([start, end, pair.labels[label], names[kind], partner])
    positions = _positions(mentions.document)
    arcs = zip(
        mentions.document[relations.head].tolist(),
        positions[relations.head].tolist(),
        positions[relations.tail].tolist(),
        relations.label.tolist(),
        causes,
        strict=True,
    )
    for number, head, tail, label, cause in arcs:
        documents[number]["arcs"].append([head, tail, pair.relation_labels[label], cause])
    return documents


def _positions(document: Ints) -> Ints:
    """Return the position of each mention among the mentions of its document."""
    return np.arange(len(document)) - np.searchsorted(document, document)


def _partners(errors: ClassifiedErrors) -> tuple[Ints, Ints]:
    """Return, for each distinct mention, the position of the aligned mention in its document.

    The position counts duplicates, as in the list of spans of the document; -1 if the mention is
    not aligned.
    """
    alignment, pair = errors.alignment, errors.pair
    gold = np.full(len(alignment.gold), -1)
    pred = np.full(len(alignment.pred), -1)
    gold_at, pred_at = (_first_positions(side) for side in (pair.gold, pair.pred))
    for pairs in (alignment.exact, alignment.paired):
        gold[pairs.gold] = pred_at[pairs.pred]
        pred[pairs.pred] = gold_at[pairs.gold]
    return gold, pred


def _first_positions(side: Side) -> Ints:
    """Return the position of each distinct mention: that of its first duplicate."""
    numbers = distinct_numbers(side.mentions)
    first = np.flatnonzero(np.diff(numbers, prepend=-1))
    return _positions(side.mentions.document)[first]


def _all_causes(items: Items, causes: Mapping[int, str]) -> list[str]:
    """Return the cause of each relation; duplicates have the cause of the first duplicate."""
    keys = items.key.tolist()
    by_key = {keys[row]: str(cause) for row, cause in causes.items()}
    return [by_key.get(key, CORRECT) for key in keys]
