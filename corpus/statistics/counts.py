"""What a corpus holds, as tables: how much of what, how dense, how varied, how far apart.

Words are stretches between white space. Surfaces are compared without case; a test mention is
unseen if no train mention has its surface. Between the mentions of a relation stands the text from
the end of the first to the start of the second, none if they overlap. Sentences are those of
`aloi.corpus.sentences`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pandas as pd

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Entity
from aloi.corpus.quality.checks import shingles
from aloi.corpus.sentences import sentence_starts

TRAIN = "train"

BANDS = (0, 100, 200, 300, 400, 500, 750, 1000, 2000)
"""Where the bands of document length begin, in words; the last is open."""

RUN = 8
SHARERS = 3
"""Runs of `RUN` words are listed if more than `SHARERS` documents share them."""


def mention_table(corpus: Corpus) -> pd.DataFrame:
    """A row a mention: split, label, surface without case."""
    rows = [
        (corpus.split_of.get(document.id, ""), entity.label, document.surface(entity).casefold())
        for document in corpus.documents
        for entity in document.entities
    ]
    return pd.DataFrame(rows, columns=["split", "label", "surface"])


def distance_table(corpus: Corpus) -> pd.DataFrame:
    """A row a relation: split, label, and what stands between its mentions.

    `characters` (code points) and `words` count it; `across` says whether the mentions
    begin in two sentences.
    """
    rows = []
    for document in corpus.documents:
        entities, split = document.by_id(), corpus.split_of.get(document.id, "")
        starts = sentence_starts(document.text)
        for relation in document.relations:
            between = _between(document, entities[relation.head], entities[relation.tail])
            ends = [entities[id_].start for id_ in (relation.head, relation.tail)]
            across = len({bisect_right(starts, end) for end in ends}) > 1
            rows.append((split, relation.label, len(between), len(between.split()), across))
    table = pd.DataFrame(rows, columns=["split", "label", "characters", "words", "across"])
    return table.astype({"characters": int, "words": int, "across": bool})


def _between(document: Document, one: Entity, other: Entity) -> str:
    first, second = sorted((one, other), key=lambda entity: (entity.start, entity.end))
    return document.text[first.end : max(first.end, second.start)]


def document_table(corpus: Corpus) -> pd.DataFrame:
    """A row a document: split, theme, form, year, and how many words, mentions and relations.

    The year is the first four digits of `meta`'s date.
    """
    rows = [
        {
            "document": document.id,
            "split": corpus.split_of.get(document.id, ""),
            "theme": str(document.meta.get("theme", "")),
            "form": str(document.meta.get("form", "")),
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


def summary(corpus: Corpus) -> dict[str, pd.DataFrame]:
    """The tables shown, by title."""
    documents = document_table(corpus)
    mentions, relations = mention_table(corpus), distance_table(corpus)
    labels, types = list(corpus.schema.relations), list(corpus.schema.entities)
    splits = list(corpus.splits)
    return {
        "by split": _totals(documents, "split", splits),
        "by theme": _totals(documents, "theme"),
        "by form": _totals(documents, "form"),
        "by length in words": _by_length(documents),
        "by year": _totals(documents, "year"),
        "density, per 100 words": _density(documents, splits),
        "entities": _by_label(mentions, types, splits).join(_unseen(mentions)),
        "most frequent surface in train": _frequent(mentions, types),
        "relations": _by_label(relations, labels, splits),
        "between the mentions of a relation": _distances(relations, labels),
        f"runs of {RUN} words in more than {SHARERS} documents": shared_runs(corpus.documents),
    }


def to_json(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """The tables as plain values, a row under its name."""
    return {
        title: table.astype(object).where(table.notna(), None).to_dict(orient="index")
        for title, table in tables.items()
    }


def cell(value: object) -> str:
    """A value as a table shows it: whole numbers whole, others to three places, NaN as nothing."""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else f"{value:.3f}".rstrip("0")


def _totals(documents: pd.DataFrame, by: str, order: list[str] | None = None) -> pd.DataFrame:
    sums = documents.groupby(by)[["words", "mentions", "relations"]].sum()
    sums.insert(0, "documents", documents.groupby(by).size())
    table = sums.reindex(order, fill_value=0) if order else sums
    table.loc["all"] = table.sum()
    return table


def _by_label(rows: pd.DataFrame, labels: list[str], splits: list[str]) -> pd.DataFrame:
    table = pd.crosstab(rows["label"], rows["split"])
    table = table.reindex(index=labels, columns=splits, fill_value=0)
    table["all"] = table.sum(axis=1)
    table.loc["all"] = table.sum()
    return table


def _unseen(mentions: pd.DataFrame) -> pd.DataFrame:
    """The share of each type's mentions outside train whose surface train does not have."""
    seen = set(mentions.loc[mentions["split"] == TRAIN, "surface"])
    others = mentions[mentions["split"] != TRAIN].assign(unseen=lambda m: ~m["surface"].isin(seen))
    together = others.assign(label="all")
    shares = pd.concat([others, together]).pivot_table(
        index="label", columns="split", values="unseen", aggfunc="mean"
    )
    return shares.add_prefix("unseen in ").round(3)


def _by_length(documents: pd.DataFrame) -> pd.DataFrame:
    names = [f"{low}–{high - 1}" for low, high in pairwise(BANDS)] + [f"{BANDS[-1]} or more"]
    position = pd.cut(documents["words"], [*BANDS, float("inf")], right=False, labels=False)
    held = range(position.min(), position.max() + 1) if len(documents) else range(0)
    named = documents.assign(band=[names[number] for number in position])
    return _totals(named, "band", [names[number] for number in held])


def _density(documents: pd.DataFrame, splits: list[str]) -> pd.DataFrame:
    """Mentions and relations for each 100 words, and how many documents have no relation."""
    empty = documents.assign(documents=1, bare=documents["relations"] == 0)
    sums = empty.groupby("split")[["documents", "words", "mentions", "relations", "bare"]].sum()
    sums = sums.reindex(splits, fill_value=0)
    sums.loc["all"] = sums.sum()
    table = sums[["mentions", "relations"]].mul(100).div(sums["words"], axis=0).round(2)
    table["relations a mention"] = (sums["relations"] / sums["mentions"]).round(3)
    table["documents without relation"] = sums["bare"].astype(int)
    return table


def _frequent(mentions: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Each type's most frequent surface in train (of equals the first by letter) and its share."""
    train = mentions[mentions["split"] == TRAIN]
    rows = {}
    for label in labels:
        counts = Counter(train.loc[train["label"] == label, "surface"])
        if counts:
            surface, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
            rows[label] = (surface, count, round(count / counts.total(), 3), len(counts))
    columns = ["surface", "mentions", "share", "surfaces"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _distances(relations: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """Median and ninth decile of what stands between, and the share across sentences."""
    every = pd.concat([relations, relations.assign(label="all")])
    groups = every.groupby("label")
    quantiles = {
        f"{unit}, {name}": groups[unit].quantile(q).round(1)
        for unit in ("characters", "words")
        for name, q in (("median", 0.5), ("9 in 10", 0.9))
    }
    table = pd.DataFrame({"relations": groups.size(), **quantiles})
    table["across sentences"] = groups["across"].mean().round(3)
    return table.reindex([label for label in (*labels, "all") if label in table.index])


def shared_runs(documents: Iterable[Document]) -> pd.DataFrame:
    """The runs of `RUN` words that more than `SHARERS` documents share, the commonest first."""
    holders = Counter(run for document in documents for run in shingles(document.text, RUN))
    shared = {" ".join(run): count for run, count in holders.items() if count > SHARERS}
    ordered = dict(sorted(shared.items(), key=lambda item: (-item[1], item[0])))
    return pd.DataFrame({"documents": pd.Series(ordered, dtype=int)})
