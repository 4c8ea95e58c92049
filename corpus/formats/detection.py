"""Which format a file or folder is in, from its name and first bytes."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = {
    ".jsonl": "native",
    ".json": "native",
    ".inline": "inline",
    ".ann": "brat",
    ".spacy": "spacy",
}
"""What a file name's ending tells; folders are native unless said otherwise."""


def detect(path: Path) -> str:
    """The format a path's name or content tells; native where nothing speaks against it."""
    if path.is_dir():
        if any(path.rglob("*.json*")):
            return "native"
        found = (SUFFIXES[end] for end in (".inline", ".ann") if any(path.rglob(f"*{end}")))
        return next(found, "native")
    return SUFFIXES.get(path.suffix, "native")
