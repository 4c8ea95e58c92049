"""Data files of a site: JavaScript that calls the function `aloiData` of the page.

Pages opened from a disk (`file://`) may not read JSON files, but they may load scripts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aloi.corpus.site.page_data import script_json

MAX_FILE_BYTES = 64 * 1024
"""The size of a data file; only a file with a single row can be larger."""

Directory = list[tuple[str, int]]
"""The first key of each file of a table, and the number of rows in the files before it."""


def write_data(folder: Path, name: str, content: object) -> None:
    """Write a data file with any JSON value."""
    _write(folder, name, script_json(content))


def write_table(folder: Path, name: str, rows: Iterable[list[Any]]) -> Directory:
    """Write the rows of a table, in their order, to the files NAME-0.js, NAME-1.js and so on."""
    directory: Directory = []
    pending: list[str] = []
    size = written = 0
    for row in rows:
        text = str(script_json(row))
        length = len(text.encode())
        if pending and size + length > MAX_FILE_BYTES:
            _write(folder, f"{name}-{len(directory) - 1}", f"[{','.join(pending)}]")
            written += len(pending)
            pending, size = [], 0
        if not pending:
            directory.append((row[0], written))
        pending.append(text)
        size += length + 1
    if pending:
        _write(folder, f"{name}-{len(directory) - 1}", f"[{','.join(pending)}]")
    return directory


def _write(folder: Path, name: str, json_text: str) -> None:
    text = f'aloiData("{name}",{json_text});\n'
    (folder / f"{name}.js").write_bytes(text.encode())
