"""The documents of relation tasks on public corpora."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aloi.corpus.document import Document
from aloi.corpus.formats import registry

DOMAINS = ("ai", "literature", "music", "science", "politics", "news")
DEV_SHARE = 5
"""The dev set is one in this many POPCORN documents."""


def crossre_news(data: Path) -> tuple[list[Document], list[Document]]:
    """Return French CrossRE without the dev set of the news domain, and this dev set."""
    train = _crossre_train(data)
    for domain in DOMAINS:
        if domain != "news":
            train += _crossre(data, f"{domain}-dev")
    return train, _crossre(data, "news-dev")


def crossre_quarters(data: Path) -> tuple[list[Document], list[Document], list[Document]]:
    """Return French CrossRE without half of each domain's dev set, and the quarters of that half.

    The second list has the third quarter of each dev set, the third list the last quarter. Each
    sentence is in one list only, the last one that has it.
    """
    train, third, fourth = _crossre_train(data), [], []
    for domain in DOMAINS:
        dev = _crossre(data, f"{domain}-dev")
        half, quarter = len(dev) // 2, len(dev) * 3 // 4
        train += dev[:half]
        third += dev[half:quarter]
        fourth += dev[quarter:]
    return _without(train, third + fourth), _without(third, fourth), fourth


def _without(documents: list[Document], others: list[Document]) -> list[Document]:
    texts = {document.text for document in others}
    return [document for document in documents if document.text not in texts]


def split_popcorn(data: Path) -> tuple[list[Document], list[Document]]:
    """Return the training documents and a random fifth of the documents, which is held out."""
    documents = list(registry.read(str(data / "popcorn" / "train.json")))
    order = np.random.default_rng(0).permutation(len(documents)).tolist()
    cut = len(documents) // DEV_SHARE
    return [documents[row] for row in order[cut:]], [documents[row] for row in order[:cut]]


def _crossre_train(data: Path) -> list[Document]:
    return [each for domain in DOMAINS for each in _crossre(data, f"{domain}-train")]


def _crossre(data: Path, part: str) -> list[Document]:
    return list(registry.read(str(data / "multi-crossre-fr" / f"{part}.json")))
