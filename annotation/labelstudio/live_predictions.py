"""Live predictions: a trained pipeline as a machine learning backend of Label Studio.

Label Studio checks the backend with GET /health, sends a project's labelling interface to POST
/setup, and sends tasks to POST /predict when an annotator opens them. Label Studio also reports
events to POST /webhook; the backend calls `on_event` for each request there. The backend ignores
all other data in a request, including the access token that Label Studio adds.

Requests are limited in size, number and time, and may need a password (`request_limits`). A
process of its own predicts; a prediction is given up when its client leaves or it takes too long.

Errors are returned as a status code and a message. The message is also in the status line, because
Label Studio displays only this line.
"""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import MSG_PEEK, SHUT_RDWR, socket
from socketserver import ThreadingMixIn
from threading import Lock, Semaphore, Thread, Timer
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from xml.etree import ElementTree as ET

import msgspec

from aloi.annotation.exchange.assignment import mean_score
from aloi.annotation.labelstudio.request_limits import (
    CONNECTION_TIMEOUT,
    MAX_CONNECTIONS,
    PREDICTION_TIMEOUT,
    QUEUE_TIMEOUT,
    USERNAME,
    Gate,
    RequestError,
    check_texts,
    read_body,
)
from aloi.corpus.document import Document
from aloi.corpus.formats.shared import json_records
from aloi.corpus.formats.shared.label_studio_results import InterfaceTags, escape_label, to_results
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.models.prediction.prediction_process import (
    AbandonedError,
    PipelineInfo,
    PredictionProcess,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.server_protocol import Project

BACKEND_TITLE = "aloi serve"
"""The title of the backend in a project's settings."""

IDLE_TIMEOUT = 60
"""Seconds without data after which a connection is closed."""

_CONNECTION = "aloi.connection"
"""The key of a request's connection in its environment."""

MAX_STATUS_LENGTH = 400
"""The maximum length of the message in a status line, in characters."""


class _Setup(msgspec.Struct, frozen=True):
    schema: str


class _Data(msgspec.Struct, frozen=True):
    text: str


class _Task(msgspec.Struct, frozen=True):
    data: _Data


class _Tasks(msgspec.Struct, frozen=True):
    tasks: list[_Task]


class Backend:
    """A WSGI application that predicts with a pipeline, for one request at a time.

    `model` is the folder of the pipeline, or an installed package. `on_event` is called for each
    event that Label Studio reports; it must return at once, because the annotator waits for the
    answer. Raises `DataError` if the pipeline cannot be loaded. Close the backend after use.
    """

    def __init__(
        self,
        model: str | Path,
        on_event: Callable[[], object] | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.gate = gate or Gate()
        self._lock = Lock()
        self._on_event = on_event
        self._process = PredictionProcess(model)
        self.pipeline = _pipeline_info(self._process)

    @property
    def model_version(self) -> str:
        """The name that predictions record."""
        return self.pipeline.version

    def use_pipeline(self, model: str | Path) -> None:
        """Predict with this pipeline from the next request on."""
        process = PredictionProcess(model)
        pipeline = _pipeline_info(process)
        with self._lock:
            process, self._process = self._process, process
            self.pipeline = pipeline
        process.close()

    def close(self) -> None:
        """End the process that predicts."""
        self._process.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request with JSON."""
        try:
            status, content = "200 OK", self._answer(environ)
        except RequestError as error:
            content = {"error": str(error)}
            status = f"{error.status} {_status_message(str(error))}"
        body = json.dumps(content).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if status.startswith("401"):
            headers.append(("WWW-Authenticate", 'Basic realm="aloi"'))
        start_response(status, headers)
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> dict[str, Any]:
        connection = environ.get(_CONNECTION)
        routes: dict[tuple[str, str], Callable[[bytes], dict[str, Any]]] = {
            ("GET", "/"): self._health,
            ("GET", "/health"): self._health,
            ("POST", "/setup"): self._set_up,
            ("POST", "/predict"): lambda body: self._predict(body, connection),
            ("POST", "/webhook"): self._event,
        }
        self.gate.check(environ)
        route = environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/"
        if route not in routes:
            message = "Unknown address; use GET /health, POST /setup, /predict or /webhook"
            raise RequestError(404, message)
        try:
            return routes[route](read_body(environ))
        except DataError as error:
            raise RequestError(400, "; ".join(map(str, error.problems))) from error

    def _health(self, _: bytes) -> dict[str, Any]:
        return {"status": "UP", "model_version": self.model_version}

    def _event(self, _: bytes) -> dict[str, Any]:
        if self._on_event is not None:
            self._on_event()
        return self._health(b"")

    def _set_up(self, body: bytes) -> dict[str, Any]:
        """Raise `RequestError` if a label of the pipeline is not in the labelling interface."""
        interface = json_records.decode_json(body, _Setup).schema
        pipeline = self.pipeline
        labels = pipeline.entity_labels | {*map(escape_label, pipeline.relation_labels)}
        if missing := sorted(labels - _interface_labels(interface)):
            message = f"The project's interface does not contain model labels: {', '.join(missing)}"
            raise RequestError(400, message)
        return {"model_version": self.model_version}

    def _predict(self, body: bytes, connection: socket | None) -> dict[str, Any]:
        tasks = json_records.decode_json(body, _Tasks).tasks
        documents = [Document(f"task {n}", task.data.text, ()) for n, task in enumerate(tasks, 1)]
        check_texts([document.text for document in documents])
        if not self._lock.acquire(timeout=QUEUE_TIMEOUT):
            raise RequestError(503, "Other requests are being answered; try again later")
        try:
            predicted = self._process.predict(
                documents,
                is_wanted=lambda: connection is None or not _has_left(connection),
                timeout=PREDICTION_TIMEOUT,
            )
        except AbandonedError as error:
            message = f"The prediction took over {PREDICTION_TIMEOUT:.0f} seconds; send fewer texts"
            raise RequestError(503, message) from error
        except RuntimeError as error:
            raise RequestError(500, f"The pipeline failed: {error}") from error
        finally:
            self._lock.release()
        return {"results": [self._result(document) for document in predicted]}

    def _result(self, document: Document) -> dict[str, Any]:
        return {
            "result": to_results(
                document, InterfaceTags(choices=self.pipeline.attributes), Notes()
            ),
            "score": mean_score(document),
            "model_version": self.model_version,
        }


def _pipeline_info(process: PredictionProcess) -> PipelineInfo:
    """Return the description of a process's pipeline; end the process if it has none."""
    try:
        return process.info()
    except BaseException:
        process.close()
        raise


def _has_left(connection: socket) -> bool:
    """Return whether the client of a connection has closed it."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, MSG_PEEK)
    except (OSError, ValueError):  # the connection was reset, or closed by this process
        return True


def _interface_labels(interface: str) -> set[str]:
    """Return the labels of mentions and relations in a labelling interface."""
    try:
        view = ET.fromstring(interface)
    except ET.ParseError as error:
        raise RequestError(400, f"The project's interface is not valid XML: {error}") from error
    return {tag.get("value", "") for tag in view.iter() if tag.tag in ("Label", "Relation")}


def _status_message(message: str) -> str:
    """Return a message as printable ASCII of limited length, as required in a status line."""
    printable = "".join(letter if letter.isprintable() else " " for letter in message)
    return printable.encode("ascii", "replace").decode()[:MAX_STATUS_LENGTH]


class BackendServer(ThreadingMixIn, WSGIServer):
    """An HTTP server for a backend with one thread per request, and a limit on both.

    Raise `DataError` if the address is not available.
    """

    daemon_threads = True

    def __init__(self, backend: Backend, host: str, port: int) -> None:
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            what = f"the backend cannot listen on {host}:{port}: {error.strerror}"
            fix = "Choose a different --host or --port"
            raise DataError([Problem("cannot-listen", what, fix)]) from error
        self.backend = backend
        self._free = Semaphore(MAX_CONNECTIONS)
        self.set_app(backend)

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://{self.server_address[0]!s}:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as inherited
        """Answer a request in a thread, or close the connection if too many are open."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Answer a request; close its connection after `CONNECTION_TIMEOUT`."""
        timer = Timer(CONNECTION_TIMEOUT, _close, [request])
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - its signature
        """Report an error, unless the client closed the connection."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _close(connection: socket) -> None:
    with suppress(OSError):  # the client has closed it
        connection.shutdown(SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    timeout = IDLE_TIMEOUT

    def get_environ(self) -> WSGIEnvironment:
        """Return the environment of a request, with its connection."""
        return super().get_environ() | {_CONNECTION: self.connection}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its signature
        """Do not log requests."""


@contextmanager
def running_backend(
    model: str | Path,
    host: str,
    port: int,
    *,
    on_event: Callable[[], object] | None = None,
    allowed_hosts: Iterable[str] = (),
    password: str | None = None,
) -> Iterator[tuple[BackendServer, Thread]]:
    """Serve a pipeline's predictions in a thread; yield the server and its thread.

    If `port` is 0, a free port is chosen. `model`, `on_event`: see `Backend`. `allowed_hosts`,
    `password`: see `Gate`. Raise `DataError` if the pipeline or the address is not available.
    """
    gate = Gate(frozenset({host, *allowed_hosts}), password)
    with (
        closing(Backend(model, on_event, gate)) as backend,
        BackendServer(backend, host, port) as server,
    ):
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server, thread
        finally:
            server.shutdown()
            thread.join()


def connect_projects(
    server: LabelStudioServer,
    projects: Iterable[Project],
    backend_url: str,
    *,
    password: str | None = None,
) -> None:
    """Connect projects to the prediction backend at `backend_url`, with its password, if any."""
    login = None if password is None else (USERNAME, password)
    for project in projects:
        server.connect_backend(project, backend_url, BACKEND_TITLE, login=login)
