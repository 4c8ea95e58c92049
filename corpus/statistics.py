"""What a corpus holds, as tables: counts by split, by type and by theme, and what test has unseen.

Words are stretches between white space. A test mention is unseen if no train mention has its
surface, compared without case.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from aloi.corpus.collection import Corpus

TRAIN = "train"


def mention_table(corpus: Corpus) -> pd.DataFrame:
    """A row a mention: split, label, surface without case."""
    rows = [
        (corpus.split_of.get(document.id, ""), entity.label, document.surface(entity).casefold())
        for document in corpus.documents
        for entity in document.entities
    ]
    return pd.DataFrame(rows, columns=["split", "label", "surface"])


def relation_table(corpus: Corpus) -> pd.DataFrame:
    """A row a relation: split and label."""
    rows = [
        (corpus.split_of.get(document.id, ""), relation.label)
        for document in corpus.documents
        for relation in document.relations
    ]
    return pd.DataFrame(rows, columns=["split", "label"])


def document_table(corpus: Corpus) -> pd.DataFrame:
    """A row a document: split, theme, form, and how many words, mentions and relations."""
    rows = [
        {
            "document": document.id,
            "split": corpus.split_of.get(document.id, ""),
            "theme": str(document.meta.get("theme", "")),
            "form": str(document.meta.get("form", "")),
            "words": len(document.text.split()),
            "mentions": len(document.entities),
            "relations": len(document.relations),
        }
        for document in corpus.documents
    ]
    columns = ["document", "split", "theme", "form", "words", "mentions", "relations"]
    return pd.DataFrame(rows, columns=columns).set_index("document")


def summary(corpus: Corpus) -> dict[str, pd.DataFrame]:
    """The tables shown, by title."""
    documents = document_table(corpus)
    mentions, relations = mention_table(corpus), relation_table(corpus)
    return {
        "by split": _totals(documents, "split", list(corpus.splits)),
        "by theme": _totals(documents, "theme"),
        "by form": _totals(documents, "form"),
        "entities": _by_label(mentions, list(corpus.schema.entities), list(corpus.splits)).join(
            _unseen(mentions)
        ),
        "relations": _by_label(relations, list(corpus.schema.relations), list(corpus.splits)),
    }


def to_json(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """The tables as plain values, a row under its name."""
    return {
        title: table.astype(object).where(table.notna(), None).to_dict(orient="index")
        for title, table in tables.items()
    }


def _totals(documents: pd.DataFrame, by: str, order: list[str] | None = None) -> pd.DataFrame:
    sums = documents.groupby(by)[["words", "mentions", "relations"]].sum()
    sums.insert(0, "documents", documents.groupby(by).size())
    table = sums.reindex(order).fillna(0).astype(int) if order else sums
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
