"""Which format a file or folder is in, from its name and first bytes."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

SUFFIXES = {
    ".jsonl": "native",
    ".json": "native",
    ".inline": "inline",
    ".spacy": "spacy",
    ".conllu": "conllu",
} | dict.fromkeys((".conll", ".bio", ".iob"), "conll")
"""What a file name's ending tells."""

FOLDERS = frozenset(("inline", "conll", "conllu", "hipe"))
"""The formats, other than native, that a folder of such files is read in."""


def detect(path: Path) -> str:
    """The format a path's name or content tells; native where nothing speaks against it."""
    if not path.is_dir():
        return _of_file(path) or "native"
    told = {_of_file(file) for file in path.rglob("*")} - {None}
    only = told.pop() if len(told) == 1 else None
    return only if only in FOLDERS else "native"


def _of_file(file: Path) -> str | None:
    if file.suffix == ".tsv" and file.is_file():
        with file.open("rb") as stream:
            return "hipe" if stream.read(20).removeprefix(BOM_UTF8).startswith(b"TOKEN\t") else None
    return SUFFIXES.get(file.suffix)
