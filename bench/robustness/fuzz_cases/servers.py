"""Cases of `fuzz.py` with Label Studio servers that answer nonsense."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import toy
from forked_commands import Case

from aloi.corpus import document_files

TOKEN = "0123456789abcdef0123456789abcdef01234567"
ENDLESS_BYTES = 1 << 31
CHUNK = b"x" * (1 << 20)

CALLS = (
    "annotate push corpus --to ana",
    "annotate pull corpus --out passes",
    "annotate status corpus",
    "annotate backup --out saved.zip",
    "annotate adjudicate passes-a passes-b --corpus corpus --out gold",
    "annotate next corpus",
)
USER = {"id": 1, "email": "ana@x.org", "username": "ana", "first_name": "", "last_name": ""}
PROJECT = {"id": 1, "title": "toy · ana", "label_config": "<View/>", "created_at": "x"}
ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "html": (200, "text/html", b"<!DOCTYPE html><html>Sign in</html>"),
    "empty": (200, "application/json", b""),
    "truncated": (200, "application/json", b'{"count": 1, "results": [{"id": 1, "titl'),
    "list": (200, "application/json", b"[1, 2, 3]"),
    "number": (200, "application/json", b"3"),
    "null": (200, "application/json", b"null"),
    "wrong types": (
        200,
        "application/json",
        b'{"count": "x", "results": {"a": 1}, "tasks": 3, "id": [], "email": 1, "total": "x"}',
    ),
    "not UTF-8": (200, "application/json", b'{"id": "\xe9"}'),
    "deep": (200, "application/json", b"[" * 100_000 + b"]" * 100_000),
    "error": (500, "text/html", b"<h1>Server Error (500)</h1>"),
    "echoed token": (500, "application/json", json.dumps({"detail": f"bad {TOKEN}"}).encode()),
    "echoed header": (401, "text/plain", f"Token {TOKEN}".encode()),
    "redirect": (302, "text/html", b"/elsewhere"),
    "missing": (404, "text/html", b"<h1>Not Found</h1>"),
    "endless": (200, "application/json", b"endless"),
    "user, then html": (200, "text/html", b"<html>"),
    "user, then truncated": (200, "application/json", b'{"count": 1, "results": [{"id": 1'),
    "user, then wrong types": (200, "application/json", b'{"count": 1, "results": [3, null, "x"]}'),
    "user, then list": (200, "application/json", b"[3]"),
    "user, then echoed token": (400, "text/plain", f"{TOKEN} {TOKEN[:20]}".encode()),
    "user, projects, then html": (200, "text/html", b"<html>"),
    "user, projects, then wrong types": (
        200,
        "application/json",
        b'{"total": 1, "tasks": [{"id": "x", "data": 3, "annotations": 7}]}',
    ),
    "user, projects, then null": (200, "application/json", b"null"),
    "user, projects, then endless": (200, "application/json", b"endless"),
}


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        name, status, kind, body = self.server.answer  # type: ignore[attr-defined]
        if name.startswith("user") and "whoami" in self.path:
            status, kind, body = 200, "application/json", json.dumps(USER).encode()
        elif "projects" in name and self.path.startswith("/api/projects"):
            content = {"count": 1, "results": [PROJECT]}
            status, kind, body = 200, "application/json", json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", body.decode())
        length = ENDLESS_BYTES if body == b"endless" else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if body == b"endless":
            for _ in range(ENDLESS_BYTES // len(CHUNK)):
                self.wfile.write(CHUNK)
        else:
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _answer  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The client closed the connection."""


def server_cases(root: Path) -> Iterator[Case]:
    """Start a server for each kind of answer; yield a case for each command that uses a server."""
    for name, answer in ANSWERS.items():
        server = _Server(("127.0.0.1", 0), _Handler)
        server.answer = (name, *answer)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        environment = {"LABEL_STUDIO_URL": url, "LABEL_STUDIO_API_KEY": TOKEN}
        for call in CALLS:
            yield Case(
                name, tuple(call.split()), _prepare, environment=environment, secrets=(TOKEN,)
            )


def _prepare(folder: Path) -> None:
    toy.folder(folder / "corpus")
    document_files.write([toy.sentence(n) for n in range(3)], folder / "passes-a")
    document_files.write([toy.sentence(n) for n in range(1, 4)], folder / "passes-b")
