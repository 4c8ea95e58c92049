"""Servers that are not Label Studio, or answer nonsense: a problem, without the access token."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from aloi.annotation import http_answers as answers
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.corpus.problems import DataError, Problem

pytest.importorskip("label_studio_sdk")

TOKEN = "0123456789abcdef0123456789abcdef01234567"
WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"
USER = {"id": 1, "email": "ana@example.org"}
PROJECTS = {"count": 1, "results": [{"id": 1, "title": "toy · ana"}]}


class Handler(BaseHTTPRequestHandler):
    """Answer each path with the first entry of `server.answers` whose key it contains."""

    def do_GET(self) -> None:
        answers: dict[str, tuple[int, bytes]] = self.server.answers  # type: ignore[attr-defined]
        status, body = next(answer for key, answer in answers.items() if key in self.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Do not log requests."""


class Fake(ThreadingHTTPServer):
    answers: dict[str, tuple[int, bytes]]

    def answer(self, **answers: Any) -> None:
        """Set the answers by part of the path; values other than bytes are sent as JSON."""
        known = {"whoami": USER, "projects": PROJECTS, "tasks": []} | answers
        raw = {k: v if isinstance(v, bytes) else json.dumps(v).encode() for k, v in known.items()}
        self.answers = {key: (200, body) for key, body in raw.items()}

    def handle_error(self, *_: object) -> None:
        """The client closed the connection."""


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def read_everything(fake: Fake) -> None:
    """Connect, list the projects and read the tasks."""
    with LabelStudioServer(Access(f"http://127.0.0.1:{fake.server_port}", TOKEN)) as studio:
        for project in studio.all_projects():
            list(studio.list_tasks(project))
            list(studio.fetch_tasks(project, [1]))
            studio.modification_times(project)


def problem_of(fake: Fake) -> Problem:
    with pytest.raises(DataError) as caught:
        read_everything(fake)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("path", ["whoami", "projects", "tasks"])
@pytest.mark.parametrize(
    "answer",
    [
        b"<!DOCTYPE html><title>Sign in</title>",
        b'{"count": 1, "results": [{"id": 1',
        b'{"id": "\xe9"}',
        b"[" * 100_000,
        3,
        "text",
        None,
        [3],
        {"count": "x", "results": {"a": 1}, "tasks": 3, "id": [], "email": 1},
        {"count": 1, "results": [{"id": 1, "title": 3, "data": 3, "annotations": 7}], "total": 1},
    ],
)
def test_no_answer_raises_another_error_than_a_problem(
    fake: Fake, path: str, answer: object
) -> None:
    fake.answer(**{path: answer})
    with suppress(DataError):  # the SDK ignores the content of some answers
        read_everything(fake)


@pytest.mark.parametrize("path", ["projects", "tasks"])
def test_an_answer_of_another_server_says_what_to_check(fake: Fake, path: str) -> None:
    fake.answer(**{path: [3]})
    problem = problem_of(fake)
    assert problem.kind == "unexpected-answer"
    assert f"http://127.0.0.1:{fake.server_port} is not an answer of Label Studio" in problem.what
    assert problem.fix.startswith("Check the address of the server")


def test_a_listing_that_repeats_its_items_ends(fake: Fake) -> None:
    fake.answer(projects={"count": 9, "next": "x", "results": [*PROJECTS["results"]] * 2})
    assert problem_of(fake).kind == "unexpected-answer"


def test_an_answer_without_end_is_a_problem(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 1000)
    fake.answer(projects={"count": 1, "results": [], "padding": "x" * 2000})
    assert problem_of(fake).kind == "unexpected-answer"


@pytest.mark.parametrize("secret", [TOKEN, WEB_TOKEN, TOKEN[:20], TOKEN[:8]])
def test_an_echoed_token_is_not_printed(fake: Fake, secret: str) -> None:
    fake.answer()
    padding = "x" * 380  # the token must not be cut before it is recognised
    fake.answers["projects"] = (400, json.dumps({"detail": f"{padding}bad {secret}!"}).encode())
    text = str(problem_of(fake))
    assert "bad [token]!" in text
    assert secret[:8] not in text
