"""The training code that determines the weights and thresholds of a pipeline."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import spacy
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as spacy_train
from thinc.api import Config

from aloi.corpus.document import Document
from aloi.models.relations.component import RelationExtractor
from aloi.models.relations.tuning import tune


def fit(settings: Config, *, log: IO[str]) -> Language:
    """Train a pipeline as `spacy train` does, and return the best checkpoint.

    log: stream for spaCy's table of losses and scores.
    """
    with tempfile.TemporaryDirectory() as folder:
        spacy_train(init_nlp(settings), Path(folder), stdout=log, stderr=log)
        return spacy.load(Path(folder) / "model-best")


def tune_relations(nlp: Language, dev: Sequence[Document]) -> dict[str, Any] | None:
    """Calibrate a pipeline's relation component and choose its thresholds on dev.

    Returns the measurements of `tuning.tune`, or None if the pipeline has no relation component.
    """
    if not nlp.has_pipe("aloi_relations"):
        return None
    relations = nlp.get_pipe("aloi_relations")
    assert isinstance(relations, RelationExtractor)
    return tune(nlp, relations, dev)
