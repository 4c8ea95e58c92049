"""Prediction by a zero-shot model on a file, folder or stream; a run to a file can be resumed."""

from __future__ import annotations

from functools import partial

from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.schema import Schema
from aloi.models.prediction.prediction_files import PredictionResult, Predictor, write_predictions
from aloi.models.prediction.resuming import Notify
from aloi.models.zero_shot.gliner_model import GlinerModel


def predict_with_gliner(
    path: str,
    source: str,
    target: str,
    schema: Schema,
    *,
    progress: ProgressBar = no_progress,
    notify: Notify = lambda message: None,
) -> PredictionResult:
    """Annotate the documents of `source` with a GLiNER model and write them to `target`.

    path: the folder of the model, or its name on the Hugging Face hub. source, target, progress,
    notify: see `write_predictions`. Raises `DataError` for an invalid model, schema or input.
    """
    model = GlinerModel.load(path, schema)
    predictor = Predictor(partial(map, model.annotate), model.origin, model.check)
    return write_predictions(predictor, source, target, progress=progress, notify=notify)
