"""A file that a long run writes line by line, so that the next run can resume it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aloi.corpus.files import write_bytes

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Journal:
    """A writer of `PATH.partial`, which is renamed to PATH when all lines are written.

    origin: what the lines are made from, by name (model, input …). It is kept in
    `PATH.partial.json`; lines with a different origin are not resumed.

    It does not lock PATH: hold `locks.locked(path)` while you use it.
    """

    path: Path
    origin: Mapping[str, str]

    @property
    def partial(self) -> Path:
        """The file that holds the lines until all are written."""
        return self.path.with_name(f"{self.path.name}.partial")

    @property
    def _origin_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.partial.json")

    def changes(self) -> list[str]:
        """Names of the parts of the origin that differ from the partial file's; [] without one."""
        if not self.partial.exists():
            return []
        try:
            recorded = json.loads(self._origin_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            recorded = {}
        return [name for name, value in self.origin.items() if recorded.get(name) != value]

    def resume(self) -> int:
        """Prepare the partial file for more lines; returns how many complete lines it holds.

        Lines with a different origin and an incomplete last line are removed.
        """
        if self.partial.exists() and not self.changes():
            return _truncate_to_complete_lines(self.partial)
        self.partial.unlink(missing_ok=True)  # first, so that old lines never get the new origin
        write_bytes(self._origin_file, json.dumps(dict(self.origin), indent=1).encode())
        self.partial.touch()
        return 0

    @contextmanager
    def stream(self) -> Iterator[IO[str]]:
        """Open the partial file to append lines, each flushed; rename it if the block succeeds."""
        with self.partial.open("a", buffering=1, encoding="utf-8", newline="") as stream:
            yield stream
        os.replace(self.partial, self.path)
        self._origin_file.unlink(missing_ok=True)


def _truncate_to_complete_lines(path: Path) -> int:
    """Truncate a file after its last line break; returns how many lines are left."""
    count = end = position = 0
    with path.open("r+b") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            count += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        stream.truncate(end)
    return count
