"""A small text collection in the layout of WiNER-fr."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_texts(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write texts by document id, with their web addresses; return the folder."""
    for id_, text in texts.items():
        year, month, _ = id_.split("_", 2)
        file = folder / year / month / f"{id_}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        with (folder / year / f"{year}-{month}-urls.txt").open("a", encoding="utf-8") as stream:
            stream.write(f"{id_}\thttps://example.org/wiki/{id_}\n")
    return folder
