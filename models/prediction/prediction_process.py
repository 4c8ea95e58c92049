"""A process of its own that predicts with a pipeline, so that a prediction can be given up.

A thread cannot be ended while it predicts, but a process can. The process is not forked, because
the program that starts it has threads: it loads the pipeline itself, which takes seconds.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aloi.corpus.problems import DataError
from aloi.models.prediction.workers import attempt, death_error

if TYPE_CHECKING:
    from spacy.language import Language

    from aloi.corpus.document import Document

POLL_INTERVAL = 0.2
"""Seconds between two checks whether a prediction is still wanted."""


class AbandonedError(Exception):
    """A prediction was given up, because nobody wanted it any more or it took too long."""


ATTRIBUTES_PIPE = "aloi_attributes"
"""The name of the component whose labels are attributes, such as `metonymy=government`."""


@dataclass(frozen=True, slots=True)
class PipelineInfo:
    """What a server needs to know about a pipeline.

    `version` is the name that predictions record. `attributes` are the names of the attributes that
    the pipeline predicts.
    """

    version: str
    entity_labels: frozenset[str]
    relation_labels: frozenset[str]
    attributes: frozenset[str] = frozenset()


class PredictionProcess:
    """A process that predicts with the pipeline in a folder or an installed package.

    Use it from one thread at a time. At the end of the context, the process is ended.
    """

    def __init__(self, model: str | Path) -> None:
        self.model = str(model)
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._info: PipelineInfo | None = None
        self._process = context.Process(target=_serve, args=(self.model, theirs), daemon=True)
        with _interrupts_blocked():
            self._process.start()
        theirs.close()  # otherwise the connection would stay open when the process ends

    @property
    def process_id(self) -> int:
        """The number of the process."""
        return self._process.pid or 0

    def info(self) -> PipelineInfo:
        """Return the description of the pipeline, once it is loaded.

        Raises `DataError` if it cannot be loaded.
        """
        return self._loaded(lambda: True)

    def predict(
        self,
        documents: Sequence[Document],
        *,
        is_wanted: Callable[[], bool] = lambda: True,
        timeout: float | None = None,
    ) -> list[Document]:
        """Return the documents with predicted entities and relations.

        `is_wanted` is called again and again. If it returns False, or `timeout` seconds after the
        pipeline was loaded, `AbandonedError` is raised, and a new process replaces a busy one.
        Raises `DataError` for the errors of `predict_documents` and if the process dies, and
        `RuntimeError` for any other error of the pipeline.
        """
        self._loaded(is_wanted)
        if not is_wanted():
            raise AbandonedError
        try:
            self._connection.send(documents)
        except OSError as error:
            raise self._replace_dead() from error
        try:
            predicted: list[Document] = self._receive(is_wanted, timeout)
        except AbandonedError:
            self._replace()
            raise
        return predicted

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.kill()  # SIGTERM would not end a stopped process
        self._process.join()

    def _loaded(self, is_wanted: Callable[[], bool]) -> PipelineInfo:
        if self._info is None:
            self._info = self._receive(is_wanted, None)
        return self._info

    def _receive(self, is_wanted: Callable[[], bool], timeout: float | None) -> Any:  # noqa: ANN401
        """Return the next answer of the process; raise its error."""
        end = None if timeout is None else time.monotonic() + timeout
        while not wait([self._connection], POLL_INTERVAL):
            if not is_wanted() or (end is not None and time.monotonic() > end):
                raise AbandonedError
        try:
            succeeded, answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._replace_dead() from error
        if not succeeded:
            raise answer
        return answer

    def _replace(self) -> None:
        self.close()
        self._start()

    def _replace_dead(self) -> DataError:
        """Start a new process instead of a dead one; return the error that reports its death."""
        error = death_error(self._process)
        self._replace()
        return error


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let a process that starts in the block ignore Ctrl+C: its parent ends it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(model: str, connection: Connection) -> None:
    """Load a pipeline, send its description, then predict until the parent closes the connection.

    Each answer is a pair: whether the work succeeded, and its result or error.
    """
    from aloi.models.prediction import pipelines  # noqa: PLC0415 - not needed by the parent

    with suppress(EOFError, OSError):
        try:
            nlp = pipelines.load_pipeline(model)
            info = _describe(nlp)
        except DataError as error:
            connection.send((False, error))
            return
        connection.send((True, info))

        def predict(documents: list[Document]) -> list[Document]:
            return list(pipelines.predict_documents(nlp, documents, model=info.version))

        while True:
            connection.send(attempt(predict, connection.recv()))


def _describe(nlp: Language) -> PipelineInfo:
    """Return the description of a loaded pipeline."""
    from aloi.models.prediction import pipelines  # noqa: PLC0415 - imports spaCy

    labels: dict[str, set[str]] = {"doc.ents": set(), "doc._.relations": set()}
    for pipe in nlp.pipe_names:
        assigned = nlp.get_pipe_meta(pipe).assigns
        for target, found in labels.items():
            if target in assigned:
                found.update(nlp.pipe_labels.get(pipe) or ())
    entities, relations = map(frozenset, labels.values())
    values = nlp.pipe_labels.get(ATTRIBUTES_PIPE, ())
    attributes = frozenset(value.split("=")[0] for value in values)
    return PipelineInfo(pipelines.model_version(nlp), entities, relations, attributes)
