"""Live predictions: a trained pipeline behind Label Studio's protocol for machine learning.

Label Studio asks GET /health whether the backend is there, sends a project's interface to POST
/setup, and tasks to POST /predict when an annotator opens them; POST /webhook tells of events,
which are none of ours. What it sends besides, a token of its own among it, is not even read.

Errors come back as a status and a sentence. The status line bears the sentence too, since that
is all that Label Studio shows of an error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Lock
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from xml.etree import ElementTree as ET

import msgspec

from aloi.annotation.labelstudio.tasks import mean_score
from aloi.corpus.document import Document
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.label_studio_results import Tags, escaped, results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.models.prediction import pipelines as prediction

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from spacy.language import Language

LARGEST = 32 * 1024 * 1024
"""How many bytes a request may have."""

NAME = "aloi serve"
"""What the backend is called in a project."""

IDLE = 60
"""Seconds after which a client that says nothing is left."""


SAID = 400
"""How much of a sentence, in characters, a status line bears."""


class RefusalError(Exception):
    """A request that is not answered: the status, and a sentence saying why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Setup(msgspec.Struct, frozen=True):
    schema: str


class _Data(msgspec.Struct, frozen=True):
    text: str


class _Task(msgspec.Struct, frozen=True):
    data: _Data


class _Tasks(msgspec.Struct, frozen=True):
    tasks: list[_Task]


class Backend:
    """A WSGI application around a pipeline, which one request uses at a time."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp
        self._lock = Lock()
        name = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
        self.model_version = f"{name} {prediction.pipeline_sha256(nlp)[:12]}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request in JSON."""
        try:
            status, content = "200 OK", self._answer(environ)
        except RefusalError as refusal:
            content = {"error": str(refusal)}
            status = f"{refusal.status} {_status_line(str(refusal))}"
        body = json.dumps(content).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> dict[str, Any]:
        routes: dict[tuple[str, str], Callable[[bytes], dict[str, Any]]] = {
            ("GET", "/"): self._health,
            ("GET", "/health"): self._health,
            ("POST", "/setup"): self._set_up,
            ("POST", "/predict"): self._predict,
            ("POST", "/webhook"): self._health,
        }
        route = environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/"
        if route not in routes:
            raise RefusalError(404, "This backend has GET /health, POST /setup, /predict, /webhook")
        try:
            return routes[route](_body(environ))
        except DataError as error:
            raise RefusalError(400, "; ".join(map(str, error.problems))) from error

    def _health(self, _: bytes) -> dict[str, Any]:
        return {"status": "UP", "model_version": self.model_version}

    def _set_up(self, body: bytes) -> dict[str, Any]:
        """Refuse an interface in which the pipeline's predictions could not stand."""
        interface = json_records.decode(body, _Setup).schema
        if missing := sorted(self._labels() - _labels(interface)):
            told = f"The project's interface lacks labels of the model: {', '.join(missing)}"
            raise RefusalError(400, told)
        return {"model_version": self.model_version}

    def _predict(self, body: bytes) -> dict[str, Any]:
        tasks = json_records.decode(body, _Tasks).tasks
        documents = [Document(f"task {n}", task.data.text, ()) for n, task in enumerate(tasks, 1)]
        with self._lock:
            predicted = list(prediction.predict_documents(self.nlp, documents))
        return {"results": [self._result(document) for document in predicted]}

    def _result(self, document: Document) -> dict[str, Any]:
        result = results(document, Tags(), Notes())
        return {
            "result": result,
            "score": mean_score(document),
            "model_version": self.model_version,
        }

    def _labels(self) -> set[str]:
        """What the pipeline may predict, as an interface writes it."""
        labels: set[str] = set()
        for pipe in self.nlp.pipe_names:
            assigns, known = self.nlp.get_pipe_meta(pipe).assigns, self.nlp.pipe_labels.get(pipe)
            if "doc.ents" in assigns:
                labels.update(known or ())
            if "doc._.relations" in assigns:
                labels.update(map(escaped, known or ()))
        return labels


def _labels(interface: str) -> set[str]:
    """The labels of mentions and of arcs that a labelling interface has."""
    try:
        view = ET.fromstring(interface)
    except ET.ParseError as error:
        raise RefusalError(400, f"The project's interface is no XML: {error}") from error
    return {tag.get("value", "") for tag in view.iter() if tag.tag in ("Label", "Relation")}


def _body(environ: WSGIEnvironment) -> bytes:
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise RefusalError(400, "Content-Length is no number") from error
    if not 0 <= size <= LARGEST:
        raise RefusalError(413, f"A request may have {LARGEST} bytes; send fewer tasks at a time")
    try:
        body = environ["wsgi.input"].read(size) if size else b""
    except OSError as error:
        raise RefusalError(408, "The request broke off") from error
    if len(body) < size:
        raise RefusalError(400, "The request is shorter than its Content-Length")
    return body


def _status_line(sentence: str) -> str:
    """A sentence as a status line takes it: printable ASCII, and not too much."""
    written = "".join(letter if letter.isprintable() else " " for letter in sentence)
    return written.encode("ascii", "replace").decode()[:SAID]


class Server(ThreadingMixIn, WSGIServer):
    """Serves a backend, a thread a request; raises `DataError` where it cannot listen."""

    daemon_threads = True

    def __init__(self, backend: Backend, host: str, port: int) -> None:
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            what, fix = f"{host}:{port}: {error.strerror}", "Choose another --host or --port"
            raise DataError([Problem("cannot-listen", what, fix)]) from error
        self.backend = backend
        self.set_app(backend)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - its signature
        """Say nothing of clients that are gone."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    timeout = IDLE

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its signature
        """Say nothing: what is asked for is nobody's business but Label Studio's."""
