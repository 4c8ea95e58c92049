"""Which format a file or folder is in, from its name and first bytes."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = {
    ".jsonl": "native",
    ".json": "native",
    ".inline": "inline",
    ".spacy": "spacy",
} | dict.fromkeys((".conll", ".bio", ".iob"), "conll")
"""What a file name's ending tells; folders are native unless said otherwise."""


def detect(path: Path) -> str:
    """The format a path's name or content tells; native where nothing speaks against it."""
    if path.is_dir():
        has_inline = any(path.rglob("*.inline"))
        return "inline" if has_inline and not any(path.rglob("*.json*")) else "native"
    return SUFFIXES.get(path.suffix, "native")
