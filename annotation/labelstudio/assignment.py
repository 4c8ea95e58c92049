"""Who annotates which documents, and in which order."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from aloi.annotation.labelstudio.tasks import mean_score
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem

Order = Literal["as-is", "uncertain-first", "diverse"]

FEATURES, DIMENSIONS = 2**16, 128
"""How many kinds of words are told apart by hash, and in how many dimensions texts are compared."""

UNSCORED = -1.0
"""The uncertainty of a document without scores: below every other."""


def assign(
    ids: Sequence[str],
    annotators: Sequence[str],
    *,
    double: float = 0.0,
    placed: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, list[str]]:
    """The document ids of each annotator, in the order of `ids`; a share `double` goes to two.

    `placed` tells which annotators have a document already: it stays with them, and only what is
    missing is dealt, to whoever has least. Which documents are doubled depends on their ids alone,
    so that the same call gives the same, also after it was stopped half-way.
    """
    doubled = set(sorted(ids, key=_draw)[: math.ceil(double * len(ids))])
    having = {name: set[str]() for name in annotators}
    for name in annotators:
        having[name].update((placed or {}).get(name, ()))
    load = Counter({name: len(having[name].intersection(ids)) for name in annotators})
    for id_ in ids:
        wanted = min(len(annotators), 2 if id_ in doubled else 1)
        free = [name for name in annotators if id_ not in having[name]]
        missing = wanted - (len(annotators) - len(free))
        for name in sorted(free, key=lambda name: (load[name], _draw(f"{id_} {name}")))[
            : max(missing, 0)
        ]:
            having[name].add(id_)
            load[name] += 1
    return {name: [id_ for id_ in ids if id_ in having[name]] for name in annotators}


def _draw(text: str) -> bytes:
    """A number for a text that is always the same and looks like a draw by lot."""
    return hashlib.sha256(text.encode()).digest()


def ordered(
    documents: Sequence[Document], order: Order, *, predictions: Mapping[str, Document]
) -> list[Document]:
    """Documents in the order they are to be annotated in.

    `uncertain-first`: by the mean of 1 − score over the mentions and relations predicted, highest
    first, those without any last. `diverse`: each next one is the farthest from all before it, by
    the words of the texts. Raises `DataError` where uncertainty is asked for and nothing is scored.
    """
    if order == "uncertain-first":
        doubts = {each.id: _doubt(predictions.get(each.id)) for each in documents}
        if documents and set(doubts.values()) == {UNSCORED}:
            fix = "Give predictions that `aloi predict` made, or another order"
            raise DataError([Problem("no-scores", "no prediction has a score to order by", fix)])
        return sorted(documents, key=lambda each: doubts[each.id], reverse=True)
    if order == "diverse":
        return [documents[place] for place in farthest_first([each.text for each in documents])]
    return list(documents)


def _doubt(predicted: Document | None) -> float:
    score = None if predicted is None else mean_score(predicted)
    return UNSCORED if score is None else 1 - score


def farthest_first(texts: Sequence[str]) -> list[int]:
    """The places of texts, each next one the farthest by angle from all before it.

    The first is the one closest to all. Texts are compared by TF-IDF of their words, brought to
    `DIMENSIONS` by a random projection that is always the same. Source: Gonzalez 1985, Clustering
    to minimize the maximum intercluster distance.
    """
    if len(texts) < 3:
        return list(range(len(texts)))
    words = HashingVectorizer(token_pattern=r"\w+", alternate_sign=False, n_features=FEATURES)
    found = TfidfTransformer().fit_transform(words.transform(texts))
    lot = np.random.default_rng(0).standard_normal((FEATURES, DIMENSIONS))
    vectors = normalize(found @ lot)
    likest = vectors @ vectors.mean(axis=0)
    order, nearest = [int(np.argmax(likest))], np.full(len(texts), -np.inf)
    while len(order) < len(texts):
        nearest = np.maximum(nearest, vectors @ vectors[order[-1]])
        nearest[order[-1]] = np.inf
        order.append(int(np.argmin(nearest)))
    return order
