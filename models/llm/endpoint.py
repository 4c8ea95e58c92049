"""A client of an OpenAI-compatible chat endpoint: `POST BASE_URL/chat/completions`.

Requests are repeated after connection errors, time-outs and the status codes in `RETRIED`, with
growing pauses, or after the time that the server asks for in `Retry-After`.
"""

from __future__ import annotations

import ipaddress
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError, ReadTimeoutError, SSLError

from aloi.corpus.problems import DataError, Problem

Message = dict[str, str]
"""A chat message with the keys `role` and `content`."""

RETRIED = (408, 409, 425, 429, 500, 502, 503, 504, 529)
"""Status codes after which a request is repeated."""

REFUSED = {401: "key", 403: "key", 404: "address or model", 405: "address"}
"""Status codes that every request would get, and what is wrong."""

MAX_ANSWER_BYTES = 2 << 20
"""An answer with more bytes is refused."""

FIRST_RETRIES = 2
"""The number of repeated attempts to connect before the endpoint has answered anything."""

EXCERPT = 200
"""The number of characters of a server's error message that are reported."""

CHARACTERS_PER_TOKEN = 3
"""The estimate for servers that do not report the number of tokens."""


class AnswerError(Exception):
    """One answer cannot be used; other requests may succeed. The message says why."""


class Answer(msgspec.Struct, frozen=True):
    """The text of an answer, the reason for its end, and what it took."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float

    @property
    def tokens(self) -> int:
        """The number of tokens of the request and the answer."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True)
class ChatEndpoint:
    """A chat model at an address such as `http://127.0.0.1:11434/v1`.

    `connections` is the largest number of requests in flight. `retries` is the number of repeated
    requests, and `backoff` the first pause in seconds; each further pause is twice as long.
    `timeout` is the number of seconds to wait for an answer.
    """

    base_url: str
    model: str
    key: str | None = None
    connections: int = 8
    retries: int = 8
    backoff: float = 0.5
    timeout: float = 600.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            what = "the base URL must be an http or https address without user name and password"
            fix = "Use an address such as http://127.0.0.1:11434/v1, and give the key separately"
            raise DataError([Problem("bad-base-url", what, fix)])

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @cached_property
    def _reached(self) -> threading.Event:
        """An event that is set when the endpoint has answered for the first time."""
        return threading.Event()

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        settings: dict[str, Any] = {"maxsize": self.connections, "block": True}
        parts = urlsplit(self.base_url)
        proxy = getproxies().get(parts.scheme)
        if proxy and not self.is_loopback and not proxy_bypass(parts.hostname or ""):
            return urllib3.ProxyManager(proxy, **settings)
        return urllib3.PoolManager(**settings)

    def complete(self, messages: Sequence[Message], parameters: Mapping[str, Any]) -> Answer:
        """Return the model's answer to messages.

        parameters: further keys of the request, such as `temperature`. Raises `AnswerError` if the
        answer cannot be used, and `DataError` if no request can succeed.
        """
        body = {"model": self.model, "messages": list(messages), **parameters}
        started = time.monotonic()
        status, content = self._post(msgspec.json.encode(body))
        seconds = time.monotonic() - started
        if status != 200:
            self._refuse(status, content)
        return _parse_answer(content, seconds, len(str(messages)))

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """Send a request, repeat it if necessary, and return the status and the content."""
        url = f"{self.base_url.rstrip('/')}/chat/completions"
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        retries = urllib3.Retry(
            total=self.retries,
            connect=self.retries if self._reached.is_set() else min(self.retries, FIRST_RETRIES),
            redirect=False,
            status_forcelist=RETRIED,
            allowed_methods=None,
            backoff_factor=self.backoff,
            backoff_max=60,
            retry_after_max=600,
            raise_on_status=False,
        )
        timeout = urllib3.Timeout(connect=10, read=self.timeout)
        while True:
            try:
                response = self._pool.urlopen(
                    "POST",
                    url,
                    body=body,
                    headers=headers,
                    retries=retries,
                    timeout=timeout,
                    redirect=False,
                    preload_content=False,
                )
                self._reached.set()
                return response.status, _read_content(response)
            except (ProtocolError, ReadTimeoutError) as error:  # the answer broke off
                try:
                    retries = retries.increment("POST", url, error=error)
                except MaxRetryError:
                    raise self._unreachable(error) from error
                retries.sleep()
            except HTTPError as error:
                raise self._unreachable(error) from error

    def _unreachable(self, error: HTTPError) -> DataError:
        reason = getattr(error, "reason", None) or error
        what = f"the endpoint does not answer: {self._shorten(str(reason))}"
        fix = "Start the server, or correct --base-url; then repeat the command"
        if isinstance(reason, SSLError):
            fix = "Correct --base-url: use http:// if the server has no certificate"
        return DataError([Problem("no-endpoint", what, fix, file=self.base_url)])

    def _refuse(self, status: int, content: bytes) -> None:
        """Raise an error for an answer with an error status."""
        message = self._shorten(_error_message(content))
        what = f"the endpoint answered with status {status}: {message}"
        if status in REFUSED or 300 <= status < 400:
            wrong = REFUSED.get(status, "address")
            fix = f"Correct the {wrong}: see --base-url, llm:NAME and --key-file"
            raise DataError([Problem("refused", what, fix, file=self.base_url)])
        if status in RETRIED:
            fix = "Wait until the server has recovered, then repeat the command"
            raise DataError([Problem("no-endpoint", what, fix, file=self.base_url)])
        raise AnswerError(what)

    def _shorten(self, message: str) -> str:
        """Return the beginning of a message on one line, without the key."""
        hidden = message.replace(self.key, "***") if self.key else message
        return " ".join(hidden.split())[:EXCERPT]


def _read_content(response: urllib3.BaseHTTPResponse) -> bytes:
    """Return the content of an answer; raise `AnswerError` if it is too long."""
    chunks, size = [], 0
    for chunk in response.stream(1 << 16):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            response.close()
            raise AnswerError(f"the answer has more than {MAX_ANSWER_BYTES >> 20} MB")
    response.release_conn()
    return b"".join(chunks)


def _error_message(content: bytes) -> str:
    """Return the message of an error, in the form of OpenAI's interface or of others."""
    try:
        body = json.loads(content)
    except ValueError:
        return content[: 4 * EXCERPT].decode("utf-8", errors="replace")
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("message", error) if isinstance(error, dict) else error)


class _Message(msgspec.Struct):
    content: str | list[dict[str, Any]] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


_DECODER = msgspec.json.Decoder(_Completion)
"""A decoder for all threads: msgspec crashes if several threads are the first to use a type."""


def _parse_answer(content: bytes, seconds: float, sent: int) -> Answer:
    """Return the answer in the content of a response; `sent` is the length of the request."""
    try:
        completion = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        beginning = " ".join(content[:60].decode("utf-8", errors="replace").split())
        raise AnswerError(
            f"the answer is not a chat completion in JSON ({error}); it begins with {beginning!r}"
        ) from error
    if not completion.choices:
        raise AnswerError("the answer contains no choices")
    choice = completion.choices[0]
    text = choice.message.content or ""
    if not isinstance(text, str):
        text = "".join(str(part.get("text", "")) for part in text)
    estimate = _Usage(sent // CHARACTERS_PER_TOKEN, len(text) // CHARACTERS_PER_TOKEN)
    usage = completion.usage or estimate
    finish = choice.finish_reason or "stop"
    return Answer(text, finish, usage.prompt_tokens, usage.completion_tokens, seconds)
