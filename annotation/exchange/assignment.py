"""The assignment of documents to annotators, and the order of the documents."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem

Order = Literal["as-is", "uncertain-first", "diverse"]

HASH_FEATURES = 2**16
"""The number of features to which words are hashed."""

PROJECTION_DIMENSIONS = 128
"""The number of dimensions of the vectors that are compared."""

NO_UNCERTAINTY = -1.0
"""The uncertainty of a document without scores, lower than every computed uncertainty."""


def assign_documents(
    ids: Sequence[str],
    annotators: Sequence[str],
    *,
    double: float = 0.0,
    placed: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, list[str]]:
    """Assign documents to annotators; return each annotator's document ids in the order of `ids`.

    `double` is the proportion of documents to assign to two annotators. These documents are chosen
    by their ids alone, so an interrupted assignment can be resumed. `placed` contains the ids that
    are already assigned to each annotator. Existing assignments are kept; every new assignment goes
    to the annotator with the fewest documents.
    """
    doubled = set(sorted(ids, key=_pseudo_random)[: math.ceil(double * len(ids))])
    assigned = {name: set[str]() for name in annotators}
    for name in annotators:
        assigned[name].update((placed or {}).get(name, ()))
    load = Counter({name: len(assigned[name].intersection(ids)) for name in annotators})
    for id_ in ids:
        wanted = min(len(annotators), 2 if id_ in doubled else 1)
        free = [name for name in annotators if id_ not in assigned[name]]
        missing = max(wanted - (len(annotators) - len(free)), 0)
        free.sort(key=lambda name: (load[name], _pseudo_random(f"{id_} {name}")))
        for name in free[:missing]:
            assigned[name].add(id_)
            load[name] += 1
    return {name: [id_ for id_ in ids if id_ in assigned[name]] for name in annotators}


def balance_loads(
    assigned: Mapping[str, Sequence[str]], movable: Collection[str]
) -> dict[str, list[str]]:
    """Return an assignment in which `movable` documents went to annotators with fewer documents.

    Documents of one annotator move one at a time, the last first, until the loads differ by at
    most one or no document of a busier annotator may move. Moved documents come last.
    """
    holders = Counter(id_ for ids in assigned.values() for id_ in ids)
    single = {id_ for id_ in movable if holders[id_] == 1}
    balanced = {name: list(ids) for name, ids in assigned.items()}
    while True:
        least = min(balanced, key=lambda name: len(balanced[name]))
        givers = [
            name
            for name, ids in balanced.items()
            if len(ids) > len(balanced[least]) + 1 and not single.isdisjoint(ids)
        ]
        if not givers:
            return balanced
        most = max(givers, key=lambda name: len(balanced[name]))
        moved = next(id_ for id_ in reversed(balanced[most]) if id_ in single)
        balanced[most].remove(moved)
        balanced[least].append(moved)


def _pseudo_random(text: str) -> bytes:
    """Return a hash of a text, used as a reproducible random number."""
    return hashlib.sha256(text.encode()).digest()


def order_documents(
    documents: Sequence[Document], order: Order, *, predictions: Mapping[str, Document]
) -> list[Document]:
    """Return documents in the order in which they should be annotated.

    - `as-is` keeps the order of `documents`.
    - `uncertain-first` sorts by the mean score of the predicted mentions and relations, lowest
      first. Documents without scores come last.
    - `diverse` selects each next document so that its words differ as much as possible from all
      previous documents.

    Raise `DataError` if the order is `uncertain-first` and no prediction contains scores.
    """
    if order == "uncertain-first":
        uncertainty = {each.id: _uncertainty(predictions.get(each.id)) for each in documents}
        if documents and set(uncertainty.values()) == {NO_UNCERTAINTY}:
            what = "the order uncertain-first requires scores, but no prediction contains a score"
            fix = "Use predictions made by `aloi predict`, or choose a different order"
            raise DataError([Problem("no-scores", what, fix)])
        return sorted(documents, key=lambda each: uncertainty[each.id], reverse=True)
    if order == "diverse":
        return [documents[place] for place in farthest_first([each.text for each in documents])]
    return list(documents)


def _uncertainty(predicted: Document | None) -> float:
    score = None if predicted is None else mean_score(predicted)
    return NO_UNCERTAINTY if score is None else 1 - score


def mean_score(document: Document) -> float | None:
    """Return the mean score of mentions and relations, or None if there are no scores."""
    scores = [
        *(each.score for each in document.entities if each.score is not None),
        *(each.score for each in document.relations if each.score is not None),
    ]
    return sum(scores) / len(scores) if scores else None


def farthest_first(texts: Sequence[str]) -> list[int]:
    """Return the indices of texts in farthest-first order.

    The first text is the text closest to the mean of all texts. Each next text is the text with the
    largest angle to its nearest previous text. Texts are compared as TF-IDF vectors of their words,
    which a random projection with a fixed seed reduces to `PROJECTION_DIMENSIONS` dimensions.
    Source: Gonzalez 1985, Clustering to minimize the maximum intercluster distance.
    """
    if len(texts) < 3:
        return list(range(len(texts)))
    words = HashingVectorizer(token_pattern=r"\w+", alternate_sign=False, n_features=HASH_FEATURES)
    weights = TfidfTransformer().fit_transform(words.transform(texts))
    shape = HASH_FEATURES, PROJECTION_DIMENSIONS
    vectors = normalize(weights @ np.random.default_rng(0).standard_normal(shape))
    closeness = vectors @ vectors.mean(axis=0)
    order, nearest = [int(np.argmax(closeness))], np.full(len(texts), -np.inf)
    while len(order) < len(texts):
        nearest = np.maximum(nearest, vectors @ vectors[order[-1]])
        nearest[order[-1]] = np.inf
        order.append(int(np.argmin(nearest)))
    return order
