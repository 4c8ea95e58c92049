"""Text in UTF-8: decoding of files and encoding of documents, with problems instead of tracebacks.

Line ends are never changed.
"""

from __future__ import annotations

from pathlib import Path

from aloi.corpus.problems import DataError, Problem

_BOM = "\ufeff"


def read_text(path: Path, *, keep_bom: bool = False) -> str:
    """Return the text of a UTF-8 file, without a byte order mark unless `keep_bom` is set.

    Raises `DataError` with file and line if the content is not UTF-8, and `OSError` if the file
    cannot be opened.
    """
    return decode_utf8(path.read_bytes(), file=str(path), keep_bom=keep_bom)


def decode_utf8(raw: bytes, *, file: str, line: int = 1, keep_bom: bool = False) -> str:
    """Decode UTF-8, without a byte order mark at the beginning unless `keep_bom` is set.

    `line` is the number of the first line in `raw`. Raises `DataError` with file and line.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = line + raw.count(b"\n", 0, error.start)
        what, fix = f"not UTF-8: {error.reason}", "Save the file as UTF-8"
        raise DataError([Problem("not-utf8", what, fix, file=file, line=number)]) from error
    return text if keep_bom else text.removeprefix(_BOM)


def encode_utf8(text: str, document: str) -> bytes:
    """Encode the text of a document; raise `DataError` if it contains a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DataError([surrogate_problem(error, document)]) from error


def surrogate_problem(error: UnicodeEncodeError, document: str) -> Problem:
    """Return the problem of a document with a lone surrogate in its text, ids or labels."""
    what = f"lone surrogate {error.object[error.start]!r}, which UTF-8 cannot encode"
    return Problem("lone-surrogate", what, "Remove it from the text, ids and labels", document)
