"""Scores of relations between gold mentions on public corpora.

`crossre` and `popcorn` take a data folder, which contains `multi-crossre-fr` and `popcorn`, and an
output folder. Pipelines in the output folder are not trained again if they are up to date. The
corpora have no public test set, so models are scored on the dev documents that are used for early
stopping and thresholds; the scores are slightly optimistic.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.eval.reports.report import Report, evaluate
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.training.job import prepare_job

DOMAINS = ("ai", "literature", "music", "science", "politics", "news")
DEV_SHARE = 5
"""The dev set is one in this many POPCORN documents."""


def crossre(data: Path, out: Path) -> Report:
    """Train on French CrossRE without the dev set of the news domain; score on this dev set."""
    folder = data / "multi-crossre-fr"
    parts = [f"{d}-train" for d in DOMAINS] + [f"{d}-dev" for d in DOMAINS if d != "news"]
    train = [document for part in parts for document in _read(folder / f"{part}.json")]
    return _train_and_score(train, _read(folder / "news-dev.json"), out / "crossre", "strict")


def popcorn(data: Path, out: Path) -> Report:
    """Train on four fifths of POPCORN; score relations between clusters on the held-out fifth."""
    train, dev = split_popcorn(data)
    return _train_and_score(train, dev, out / "popcorn", "facts")


def split_popcorn(data: Path) -> tuple[list[Document], list[Document]]:
    """Return the training documents and a random fifth of the documents, which is held out."""
    documents = _read(data / "popcorn" / "train.json")
    order = np.random.default_rng(0).permutation(len(documents)).tolist()
    cut = len(documents) // DEV_SHARE
    return [documents[row] for row in order[cut:]], [documents[row] for row in order[:cut]]


def _read(path: Path) -> list[Document]:
    return list(registry.read(str(path)))


def _train_and_score(
    train: Iterable[Document], dev: Sequence[Document], folder: Path, scheme: str
) -> Report:
    nlp = prepare_job("relations", folder, train, dev).resume(log=sys.stderr)
    predicted = predict_documents(nlp, dev, gold_entities=True)
    return evaluate(dev, predicted, schemes=(scheme,), bootstrap=1000)
