"""The store of answers: a JSON Lines file to which each answer is appended when it arrives.

A later request with the same key, which contains everything that decides the answer, is not sent:
its answer is taken from the store. The file also documents a run, for example for a paper.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import msgspec

from aloi.models.llm.endpoint import Answer


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer, the key of its request, the document, and whether the answer could be used.

    `run` is the fingerprint of the model and the settings.
    """

    key: str
    run: str
    document: str
    usable: bool
    answer: Answer


_DECODER = msgspec.json.Decoder(StoredAnswer)
"""A decoder for all threads: msgspec crashes if several threads are the first to use a type."""


def request_key(request: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of everything that decides an answer."""
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()


class Totals(msgspec.Struct):
    """The number of requests of a run, and their tokens and seconds."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class AnswerStore:
    """A file of answers. The memory contains one number per answer; threads may share the store.

    `path` None: answers are neither stored nor found.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._offsets: dict[str, int] = {}
        if path is None or not path.exists():
            return
        with path.open("rb") as stream:
            offset = 0
            for line in stream:
                stored = _decode(line)
                if stored is not None and stored.usable:
                    self._offsets[stored.key] = offset
                offset += len(line)
        if offset and not line.endswith(b"\n"):  # the last run was killed while it wrote
            os.truncate(path, offset - len(line))

    def find(self, key: str) -> Answer | None:
        """Return the usable answer with a key, or None."""
        offset = self._offsets.get(key)
        if offset is None or self.path is None:
            return None
        with self.path.open("rb") as stream:
            stream.seek(offset)
            stored = _decode(stream.readline())
        return None if stored is None else stored.answer

    def add(self, stored: StoredAnswer) -> None:
        """Append an answer to the file."""
        if self.path is None:
            return
        line = msgspec.json.encode(stored) + b"\n"
        with self._lock, self.path.open("ab") as stream:
            offset = stream.tell()
            stream.write(line)
            if stored.usable:
                self._offsets[stored.key] = offset

    def totals(self, run: str) -> Totals:
        """Return the requests of a run with this fingerprint, including those of earlier runs."""
        totals = Totals()
        if self.path is None or not self.path.exists():
            return totals
        with self.path.open("rb") as stream:
            for line in stream:
                stored = _decode(line)
                if stored is not None and stored.run == run:
                    totals.requests += 1
                    totals.prompt_tokens += stored.answer.prompt_tokens
                    totals.completion_tokens += stored.answer.completion_tokens
                    totals.seconds += stored.answer.seconds
        return totals


def _decode(line: bytes) -> StoredAnswer | None:
    """Return the answer in a line, or None if the line is incomplete."""
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
