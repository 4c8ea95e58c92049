"""The prediction backend: its answers, and the requests it refuses with a message."""

import io
import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import Request, urlopen

import attributes
import pytest
import spacy
import toy
from hypothesis import given
from hypothesis import strategies as st

from aloi.annotation.labelstudio import live_predictions, request_limits
from aloi.annotation.labelstudio.labelling_interface import labelling_interface
from aloi.annotation.labelstudio.live_predictions import (
    Backend,
    BackendServer,
    running_backend,
)
from aloi.annotation.labelstudio.request_limits import (
    MAX_CONNECTIONS,
    MAX_REQUEST_BYTES,
    MAX_TEXT_CHARACTERS,
    Gate,
    authorization,
)
from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema, load_schema
from aloi.models.attributes.training import train_attributes


class Client:
    """Requests to a backend without a server."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.errors = io.StringIO()

    def __call__(
        self, method: str, path: str, body: bytes = b"", **environment: str
    ) -> tuple[str, Any]:
        """Return the status and the content of the answer to a request."""
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path}
        environ |= {"wsgi.input": io.BytesIO(body), "wsgi.errors": self.errors}
        environ |= {"CONTENT_LENGTH": str(len(body)), **environment}
        statuses: list[str] = []
        answer = self.backend(environ, lambda status, headers, _=None: statuses.append(status))
        return statuses[0], json.loads(b"".join(answer))

    def post(self, path: str, content: Any) -> tuple[str, Any]:
        return self("POST", path, json.dumps(content).encode())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    toy.pipeline().to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[BackendServer]:
    with running_backend(model, "127.0.0.1", 0) as (running, _):
        yield running


@pytest.fixture(scope="module")
def client(server: BackendServer) -> Client:
    return Client(server.backend)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file = tmp_path_factory.mktemp("schema") / "schema.toml"
    file.write_text(toy.SCHEMA, encoding="utf-8")
    return load_schema(file)


def test_health_requests_are_answered(client: Client) -> None:
    for path in ("/", "/health"):
        status, content = client("GET", path)
        assert (status, content["status"]) == ("200 OK", "UP")


def test_predictions_are_label_studio_regions_and_arcs(client: Client) -> None:
    text = "\U0001f680 Ana vit à Rome et rencontre Eva."
    status, content = client.post("/predict", {"tasks": [{"id": 7, "data": {"text": text}}]})
    assert status == "200 OK"
    ((result, score, version),) = (
        (each["result"], each["score"], each["model_version"]) for each in content["results"]
    )
    regions = {each["id"]: each["value"] for each in result if each["type"] == "labels"}
    # Offsets are code points: the rocket is one, so Ana is at 2–5.
    spans = {(v["start"], v["end"], v["text"], *v["labels"]) for v in regions.values()}
    assert {(2, 5, "Ana", "PER"), (12, 16, "Rome", "LOC"), (30, 33, "Eva", "PER")} == spans
    arcs = [each for each in result if each["type"] == "relation"]
    assert arcs
    assert {end for arc in arcs for end in (arc["from_id"], arc["to_id"])} <= regions.keys()
    assert 0 < score <= 1
    assert version == client.backend.model_version


def test_predicted_attributes_of_mentions_are_choices(tmp_path: Path) -> None:
    nlp = spacy.blank("fr")
    nlp.add_pipe("aloi_attributes")
    documents = [attributes.statement(number) for number in range(24)]
    train_attributes(nlp, nlp.get_pipe("aloi_attributes"), documents, documents, schema=None)
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "LOC", "pattern": "Paris"}])
    task = {"data": {"text": "Paris soutient Ana. Bob vit à Paris."}}
    nlp.to_disk(tmp_path)
    backend = Backend(tmp_path)
    try:
        _, content = Client(backend).post("/predict", {"tasks": [task]})
    finally:
        backend.close()
    (choice,) = [each for each in content["results"][0]["result"] if each["type"] == "choices"]
    assert (choice["from_name"], choice["value"]["choices"]) == ("metonymy", ["government"])
    assert choice["value"]["start"] == 0


def test_results_are_in_the_order_of_the_tasks(client: Client) -> None:
    texts = ["Ana vit à Rome.", "", "Bob ignore Lima."]
    _, content = client.post("/predict", {"tasks": [{"data": {"text": text}} for text in texts]})
    first = [[r["value"]["text"] for r in each["result"][:1]] for each in content["results"]]
    assert first == [["Ana"], [], ["Bob"]]


def test_an_interface_with_the_models_labels_is_accepted(client: Client, schema: Schema) -> None:
    body = {"schema": labelling_interface(schema), "access_token": "s3cret", "project": "1.2"}
    status, content = client.post("/setup", body)
    assert (status, content) == ("200 OK", {"model_version": client.backend.model_version})
    assert "s3cret" not in repr(vars(client.backend)) + client.errors.getvalue()


def test_missing_labels_of_an_interface_are_named(client: Client) -> None:
    status, content = client.post("/setup", {"schema": '<View><Label value="PER"/></View>'})
    assert status.startswith("400 The project's interface does not contain model labels: LIVES_IN")
    assert status == f"400 {content['error']}"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", b""),
        ("/predict", b"{"),
        ("/predict", b"[" * 100_000),
        ("/predict", b'{"tasks": [{"data": {"text": 3}}]}'),
        ("/predict", b'{"tasks": [{"data": {"text": "\\ud800"}}]}'),
        ("/predict", b"\xff"),
        ("/setup", b'{"schema": "<View"}'),
        ("/setup", b'{"schema": 5}'),
    ],
)
def test_an_invalid_request_gets_a_message(client: Client, path: str, body: bytes) -> None:
    status, content = client("POST", path, body)
    assert status.startswith("400 ")
    assert content["error"]
    assert "Traceback" not in content["error"] + client.errors.getvalue()


@given(st.sampled_from(["/predict", "/setup"]), st.binary(max_size=60))
def test_any_bytes_get_an_answer(client: Client, path: str, body: bytes) -> None:
    status, _ = client("POST", path, body)
    assert status.split()[0] in ("200", "400")
    assert status.isascii()
    assert status.isprintable()


def test_an_interface_with_exploding_entities_is_refused(client: Client) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 9}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><View>&e11;</View>'
    status, _ = client.post("/setup", {"schema": bomb})
    assert status.startswith("400 The project's interface is not valid XML")


@pytest.mark.parametrize(
    ("size", "status"),
    [("x", "400"), ("-1", "413"), (str(MAX_REQUEST_BYTES + 1), "413"), ("9", "400")],
)
def test_the_size_of_a_request_is_limited(client: Client, size: str, status: str) -> None:
    assert client("POST", "/predict", b"{}", CONTENT_LENGTH=size)[0].startswith(status)


@pytest.mark.parametrize(("method", "path"), [("GET", "/predict"), ("POST", "/x"), ("PUT", "/")])
def test_unknown_addresses_are_not_found(client: Client, method: str, path: str) -> None:
    assert client(method, path)[0].startswith("404 ")


def test_concurrent_requests_are_answered(server: BackendServer) -> None:
    def predicted_city(city: str) -> str:
        body = json.dumps({"tasks": [{"data": {"text": f"Ana vit à {city}."}}]}).encode()
        with urlopen(Request(f"{server.url}/predict", body), timeout=30) as answer:
            result = json.load(answer)["results"][0]["result"]
        return next(r["value"]["text"] for r in result if r["value"].get("labels") == ["LOC"])

    cities = list(toy.CITIES) * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(predicted_city, cities)) == cities


def test_a_closed_connection_is_not_logged(
    server: BackendServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection(server.server_address[:2]) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    with urlopen(f"{server.url}/health", timeout=30) as answer:
        assert answer.status == 200
    assert capfd.readouterr().err == ""


def test_an_occupied_port_is_an_error(server: BackendServer, client: Client) -> None:
    with pytest.raises(DataError, match=f"127.0.0.1:{server.server_port}: Address already in use"):
        BackendServer(client.backend, "127.0.0.1", server.server_port)


def test_events_are_reported_and_need_the_password(model: Path, tmp_path: Path) -> None:
    events: list[str] = []
    with closing(
        Backend(model, lambda: events.append("event"), Gate(password="s3cret"))
    ) as backend:
        client, first = Client(backend), backend.model_version
        status, _ = client.post("/webhook", {"action": "ANNOTATION_CREATED"})
        assert (status[:3], events) == ("401", [])
        status, _ = client("POST", "/webhook", HTTP_AUTHORIZATION=authorization("s3cret"))
        assert (status, events) == ("200 OK", ["event"])

        # A pipeline trained later replaces the first one.
        spacy.blank("fr").to_disk(tmp_path)
        backend.use_pipeline(tmp_path)
        backend.gate = Gate()
        _, content = client.post("/predict", {"tasks": [{"data": {"text": "Ana vit à Rome."}}]})
        assert backend.model_version != first
        assert content["results"][0]["result"] == []


@pytest.mark.parametrize("parts", [1, 2])
def test_texts_that_take_too_long_are_refused(client: Client, parts: int) -> None:
    text = "a" * (MAX_TEXT_CHARACTERS // parts + 1)
    status, content = client.post("/predict", {"tasks": [{"data": {"text": text}}] * parts})
    assert status.startswith("413")
    assert str(MAX_TEXT_CHARACTERS) in content["error"]


def test_a_request_does_not_wait_for_ever(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_predictions, "QUEUE_TIMEOUT", 0.01)
    with client.backend._lock:
        status, _ = client.post("/predict", {"tasks": [{"data": {"text": "Ana"}}]})
    assert status.startswith("503")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9090", "200"),
        ("localhost", "200"),
        ("[::1]:9090", "200"),
        ("192.0.2.7", "200"),
        ("label.studio.internal:9090", "200"),
        ("attacker.example", "403"),
        ("attacker.example:9090", "403"),
        ("127.0.0.1.attacker.example", "403"),
        ("[::1", "403"),
        ("", "403"),
    ],
)
def test_only_known_hosts_are_answered(
    client: Client, host: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.backend, "gate", Gate(frozenset({"label.studio.internal"})))
    assert client("GET", "/health", HTTP_HOST=host)[0][:3] == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Basic YWxvaTpzM2NyZXQ=", "200"),  # aloi:s3cret
        ("Basic YWxvaTpvdGhlcg==", "401"),
        ("Basic é", "401"),
        ("", "401"),
    ],
)
def test_a_password_is_required_if_there_is_one(
    client: Client, header: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.backend, "gate", Gate(password="s3cret"))
    assert client("GET", "/health", HTTP_AUTHORIZATION=header)[0][:3] == status
    assert "s3cret" not in repr(client.backend.gate)


def test_too_many_and_too_slow_connections_are_closed(
    server: BackendServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_predictions, "CONNECTION_TIMEOUT", 1.0)
    address = "127.0.0.1", server.server_port
    opened = [socket.create_connection(address, timeout=20) for _ in range(MAX_CONNECTIONS + 1)]
    assert [each.recv(1) for each in reversed(opened)] == [b""] * len(opened)
    for each in opened:
        each.close()
    with urlopen(f"{server.url}/health", timeout=20) as answer:
        assert answer.status == 200


def test_a_body_that_drips_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "CONNECTION_TIMEOUT", -1.0)
    status, _ = client("POST", "/predict", b"{" * 10)
    assert status.startswith("408")


def test_a_prediction_is_given_up_if_its_client_leaves_or_the_time_is_over(
    server: BackendServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request is answered long before the prediction that was given up would have ended.

    A stopped process stands for a prediction that takes for ever.
    """
    body = b'{"tasks": [{"data": {"text": "Ana"}}]}'
    process = client.backend._process
    first, sent, send = process.process_id, Event(), process._connection.send

    def send_and_note(documents: object) -> None:
        send(documents)
        sent.set()

    monkeypatch.setattr(process._connection, "send", send_and_note)
    os.kill(first, signal.SIGSTOP)
    with socket.create_connection(server.server_address[:2]) as connection:
        header = f"POST /predict HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(header.encode() + body)
        assert sent.wait(60)
    assert client("POST", "/predict", body)[0] == "200 OK"
    assert process.process_id != first

    os.kill(process.process_id, signal.SIGSTOP)
    monkeypatch.setattr(live_predictions, "PREDICTION_TIMEOUT", 0.5)
    status, _ = client("POST", "/predict", body)
    assert status.startswith("503 The prediction took over")
    monkeypatch.undo()
    os.kill(process.process_id, signal.SIGKILL)  # as if memory were short
    assert client("POST", "/predict", body)[0].startswith("400 a worker process died (SIGKILL)")
    assert client("POST", "/predict", body)[0] == "200 OK"
