"""Answers of a Label Studio server: limits on their size and number, and no access tokens in them.

A server that is configured by mistake, or a page of a proxy, may answer anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import httpx

MAX_ANSWER_BYTES = 1 << 28
"""The maximum size of an answer, in bytes."""

MIN_TOKEN_START = 8
"""The number of characters from which the start of a token is not printed."""

_JSON_WEB_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?")
"""A personal access token, or the short-lived token that the server issues for it."""

Item = TypeVar("Item")


class UnexpectedAnswerError(ValueError):
    """The answer is not an answer of Label Studio."""


def limited_client(timeout: float) -> httpx.Client:
    """Return an HTTP client that refuses answers of more than `MAX_ANSWER_BYTES`.

    Compressed answers are not requested, because their size is unknown until they are read.
    """
    return httpx.Client(
        follow_redirects=True,
        timeout=timeout,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [_limit]},
    )


def _limit(response: httpx.Response) -> None:
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream = _LimitedStream(response.stream)


class _LimitedStream(httpx.SyncByteStream):
    """The body of an answer; reading more than `MAX_ANSWER_BYTES` raises an error."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UnexpectedAnswerError(f"the answer exceeds {MAX_ANSWER_BYTES} bytes")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def listed_once(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items of a listing; an item with the `id` of an earlier one is an error.

    Without this check, a server that answers every page with the same items would be read forever.
    """
    seen: set[object] = set()
    for item in items:
        id_ = getattr(item, "id", None)
        if not isinstance(id_, int) or id_ in seen:
            raise UnexpectedAnswerError("an item of a listing has no number, or occurs twice")
        seen.add(id_)
        yield item


def without_token(text: str, token: str) -> str:
    """Return a text in which access tokens are replaced by `[token]`.

    A server may cut its answer: the start of the token is replaced too.
    """
    plain, shortest = text, min(len(token), MIN_TOKEN_START)
    for length in range(len(token), max(shortest - 1, 0), -1):
        plain = plain.replace(token[:length], "[token]")
    return _JSON_WEB_TOKEN.sub("[token]", plain)
