"""Decoding and encoding of UTF-8; errors are raised as `DataError`.

Line ends are never changed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from aloi.corpus.problems import DataError, Problem

JSON_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)
"""The errors of msgspec and of `json` for content that is not the expected JSON in UTF-8."""

_BOM = "\ufeff"


def read_text(path: Path, *, keep_bom: bool = False) -> str:
    """Return the text of a UTF-8 file; remove a byte order mark unless `keep_bom` is True.

    Raises `DataError` with file and line if the file is not UTF-8, and `OSError` if it cannot be
    opened.
    """
    return decode_utf8(path.read_bytes(), file=str(path), keep_bom=keep_bom)


def decode_utf8(raw: bytes, *, file: str, line: int = 1, keep_bom: bool = False) -> str:
    """Return bytes decoded from UTF-8; remove a byte order mark unless `keep_bom` is True.

    `line` is the line number at which `raw` begins in `file`. Raises `DataError` with file and line
    if `raw` is not UTF-8.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = line + raw.count(b"\n", 0, error.start)
        what, fix = f"the file is not UTF-8: {error.reason}", "Save the file as UTF-8"
        raise DataError([Problem("not-utf8", what, fix, file=file, line=number)]) from error
    return text if keep_bom else text.removeprefix(_BOM)


def encode_utf8(text: str, document: str) -> bytes:
    """Return a document's text in UTF-8; raise `DataError` if it contains a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, document)]) from error


def surrogate_problem(error: UnicodeEncodeError, document: str) -> Problem:
    """Return the problem of a lone surrogate in the text, ids or labels of a document."""
    surrogate = error.object[error.start]
    what = f"the document contains the lone surrogate {surrogate!r}, which UTF-8 cannot encode"
    fix = "Remove the surrogate from the text, ids and labels"
    return Problem("lone-surrogate", what, fix, document)
