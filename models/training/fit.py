"""The training code that determines the weights and thresholds of a pipeline."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import spacy
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST, create_evaluation_callback
from spacy.training.loop import train as spacy_train
from spacy.util import resolve_dot_names
from thinc.api import Config

from aloi.corpus.document import Document
from aloi.models.relations.component import RelationExtractor
from aloi.models.relations.tuning import tune


def fit(settings: Config, *, log: IO[str]) -> Language:
    """Train a pipeline as `spacy train` does, and return the best checkpoint.

    The last step also gives a checkpoint: spaCy evaluates only multiples of `eval_frequency`, which
    in a short training is the first step alone. log: stream for spaCy's table of losses and scores.
    """
    with tempfile.TemporaryDirectory() as folder:
        nlp = init_nlp(settings)
        spacy_train(nlp, Path(folder), stdout=log, stderr=log)
        best = spacy.load(Path(folder) / DIR_MODEL_BEST)
        if _evaluates_last_step(nlp.config.interpolate()["training"]):
            return best
        last = spacy.load(Path(folder) / DIR_MODEL_LAST)
        best_score, last_score = _dev_score(best), _dev_score(last)
        log.write(f"last step: score {last_score:.2f}; best of the table: {best_score:.2f}\n")
        return last if last_score >= best_score else best


def _evaluates_last_step(training: Mapping[str, Any]) -> bool:
    """Return whether spaCy surely evaluates the last step of a training with these settings."""
    frequency = training["eval_frequency"]
    ends = training["max_steps"], training["patience"]
    return training["max_epochs"] < 1 and not any(end % frequency for end in ends)


def _dev_score(nlp: Language) -> float:
    """Return the score of a pipeline on its dev corpus, by which spaCy selects the checkpoint."""
    config = nlp.config.interpolate()
    (corpus,) = resolve_dot_names(config, [config["training"]["dev_corpus"]])
    score, _ = create_evaluation_callback(nlp, corpus, config["training"]["score_weights"])()
    return score


def tune_relations(nlp: Language, dev: Sequence[Document]) -> dict[str, Any] | None:
    """Calibrate a pipeline's relation component and choose its thresholds on dev.

    Returns the measurements of `tuning.tune`, or None if the pipeline has no relation component.
    """
    if not nlp.has_pipe("aloi_relations"):
        return None
    relations = nlp.get_pipe("aloi_relations")
    assert isinstance(relations, RelationExtractor)
    return tune(nlp, relations, dev)
