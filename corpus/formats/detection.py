"""Which format a file or folder is in, from its name and first bytes."""

from __future__ import annotations

import codecs
from pathlib import Path

SUFFIXES = {
    ".jsonl": "native",
    ".json": "native",
    ".inline": "inline",
    ".ann": "brat",
    ".spacy": "spacy",
    ".xmi": "xmi",
}
"""What a file name's ending tells; folders are native unless said otherwise."""

_WEBANNO = b"#FORMAT=WebAnno TSV 3"


def detect(path: Path) -> str:
    """The format a path's name or content tells; native where nothing speaks against it."""
    if path.is_dir():
        if any(path.rglob("*.json*")):
            return "native"
        found = (SUFFIXES[end] for end in (".inline", ".ann", ".xmi") if any(path.rglob(f"*{end}")))
        return next(found, "webanno" if any(map(_is_webanno, path.rglob("*.tsv"))) else "native")
    if path.suffix == ".tsv" and _is_webanno(path):
        return "webanno"
    return SUFFIXES.get(path.suffix, "native")


def _is_webanno(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(64).removeprefix(codecs.BOM_UTF8).startswith(_WEBANNO)
