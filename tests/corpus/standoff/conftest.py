"""A stand-off corpus with three invented documents, and their texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from standoff_texts import TEXTS, annotated, write_standoff, write_texts

from aloi.corpus.standoff.attachment import detach_documents
from aloi.corpus.standoff.collection import TextCollection
from aloi.corpus.standoff.standoff_folder import StandoffCorpus


@pytest.fixture
def texts(tmp_path: Path) -> TextCollection:
    return TextCollection.open(write_texts(tmp_path / "texts", TEXTS))


@pytest.fixture
def standoff(tmp_path: Path, texts: TextCollection) -> StandoffCorpus:
    """Return a stand-off corpus with gold of all documents, and one pass of the first."""
    corpus = StandoffCorpus.open(write_standoff(tmp_path / "standoff"))
    documents = [annotated(id_) for id_ in TEXTS]
    detach_documents(documents, corpus, texts)
    detach_documents(documents[:1], corpus, texts, annotator="bob-2")
    return corpus
