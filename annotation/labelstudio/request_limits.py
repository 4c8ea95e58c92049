"""Limits of the prediction backend: who may send a request, how large it is, how long it takes."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MAX_REQUEST_BYTES = 32 * 1024 * 1024
"""The maximum size of a request body."""

MAX_TEXT_CHARACTERS = 100_000
"""The maximum number of characters of all texts of a request; predicting them takes seconds."""

MAX_CONNECTIONS = 32
"""The maximum number of open connections; further connections are closed."""

CONNECTION_TIMEOUT = 120.0
"""Seconds after which a connection is closed, whatever it sends or waits for."""

QUEUE_TIMEOUT = 60.0
"""Seconds that a request waits for the requests before it."""

PREDICTION_TIMEOUT = 50.0
"""Seconds that a prediction may take, from its start."""

USERNAME = "aloi"
"""The user name of HTTP basic authentication; the password is chosen by the user."""

_CHUNK_BYTES = 1 << 16


class RequestError(Exception):
    """An error that refuses a request with an HTTP status code and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Gate:
    """The requests that are answered.

    The header Host must be an IP address, `localhost` or one of `hosts`. An attacker's
    web page can give this machine another name, but the header then contains that name. With a
    `password`, the request needs HTTP basic authentication.
    """

    hosts: frozenset[str] = frozenset()
    password: str | None = field(default=None, repr=False)

    def check(self, environ: WSGIEnvironment) -> None:
        """Raise `RequestError` if a request must not be answered."""
        host = environ.get("HTTP_HOST")
        if host is not None and not self._is_allowed(host):
            message = "Unknown Host header; start `aloi annotate serve` with --allow-host NAME"
            raise RequestError(403, message)
        if self.password is None:
            return
        given = environ.get("HTTP_AUTHORIZATION", "")
        if not hmac.compare_digest(given.encode(), authorization(self.password).encode()):
            raise RequestError(401, f"Send HTTP basic authentication as the user {USERNAME}")

    def _is_allowed(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
            if name in self.hosts or name == "localhost":
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def authorization(password: str) -> str:
    """Return the header Authorization of requests with this password."""
    return "Basic " + base64.b64encode(f"{USERNAME}:{password}".encode()).decode()


def read_body(environ: WSGIEnvironment) -> bytes:
    """Return the body of a request.

    Raises `RequestError` if the body is too large, incomplete, or takes too long.
    """
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise RequestError(400, "Content-Length is not a number") from error
    if not 0 <= size <= MAX_REQUEST_BYTES:
        message = f"A request may contain at most {MAX_REQUEST_BYTES} bytes; send fewer tasks"
        raise RequestError(413, message)
    stream, parts, end = environ["wsgi.input"], list[bytes](), time.monotonic() + CONNECTION_TIMEOUT
    try:
        while size and (part := stream.read(min(size, _CHUNK_BYTES))):
            parts.append(part)
            size -= len(part)
            if time.monotonic() > end:
                raise RequestError(408, "The request takes too long")
    except OSError as error:
        raise RequestError(408, "The request was interrupted") from error
    if size:
        raise RequestError(400, "The request is shorter than its Content-Length")
    return b"".join(parts)


def check_texts(texts: list[str]) -> None:
    """Raise `RequestError` if the texts of a request are too long together."""
    if sum(map(len, texts)) > MAX_TEXT_CHARACTERS:
        message = f"The texts of a request may have {MAX_TEXT_CHARACTERS} characters; send fewer"
        raise RequestError(413, message)
