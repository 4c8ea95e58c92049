"""Tables of corpus statistics: size, density, lexical variety, and distances in relations.

Words are separated by white space. Surfaces are compared in lower case; a mention is unseen if no
mention in the train split has the same surface. The distance of a relation is the length of the
text between its two mentions, or 0 if the mentions overlap. `aloi.corpus.segmentation` defines
sentences.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pandas as pd

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity
from aloi.corpus.languages.language import language_of
from aloi.corpus.segmentation import sentence_starts, word_ngrams

TRAIN_SPLIT = "train"

NO_VALUE = "none"
"""The theme or form of documents that have none."""

LENGTH_BANDS = (0, 100, 200, 300, 400, 500, 750, 1000, 2000)
"""Lower limits of the bands of document length, in words; the last band is open-ended."""

SHARED_NGRAM_WORDS = 8
"""Length of the word n-grams listed by `shared_ngrams`."""

MAX_SHARING_DOCUMENTS = 3
"""`shared_ngrams` lists the word n-grams that occur in more documents than this number."""


def mention_table(corpus: Corpus) -> pd.DataFrame:
    """Return a table with one row per mention: split, label, and surface in lower case."""
    rows = [
        (corpus.split_of.get(document.id, ""), entity.label, document.surface(entity).casefold())
        for document in corpus.documents
        for entity in document.entities
    ]
    return pd.DataFrame(rows, columns=["split", "label", "surface"])


def relation_table(corpus: Corpus) -> pd.DataFrame:
    """Return a table with one row per relation: split, label, and distance between its mentions.

    The distance is given in code points (`characters`) and in `words`. `across` is True if the
    mentions begin in different sentences.
    """
    rows = []
    for document in corpus.documents:
        entities, split = document.by_id(), corpus.split_of.get(document.id, "")
        starts = sentence_starts(document.text, language_of(document.meta))
        for relation in document.relations:
            between = _text_between(document, entities[relation.head], entities[relation.tail])
            ends = [entities[id_].start for id_ in (relation.head, relation.tail)]
            across = len({bisect_right(starts, end) for end in ends}) > 1
            rows.append((split, relation.label, len(between), len(between.split()), across))
    table = pd.DataFrame(rows, columns=["split", "label", "characters", "words", "across"])
    return table.astype({"characters": int, "words": int, "across": bool})


def _text_between(document: Document, one: Entity, other: Entity) -> str:
    first, second = sorted((one, other), key=lambda entity: (entity.start, entity.end))
    return document.text[first.end : max(first.end, second.start)]


def document_table(corpus: Corpus) -> pd.DataFrame:
    """Return a table with one row per document: split, theme, form, year, and sizes.

    The sizes are the numbers of words, mentions and relations. A missing theme or form is
    `NO_VALUE`. The year is the first four
    characters of `date` in the metadata, or "unknown" if `date` does not begin with four digits.
    """
    rows = [
        {
            "document": document.id,
            "split": corpus.split_of.get(document.id, ""),
            "theme": str(document.meta.get("theme", "")) or NO_VALUE,
            "form": str(document.meta.get("form", "")) or NO_VALUE,
            "year": _year(str(document.meta.get("date", ""))),
            "words": len(document.text.split()),
            "mentions": len(document.entities),
            "relations": len(document.relations),
        }
        for document in corpus.documents
    ]
    columns = ["document", "split", "theme", "form", "year", "words", "mentions", "relations"]
    table = pd.DataFrame(rows, columns=columns).set_index("document")
    return table.astype(dict.fromkeys(("words", "mentions", "relations"), int))


def _year(date: str) -> str:
    return date[:4] if len(date[:4]) == 4 and date[:4].isdigit() else "unknown"


def corpus_tables(corpus: Corpus) -> dict[str, pd.DataFrame]:
    """Return the tables that `aloi corpus stats` prints, as a dictionary from title to table."""
    documents = document_table(corpus)
    mentions, relations = mention_table(corpus), relation_table(corpus)
    labels, types = list(corpus.schema.relations), list(corpus.schema.entities)
    splits = list(corpus.splits)
    ngrams_title = (
        f"runs of {SHARED_NGRAM_WORDS} words in more than {MAX_SHARING_DOCUMENTS} documents"
    )
    return {
        "by split": _totals(documents, "split", splits),
        "by theme": _totals(documents, "theme"),
        "by form": _totals(documents, "form"),
        "by length in words": _totals_by_length(documents),
        "by year": _totals(documents, "year"),
        "density, per 100 words": _density(documents, splits),
        "entities": _counts_by_label(mentions, types, splits).join(_unseen_shares(mentions)),
        "most frequent surface in train": _most_frequent_surfaces(mentions, types),
        "relations": _counts_by_label(relations, labels, splits),
        "between the mentions of a relation": _distances(relations, labels),
        ngrams_title: shared_ngrams(corpus.documents),
    }


def to_json(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return tables as dictionaries nested by title, row and column; NaN becomes None."""
    return {
        title: table.astype(object).where(table.notna(), None).to_dict(orient="index")
        for title, table in tables.items()
    }


def format_cell(value: object) -> str:
    """Return a table cell as text: at most three decimal places, an empty string for NaN."""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else f"{value:.3f}".rstrip("0")


def _totals(documents: pd.DataFrame, by: str, order: list[str] | None = None) -> pd.DataFrame:
    """Return the numbers of documents, words, mentions and relations for each value of a column.

    `by` is the name of the column. The last row contains the totals.
    """
    sums = documents.groupby(by)[["words", "mentions", "relations"]].sum()
    sums.insert(0, "documents", documents.groupby(by).size())
    table = sums.reindex(order, fill_value=0) if order else sums
    table.loc["all"] = table.sum()
    return table


def _totals_by_length(documents: pd.DataFrame) -> pd.DataFrame:
    names = [f"{low}–{high - 1}" for low, high in pairwise(LENGTH_BANDS)]
    names.append(f"{LENGTH_BANDS[-1]} or more")
    bins = [*LENGTH_BANDS, float("inf")]
    position = pd.cut(documents["words"], bins, right=False, labels=False)
    used = range(position.min(), position.max() + 1) if len(documents) else range(0)
    named = documents.assign(band=[names[number] for number in position])
    return _totals(named, "band", [names[number] for number in used])


def _counts_by_label(rows: pd.DataFrame, labels: list[str], splits: list[str]) -> pd.DataFrame:
    table = pd.crosstab(rows["label"], rows["split"])
    table = table.reindex(index=labels, columns=splits, fill_value=0)
    table["all"] = table.sum(axis=1)
    table.loc["all"] = table.sum()
    return table


def _unseen_shares(mentions: pd.DataFrame) -> pd.DataFrame:
    """Return the proportion of unseen mentions per label, for each split except train."""
    seen = set(mentions.loc[mentions["split"] == TRAIN_SPLIT, "surface"])
    others = mentions[mentions["split"] != TRAIN_SPLIT]
    others = others.assign(unseen=lambda m: ~m["surface"].isin(seen))
    together = others.assign(label="all")
    shares = pd.concat([others, together]).pivot_table(
        index="label", columns="split", values="unseen", aggfunc="mean"
    )
    return shares.add_prefix("unseen in ").round(3)


def _density(documents: pd.DataFrame, splits: list[str]) -> pd.DataFrame:
    """Return a table of densities per split.

    Columns: mentions and relations per 100 words, relations per mention, and the number of
    documents without relations.
    """
    counted = documents.assign(documents=1, bare=documents["relations"] == 0)
    sums = counted.groupby("split")[["documents", "words", "mentions", "relations", "bare"]].sum()
    sums = sums.reindex(splits, fill_value=0)
    sums.loc["all"] = sums.sum()
    table = sums[["mentions", "relations"]].mul(100).div(sums["words"], axis=0).round(2)
    table["relations a mention"] = (sums["relations"] / sums["mentions"]).round(3)
    table["documents without relation"] = sums["bare"].astype(int)
    return table


def _most_frequent_surfaces(mentions: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return a table with the most frequent surface of each label in train.

    If several surfaces are tied, the table contains the first in alphabetical order. Columns:
    surface, number of mentions with this surface, their proportion of the mentions with the label,
    and number of different surfaces with the label.
    """
    train = mentions[mentions["split"] == TRAIN_SPLIT]
    rows = {}
    for label in labels:
        counts = Counter(train.loc[train["label"] == label, "surface"])
        if counts:
            surface, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
            rows[label] = (surface, count, round(count / counts.total(), 3), len(counts))
    columns = ["surface", "mentions", "share", "surfaces"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _distances(relations: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Return a table of distances per relation label.

    Columns: number of relations, median and ninth decile of the distances, and the proportion of
    relations between mentions in different sentences.
    """
    groups = pd.concat([relations, relations.assign(label="all")]).groupby("label")
    quantiles = {
        f"{unit}, {name}": groups[unit].quantile(q).round(1)
        for unit in ("characters", "words")
        for name, q in (("median", 0.5), ("9 in 10", 0.9))
    }
    table = pd.DataFrame({"relations": groups.size(), **quantiles})
    table["across sentences"] = groups["across"].mean().round(3)
    return table.reindex([label for label in (*labels, "all") if label in table.index])


def shared_ngrams(documents: Iterable[Document]) -> pd.DataFrame:
    """Return the word n-grams that occur in more than `MAX_SHARING_DOCUMENTS` documents.

    `SHARED_NGRAM_WORDS` is the length of the n-grams. The most frequent n-gram is the first row.
    """
    counts = Counter(
        ngram for document in documents for ngram in word_ngrams(document.text, SHARED_NGRAM_WORDS)
    )
    shared = {
        " ".join(ngram): count for ngram, count in counts.items() if count > MAX_SHARING_DOCUMENTS
    }
    ordered = dict(sorted(shared.items(), key=lambda item: (-item[1], item[0])))
    return pd.DataFrame({"documents": pd.Series(ordered, dtype=int)})
