"""A file that a long run writes line by line, and that the next run goes on with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aloi.corpus.files import write_bytes

CHUNK = 1 << 20


@dataclass(frozen=True)
class Journal:
    """Lines that stand in `PATH.partial` until all are written; then it becomes PATH.

    origin: what the lines are made from, each part by its name. It stands beside them in
    `PATH.partial.json`; lines of another origin are not gone on with.
    """

    path: Path
    origin: Mapping[str, str]

    @property
    def partial(self) -> Path:
        """Where the lines stand until all are written."""
        return self.path.with_name(f"{self.path.name}.partial")

    @property
    def _origin_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.partial.json")

    def changes(self) -> list[str]:
        """The parts of the origin that differ from those of the lines found; [] without lines."""
        if not self.partial.exists():
            return []
        try:
            found = json.loads(self._origin_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        return [name for name, value in self.origin.items() if found.get(name) != value]

    def resume(self) -> int:
        """Make ready to write on; returns how many lines stand there, all whole.

        Lines of another origin, and one that is torn, are removed.
        """
        if self.partial.exists() and not self.changes():
            return _keep_whole_lines(self.partial)
        self.partial.unlink(missing_ok=True)  # first: old lines must not get the new origin
        write_bytes(self._origin_file, json.dumps(dict(self.origin), indent=1).encode())
        self.partial.touch()
        return 0

    @contextmanager
    def stream(self) -> Iterator[IO[str]]:
        """Open for more lines, each kept as soon as it is written; whole if the block succeeds."""
        with self.partial.open("a", buffering=1, encoding="utf-8", newline="") as stream:
            yield stream
        os.replace(self.partial, self.path)
        self._origin_file.unlink(missing_ok=True)


def _keep_whole_lines(path: Path) -> int:
    """Cut a file after its last line end; returns how many lines are left."""
    count = end = position = 0
    with path.open("r+b") as stream:
        while chunk := stream.read(CHUNK):
            count += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        stream.truncate(end)
    return count
