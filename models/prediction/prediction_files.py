"""Prediction on a file, folder or stream; a run that writes a file can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.locks import lock_output
from aloi.corpus.problems import DataError
from aloi.corpus.scale.input_summary import DocumentCheck, InputSummary, summarize_input
from aloi.corpus.scale.journal import Journal
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.streams import is_stream, on_disk
from aloi.models.prediction.pipelines import (
    length_problems,
    load_pipeline,
    predict_documents,
    prediction_origin,
)
from aloi.models.prediction.resuming import Notify, notify_stopped, resume_journal


@dataclass(frozen=True, slots=True)
class PredictionResult:
    """The outcome of a prediction.

    documents: the number of documents in the output. resumed: how many of these documents an
    earlier run wrote.
    """

    documents: int
    resumed: int = 0


@dataclass(frozen=True, slots=True)
class Predictor:
    """A model that annotates documents.

    predict: yields the annotated documents in order. origin: returns everything that determines the
    predictions on an input. check: returns the problems of a document that the model cannot
    annotate.
    """

    predict: Callable[[Iterable[Document]], Iterable[Document]]
    origin: Callable[[InputSummary], dict[str, str]]
    check: DocumentCheck = lambda document: ()


def predict_to_file(
    model: str,
    source: str,
    target: str,
    *,
    gold_entities: bool = False,
    workers: int = 1,
    progress: ProgressBar = no_progress,
    notify: Notify = lambda message: None,
) -> PredictionResult:
    """Annotate the documents of `source` with a pipeline and write them to `target`.

    model: pipeline folder or package. gold_entities, workers: see `predict_documents`. source,
    target, progress, notify: see `write_predictions`. Raises `DataError` for an invalid model or
    input.
    """
    nlp = load_pipeline(model)  # first: report a wrong model before waiting for a stream
    predictor = Predictor(
        partial(predict_documents, nlp, gold_entities=gold_entities, workers=workers),
        partial(prediction_origin, nlp, gold_entities=gold_entities),
        partial(length_problems, nlp),
    )
    return write_predictions(predictor, source, target, progress=progress, notify=notify)


def write_predictions(
    predictor: Predictor,
    source: str,
    target: str,
    *,
    progress: ProgressBar = no_progress,
    notify: Notify = lambda message: None,
) -> PredictionResult:
    """Annotate the documents of `source` with a model and write them to `target`.

    source: a file or folder in any format, or "-" (standard input). target: a JSON Lines file, a
    folder, or "-" (standard output). If the target is a file, it is written as `TARGET.partial` and
    renamed when complete; after an interruption, the same call resumes the run. notify: called with
    a message if a run is resumed, restarted or stopped.

    Raises `DataError` if another run is writing to the target. All problems of the input are raised
    together, before the prediction starts.
    """
    with on_disk(source) as copied, lock_output(target):
        summary = summarize_input(str(copied.path), predictor.check)
        if is_stream(target) or document_files.is_folder(Path(target)):
            predicted = predictor.predict(summary.read())
            documents = progress(predicted, "predicting", total=summary.documents)
            registry.write(documents, target, format_="native")
            return PredictionResult(summary.documents)
        journal = Journal(Path(target), predictor.origin(summary))
        return _predict_to_journal(
            journal, summary, predictor.predict, progress=progress, notify=notify
        )


def _predict_to_journal(
    journal: Journal,
    input_summary: InputSummary,
    predict: Callable[[Iterable[Document]], Iterable[Document]],
    *,
    progress: ProgressBar,
    notify: Notify,
) -> PredictionResult:
    """Predict and write the documents that are not yet in the journal."""
    resumed = resume_journal(journal, notify)
    documents = predict(input_summary.read(skip=resumed))
    shown = progress(documents, "predicting", total=input_summary.documents, done=resumed)
    try:
        with journal.stream() as stream:
            document_files.write_lines(shown, stream)
    except (KeyboardInterrupt, DataError):
        notify_stopped(journal, notify)
        raise
    return PredictionResult(input_summary.documents, resumed)
