"""The prediction backend: its answers, and what it refuses with a sentence."""

import io
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from aloi.annotation.labelstudio import backend as serving
from aloi.annotation.labelstudio.backend import Backend, Server
from aloi.annotation.labelstudio.interface import labelling_interface
from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema, load_schema
from aloi.models.prediction import pipelines as prediction


class Asked:
    """A backend asked without a server."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.errors = io.StringIO()

    def __call__(self, method: str, path: str, body: bytes = b"", **given: str) -> tuple[str, Any]:
        """The status and the content of the answer; `given` is the request's environment."""
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path}
        environ |= {"wsgi.input": io.BytesIO(body), "wsgi.errors": self.errors}
        environ |= {"CONTENT_LENGTH": str(len(body)), **given}
        started: list[str] = []
        answer = self.backend(environ, lambda status, headers, _=None: started.append(status))
        return started[0], json.loads(b"".join(answer))

    def post(self, path: str, content: Any) -> tuple[str, Any]:
        return self("POST", path, json.dumps(content).encode())


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("model")
    toy.pipeline().to_disk(folder)
    return Asked(Backend(prediction.load_pipeline(str(folder))))


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file = tmp_path_factory.mktemp("schema") / "schema.toml"
    file.write_text(toy.SCHEMA, encoding="utf-8")
    return load_schema(file)


def test_it_says_that_it_is_there(ask: Asked) -> None:
    for path in ("/", "/health"):
        status, content = ask("GET", path)
        assert (status, content["status"]) == ("200 OK", "UP")


def test_predictions_are_regions_and_arcs_that_label_studio_takes(ask: Asked) -> None:
    text = "\U0001f680 Ana vit à Rome et rencontre Eva."
    status, content = ask.post("/predict", {"tasks": [{"id": 7, "data": {"text": text}}]})
    assert status == "200 OK"
    ((result, score, version),) = (
        (each["result"], each["score"], each["model_version"]) for each in content["results"]
    )
    regions = {each["id"]: each["value"] for each in result if each["type"] == "labels"}
    # Code points: the rocket is one, so Ana is 2–5.
    found = {(v["start"], v["end"], v["text"], *v["labels"]) for v in regions.values()}
    assert {(2, 5, "Ana", "PER"), (12, 16, "Rome", "LOC"), (30, 33, "Eva", "PER")} == found
    arcs = [each for each in result if each["type"] == "relation"]
    assert arcs
    assert {end for arc in arcs for end in (arc["from_id"], arc["to_id"])} <= regions.keys()
    assert 0 < score <= 1
    assert version == ask.backend.model_version


def test_each_task_has_its_answer_in_order(ask: Asked) -> None:
    texts = ["Ana vit à Rome.", "", "Bob ignore Lima."]
    _, content = ask.post("/predict", {"tasks": [{"data": {"text": text}} for text in texts]})
    first = [[r["value"]["text"] for r in each["result"][:1]] for each in content["results"]]
    assert first == [["Ana"], [], ["Bob"]]


def test_an_interface_of_the_model_s_labels_is_accepted(ask: Asked, schema: Schema) -> None:
    body = {"schema": labelling_interface(schema), "access_token": "s3cret", "project": "1.2"}
    status, content = ask.post("/setup", body)
    assert (status, content) == ("200 OK", {"model_version": ask.backend.model_version})
    assert "s3cret" not in repr(vars(ask.backend)) + ask.errors.getvalue()


def test_an_interface_without_a_label_is_refused_by_name(ask: Asked) -> None:
    status, content = ask.post("/setup", {"schema": '<View><Label value="PER"/></View>'})
    assert status.startswith("400 The project's interface lacks labels of the model: LIVES_IN, LOC")
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
def test_nonsense_gets_a_sentence(ask: Asked, path: str, body: bytes) -> None:
    status, content = ask("POST", path, body)
    assert status.startswith("400 ")
    assert content["error"]
    assert "Traceback" not in content["error"] + ask.errors.getvalue()


@given(st.sampled_from(["/predict", "/setup"]), st.binary(max_size=60))
def test_any_bytes_are_answered(ask: Asked, path: str, body: bytes) -> None:
    status, _ = ask("POST", path, body)
    assert status.split()[0] in ("200", "400")
    assert status.isascii()
    assert status.isprintable()


def test_an_interface_that_unfolds_without_end_is_refused(ask: Asked) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 9}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><View>&e11;</View>'
    status, _ = ask.post("/setup", {"schema": bomb})
    assert status.startswith("400 The project's interface is no XML")


@pytest.mark.parametrize(
    ("size", "status"),
    [("x", "400"), ("-1", "413"), (str(serving.LARGEST + 1), "413"), ("9", "400")],
)
def test_the_size_of_a_request_is_bounded(ask: Asked, size: str, status: str) -> None:
    assert ask("POST", "/predict", b"{}", CONTENT_LENGTH=size)[0].startswith(status)


def test_a_text_too_long_for_the_pipeline_is_told(ask: Asked) -> None:
    longest = ask.backend.nlp.max_length
    status, _ = ask.post("/predict", {"tasks": [{"data": {"text": "a" * (longest + 1)}}]})
    assert status.startswith("400 document task 1: ")


@pytest.mark.parametrize(("method", "path"), [("GET", "/predict"), ("POST", "/x"), ("PUT", "/")])
def test_other_addresses_are_not_found(ask: Asked, method: str, path: str) -> None:
    assert ask(method, path)[0].startswith("404 ")


@pytest.fixture
def server(ask: Asked) -> Iterator[Server]:
    with Server(ask.backend, "127.0.0.1", 0) as running:
        thread = Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_several_may_ask_at_once(server: Server) -> None:
    def first_place(city: str) -> str:
        body = json.dumps({"tasks": [{"data": {"text": f"Ana vit à {city}."}}]}).encode()
        with urlopen(Request(f"{server.url}/predict", body), timeout=30) as answer:
            result = json.load(answer)["results"][0]["result"]
        return next(r["value"]["text"] for r in result if r["value"].get("labels") == ["LOC"])

    cities = list(toy.CITIES) * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(first_place, cities)) == cities


def test_a_client_that_goes_away_is_no_event(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection(server.server_address[:2]) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    with urlopen(f"{server.url}/health", timeout=30) as answer:
        assert answer.status == 200
    assert capfd.readouterr().err == ""


def test_a_port_that_is_taken_is_told(server: Server, ask: Asked) -> None:
    with pytest.raises(DataError, match=f"127.0.0.1:{server.server_port}: Address already in use"):
        Server(ask.backend, "127.0.0.1", server.server_port)
