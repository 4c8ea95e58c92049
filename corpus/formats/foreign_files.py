"""Files that aloi does not read, recognised so that errors can name them and say what to do."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from aloi.corpus.problems import Problem

_BYTES = 4096

_MAGIC = {
    b"\x1f\x8b": ("a gzip file", "Unpack it first: gunzip FILE"),
    b"BZh": ("a bzip2 file", "Unpack it first: bunzip2 FILE"),
    b"\xfd7zXZ\x00": ("an xz file", "Unpack it first: unxz FILE"),
    b"%PDF": ("a PDF file", "Extract the text, then add it with: aloi corpus add"),
}
_ZIP_MAGIC = b"PK\x03\x04"
_BIOC = re.compile(r"<!DOCTYPE\s+collection\b|<collection>\s*<source>", re.IGNORECASE)
_BIOC_JSON = re.compile(r'"(?:passages|bioctype)"\s*:')
_BIOC_FIX = "Convert it to brat first, for example with the package bioc"


def foreign_file_problem(file: Path) -> Problem | None:
    """Return the problem of a file that no format of aloi reads, or None for all other files."""
    try:
        with file.open("rb") as stream:
            head = stream.read(_BYTES)
    except OSError:  # reported by the reader of the format
        return None
    kind = _foreign_kind(file, head)
    if kind is None:
        return None
    return Problem("unsupported-file", f"the file is {kind[0]}", kind[1], file=str(file))


def contains_xmi(file: Path) -> bool:
    """Return whether a file is a ZIP archive with an XMI file."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.lower().endswith(".xmi") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _foreign_kind(file: Path, head: bytes) -> tuple[str, str] | None:
    """Return what the file is, and what to do; None for a file that may have a known format."""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head.startswith(_ZIP_MAGIC) and not contains_xmi(file):
        return "a ZIP archive", "Unpack it first: unzip FILE"
    text = head.decode("utf-8-sig", errors="ignore")
    if _BIOC.search(text) or (text.lstrip()[:1] == "{" and _BIOC_JSON.search(text)):
        return "a BioC collection, which aloi does not read", _BIOC_FIX
    if file.suffix == ".csv" and not text.lstrip().startswith(("{", "[")):
        fix = "Write one JSON object per line with the keys id, text and entities (--from native)"
        return "a CSV table, which aloi does not read", fix
    return None
