"""Relations between given mentions, trained and scored on public corpora.

`crossre` and `popcorn` take the folder that holds `multi-crossre-fr` and `popcorn`, and a folder
for what they train; a pipeline that stands there, made from the same, is taken as it is. Neither
corpus has its test set there, so both are scored on the development documents that thresholds are
chosen on, a little kindly.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.eval.reports.report import Report, evaluate
from aloi.models.prediction.pipelines import predict
from aloi.models.training.job import prepare

DOMAINS = ("ai", "literature", "music", "science", "politics", "news")
SHARE = 5
"""One document of so many in POPCORN is for development."""


def crossre(data: Path, out: Path) -> Report:
    """French CrossRE: learns from all but the news development sentences, is scored on those."""
    folder = data / "multi-crossre-fr"
    parts = [f"{d}-train" for d in DOMAINS] + [f"{d}-dev" for d in DOMAINS if d != "news"]
    train = [document for part in parts for document in _read(folder / f"{part}.json")]
    return _measured(train, _read(folder / "news-dev.json"), out / "crossre", "strict")


def popcorn(data: Path, out: Path) -> Report:
    """POPCORN, relations between clusters: a seeded fifth is for development and scored."""
    train, dev = popcorn_cut(data)
    return _measured(train, dev, out / "popcorn", "facts")


def popcorn_cut(data: Path) -> tuple[list[Document], list[Document]]:
    """What is learned from, and the seeded share that is held out."""
    documents = _read(data / "popcorn" / "train.json")
    order = np.random.default_rng(0).permutation(len(documents)).tolist()
    cut = len(documents) // SHARE
    return [documents[row] for row in order[cut:]], [documents[row] for row in order[:cut]]


def _read(path: Path) -> list[Document]:
    return list(registry.read(str(path)))


def _measured(
    train: Iterable[Document], dev: Sequence[Document], folder: Path, scheme: str
) -> Report:
    nlp = prepare("relations", folder, train, dev).resume(progress=sys.stderr)
    predicted = predict(nlp, dev, gold_entities=True)
    return evaluate(dev, predicted, schemes=(scheme,), bootstrap=1000)
