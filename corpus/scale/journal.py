"""A journal: a file to which a long run appends lines, so that a later run can resume it."""

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
"""Number of bytes to read from the partial file at once."""


@dataclass(frozen=True)
class Journal:
    """A journal for the output PATH.

    Lines are written to the partial file `PATH.partial`, which is renamed to PATH at the end.
    `origin` describes the run: the name and value of each input (model, input …). The origin is
    saved in `PATH.partial.json`. A run with a different origin does not resume the partial file.

    The journal does not lock PATH: hold `locks.locked(path)` while you use the journal.
    """

    path: Path
    origin: Mapping[str, str]

    @property
    def partial(self) -> Path:
        """The path of the partial file, to which lines are written while the run is incomplete."""
        return self.path.with_name(f"{self.path.name}.partial")

    @property
    def _origin_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.partial.json")

    def changes(self) -> list[str]:
        """Return the names in `origin` whose values differ from the saved origin.

        Returns an empty list if no partial file exists.
        """
        if not self.partial.exists():
            return []
        try:
            recorded = json.loads(self._origin_file.read_text(encoding="utf-8"))
            return [name for name, value in self.origin.items() if recorded.get(name) != value]
        except (OSError, ValueError, RecursionError, AttributeError):
            return list(self.origin)

    def resume(self) -> int:
        """Prepare the partial file for new lines; return the number of lines that it contains.

        If the saved origin differs from `origin`, all lines are removed. Otherwise, only an
        incomplete last line is removed.
        """
        if self.partial.exists() and not self.changes():
            return _truncate_to_complete_lines(self.partial)
        self.partial.unlink(missing_ok=True)  # remove old lines before saving the new origin
        write_bytes(self._origin_file, json.dumps(dict(self.origin), indent=1).encode())
        self.partial.touch()
        return 0

    @contextmanager
    def stream(self) -> Iterator[IO[str]]:
        """Yield the partial file, open for appending; rename it to PATH if the block succeeds.

        Each line is flushed when it is written.
        """
        with self.partial.open("a", buffering=1, encoding="utf-8", newline="") as stream:
            yield stream
        os.replace(self.partial, self.path)
        self._origin_file.unlink(missing_ok=True)


def _truncate_to_complete_lines(path: Path) -> int:
    """Truncate a file after its last line break; return the number of remaining lines."""
    count = end = position = 0
    with path.open("r+b") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
        stream.truncate(end)
    return count
