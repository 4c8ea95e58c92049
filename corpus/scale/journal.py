"""A journal: a file that a long run writes line by line, so that the next run can resume it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aloi.corpus.atomic_files import write_bytes

_CHUNK_BYTES = 1 << 20
"""Number of bytes read at a time."""


@dataclass(frozen=True)
class Journal:
    """A writer of `PATH.partial`, which is renamed to PATH when all lines are written.

    `origin` describes the inputs of the run by name (model, input …). It is saved in
    `PATH.partial.json`; lines with a different origin are not resumed.

    The journal does not lock PATH: hold `locks.locked(path)` while you use it.
    """

    path: Path
    origin: Mapping[str, str]

    @property
    def partial(self) -> Path:
        """The file that contains the lines until all are written."""
        return self.path.with_name(f"{self.path.name}.partial")

    @property
    def _origin_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.partial.json")

    def changes(self) -> list[str]:
        """Return the names in the origin with other values than in the saved one.

        The list is empty if there is no partial file.
        """
        if not self.partial.exists():
            return []
        try:
            recorded = json.loads(self._origin_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            recorded = {}
        return [name for name, value in self.origin.items() if recorded.get(name) != value]

    def resume(self) -> int:
        """Prepare the partial file for more lines; return the number of complete lines in it.

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
        """Append lines to the partial file; rename it to PATH if the block succeeds.

        Each line is flushed.
        """
        with self.partial.open("a", buffering=1, encoding="utf-8", newline="") as stream:
            yield stream
        os.replace(self.partial, self.path)
        self._origin_file.unlink(missing_ok=True)


def _truncate_to_complete_lines(path: Path) -> int:
    """Truncate a file after its last line break; return the number of lines left."""
    count = end = position = 0
    with path.open("r+b") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        stream.truncate(end)
    return count
