"""A local chat server with the interface of OpenAI, whose answers a test decides.

The server is a real HTTP server on loopback. It can be killed, which breaks open connections, and
started again at the same address.
"""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aloi.corpus.document import Document
from aloi.corpus.formats import inline
from aloi.corpus.formats.inline import read_marked

KEY = "sk-loopback-0123456789"


@dataclass
class Reply:
    """A response: a completion with this text, or other content."""

    text: str = ""
    status: int = 200
    finish: str = "stop"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    cut: bool = False
    """Close the connection after the content, although it should be longer."""

    def content(self, sent: str) -> bytes:
        if self.body is not None:
            return self.body
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": self.text},
            "finish_reason": self.finish,
        }
        usage = {"prompt_tokens": len(sent) // 4, "completion_tokens": len(self.text) // 4}
        return json.dumps(
            {"object": "chat.completion", "choices": [choice], "usage": usage}
        ).encode()


Brain = Callable[[str, dict[str, Any]], str | Reply]
"""A function from the text to annotate and the request to an answer."""


def marked_answer(document: Document) -> str:
    """Return the complete answer with the annotations of a document."""
    marked, relations = inline.render_marked(document)
    return f"+++\n{marked}\n+++\n{relations}+++"


def question(request: dict[str, Any]) -> str:
    """Return the text of the first user message that is not an example."""
    asked = [m["content"] for m in request["messages"] if m["role"] == "user"]
    repair = len(request["messages"]) > 2 and request["messages"][-1]["content"][:3] != "+++"
    marked = asked[-2] if repair else asked[-1]
    return read_marked(marked.removeprefix("+++\n").removesuffix("\n+++")).text


@dataclass
class ChatServer:
    """A server within `with ChatServer(brain) as server`; `requests` contains all requests."""

    brain: Brain
    key: str | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[int], None] = lambda number: None
    """Called with the number of a request before it is answered."""
    port: int = 0

    def __enter__(self) -> Self:
        self._connections: set[socket.socket] = set()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"chat": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def kill(self) -> None:
        """Stop listening and break all connections."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def texts(self) -> list[str]:
        """The text to annotate of each request."""
        return [question(request) for request in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Print nothing when a test breaks a connection."""


class _Handler(BaseHTTPRequestHandler):
    chat: ChatServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.chat._connections.add(self.connection)

    def finish(self) -> None:
        self.chat._connections.discard(self.connection)
        with suppress(OSError, ValueError):
            super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/chat/completions":
            self._send(Reply(status=404, body=b'{"error": {"message": "no such route"}}'), "")
            return
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.chat.key is not None and token != self.chat.key:
            message = {"error": {"message": f"Incorrect API key provided: {token}"}}
            self._send(Reply(status=401, body=json.dumps(message).encode()), "")
            return
        request = json.loads(body)
        self.chat.requests.append(request)
        self.chat.before(len(self.chat.requests))
        reply = self.chat.brain(question(request), request)
        self._send(reply if isinstance(reply, Reply) else Reply(reply), body.decode())

    def _send(self, reply: Reply, sent: str) -> None:
        content = reply.content(sent)
        with suppress(OSError):
            if reply.hang_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in {**headers, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()
            if reply.cut:
                self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Print nothing."""
